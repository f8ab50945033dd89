#pragma once
/// Names one document brought along and nobody knew at load.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace concord::tree {

/// A hash table from names to the order they came in. Hashes are seeded by the document, so that a
/// sender cannot choose names that collide. The texts must outlive the table. One writer at a time.
class LocalNames {
 public:
  static constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

  bool empty() const noexcept { return names_.empty(); }
  std::size_t size() const noexcept { return names_.size(); }
  std::string_view operator[](std::size_t index) const noexcept { return names_[index].text; }

  std::size_t find(std::string_view name, std::uint64_t seed) const noexcept;
  /// Adds a name that is not there yet; its index is the size before.
  void add(std::string_view name, std::uint64_t seed);

 private:
  struct Entry {
    std::string_view text;
    std::uint32_t hash;
  };
  void place(std::uint32_t hash, std::uint16_t index) noexcept;

  std::vector<Entry> names_;
  std::vector<std::uint16_t> slots_;  // index + 1; 0 is free; a power of two, at most half full
};

}  // namespace concord::tree
