#pragma once
/// Which names an object already had, for readers and writers that refuse a name twice.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace concord::tree {

/// The names of all objects that are open at one time, as numbers below 2^17. Objects open and
/// close like brackets. Constant time per name however many there are: one word tells most new
/// names apart, a short scan the rest, and from the 33rd name on a bit map. One thread at a time.
class NameSet {
 public:
  /// What one open object needs; kept by its owner.
  struct Mark {
    std::uint64_t seen = 0;   ///< a few bits of every name
    std::uint32_t first = 0;  ///< where its names begin
    std::int32_t bits = -1;   ///< its bit map, once it has one
  };

  Mark open() const noexcept { return {0, static_cast<std::uint32_t>(names_.size()), -1}; }

  /// False when the innermost open object had the name already.
  bool add(Mark& object, std::uint32_t name) {
    const std::uint64_t bit = std::uint64_t{1} << ((name ^ (name >> 6)) & 63);
    if (object.bits < 0) [[likely]] {
      if ((object.seen & bit) != 0 &&
          std::find(names_.begin() + object.first, names_.end(), name) != names_.end()) {
        return false;
      }
      object.seen |= bit;
      names_.push_back(name);
      if (names_.size() - object.first > kScanned) [[unlikely]]
        widen(object);
      return true;
    }
    auto& word = bit_maps_[static_cast<std::size_t>(object.bits)][name >> 6];
    const std::uint64_t in_word = std::uint64_t{1} << (name & 63);
    if ((word & in_word) != 0) return false;
    word |= in_word;
    names_.push_back(name);
    return true;
  }

  /// Closes the innermost open object.
  void close(Mark& object) noexcept {
    if (object.bits >= 0) [[unlikely]] {
      auto& map = bit_maps_[static_cast<std::size_t>(object.bits)];
      for (std::size_t i = object.first; i < names_.size(); ++i) map[names_[i] >> 6] = 0;
      --maps_in_use_;
    }
    names_.resize(object.first);
  }

 private:
  static constexpr std::size_t kScanned = 32;
  static constexpr std::size_t kWords = (1u << 17) / 64;

  void widen(Mark& object) {
    if (maps_in_use_ == bit_maps_.size()) {
      bit_maps_.push_back(std::make_unique<std::uint64_t[]>(kWords));
    }
    object.bits = static_cast<std::int32_t>(maps_in_use_++);
    auto& map = bit_maps_[static_cast<std::size_t>(object.bits)];
    for (std::size_t i = object.first; i < names_.size(); ++i) {
      map[names_[i] >> 6] |= std::uint64_t{1} << (names_[i] & 63);
    }
  }

  std::vector<std::uint32_t> names_;
  std::vector<std::unique_ptr<std::uint64_t[]>> bit_maps_;  // all zero beyond those in use
  std::size_t maps_in_use_ = 0;
};

}  // namespace concord::tree
