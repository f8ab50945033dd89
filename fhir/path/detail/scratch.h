#pragma once
/// Memory for intermediate results: taken in blocks, handed back to a mark, kept for the next
/// evaluation.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace concord::path::detail {

class Scratch {
 public:
  struct Mark {
    std::size_t block = 0;
    std::size_t used = 0;
  };

  explicit Scratch(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Null when `max_bytes` would be exceeded.
  void* allocate(std::size_t bytes, std::size_t alignment) {
    if (block_ < blocks_.size()) {
      const std::size_t at = (used_ + alignment - 1) & ~(alignment - 1);
      if (at + bytes <= blocks_[block_].size) {
        used_ = at + bytes;
        return blocks_[block_].memory.get() + at;
      }
    }
    return grow(bytes);
  }

  Mark mark() const noexcept { return {block_, used_}; }
  void rewind(Mark mark) noexcept {
    block_ = mark.block;
    used_ = mark.used;
  }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;  // aligned for everything: operator new[]
    std::size_t size;
  };

  void* grow(std::size_t bytes) {
    // The next block that is there already, if it is large enough.
    const std::size_t next = blocks_.empty() ? 0 : block_ + 1;
    if (next < blocks_.size() && blocks_[next].size >= bytes) {
      block_ = next;
      used_ = bytes;
      return blocks_[next].memory.get();
    }
    const std::size_t size =
        std::max(bytes, std::min<std::size_t>(std::size_t{4096} << std::min<std::size_t>(next, 8),
                                              std::size_t{1} << 20));
    if (bytes > max_bytes_ || taken_ + size > max_bytes_) return nullptr;
    taken_ += size;
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(next),
                   Block{std::unique_ptr<std::byte[]>(new std::byte[size]), size});
    block_ = next;
    used_ = bytes;
    return blocks_[next].memory.get();
  }

  std::size_t max_bytes_;
  std::size_t taken_ = 0;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace concord::path::detail
