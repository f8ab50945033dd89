#pragma once
/// Memory for one document: taken in blocks, given back at once.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace concord::tree {

/// Bump allocator. Nothing allocated here is destroyed, so it holds trivially destructible values
/// only. One thread at a time. Throws std::bad_alloc when the system has no memory.
class Arena {
 public:
  explicit Arena(std::size_t first_block = 64 * 1024) : next_block_(first_block) {}
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
    const auto at = (position_ + alignment - 1) & ~(alignment - 1);
    if (at > end_ || bytes > end_ - at || position_ == 0) [[unlikely]] {
      return allocate_in_new_block(bytes, alignment);
    }
    position_ = at + bytes;
    return reinterpret_cast<void*>(at);
  }

  template <typename T, typename... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }

  /// A writable array of `count` trivial values, not initialised.
  template <typename T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count > PTRDIFF_MAX / sizeof(T)) throw std::bad_array_new_length();
    return {static_cast<T*>(allocate(sizeof(T) * count, alignof(T))), count};
  }

  /// A copy of `text` that lives as long as the arena.
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {"", 0};
    char* at = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
  }

  /// Two texts as one.
  std::string_view join(std::string_view left, std::string_view right) {
    if (left.empty()) return copy(right);
    char* at = static_cast<char*>(allocate(left.size() + right.size(), 1));
    std::memcpy(at, left.data(), left.size());
    if (!right.empty()) std::memcpy(at + left.size(), right.data(), right.size());
    return {at, left.size() + right.size()};
  }

  /// Forgets everything, keeps the first block for what comes next.
  void reset() noexcept {
    if (blocks_.empty()) return;
    blocks_.erase(blocks_.begin() + 1, blocks_.end());
    position_ = reinterpret_cast<std::uintptr_t>(blocks_.front().memory.get());
    end_ = position_ + blocks_.front().size;
    taken_ = blocks_.front().size;
  }

  /// Bytes taken from the system.
  std::size_t taken() const noexcept { return taken_; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size;
  };
  void* allocate_in_new_block(std::size_t bytes, std::size_t alignment);

  std::uintptr_t position_ = 0;
  std::uintptr_t end_ = 0;
  std::size_t next_block_;
  std::size_t taken_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace concord::tree
