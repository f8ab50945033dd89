#pragma once
/// A set of the concepts of one code system, by number. An immutable value, cheap to copy, safe
/// from any thread.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace concord::terminology {

/// A concept of one code system: its number there, from 0. Means nothing beside another system.
using Concept = std::uint32_t;
inline constexpr Concept kNoConcept = 0xFFFFFFFF;

/// Concepts first, first + 1, … last - 1.
struct ConceptRange {
  Concept first = 0;
  Concept last = 0;
  friend bool operator==(const ConceptRange&, const ConceptRange&) = default;
};

/// One range or a bit map; copies share the map. A whole code system is one range, whatever its
/// size.
class ConceptSet {
 public:
  ConceptSet() = default;  ///< empty
  static ConceptSet range(Concept first, Concept last);
  /// Of ranges in any order, as an index of a hierarchy gives descendants. `size`: of the system.
  static ConceptSet ranges(const std::vector<ConceptRange>& ranges, std::size_t size);
  /// Bit c % 64 of word c / 64 is concept c.
  static ConceptSet bits(std::vector<std::uint64_t> words);

  bool contains(Concept at) const noexcept {
    if (words_ == nullptr) return at >= range_.first && at < range_.last;
    return at / 64 < words_->size() && ((*words_)[at / 64] >> (at % 64) & 1) != 0;
  }
  bool empty() const noexcept;
  std::size_t count() const noexcept;
  /// The first member from `at` on; kNoConcept when there is none.
  Concept next(Concept at) const noexcept;

  ConceptSet operator|(const ConceptSet& other) const;
  ConceptSet operator&(const ConceptSet& other) const;
  ConceptSet operator-(const ConceptSet& other) const;

 private:
  std::vector<std::uint64_t> words_up_to(Concept last) const;
  Concept end() const noexcept;

  ConceptRange range_;  // when there is no map
  std::shared_ptr<const std::vector<std::uint64_t>> words_;
};

}  // namespace concord::terminology
