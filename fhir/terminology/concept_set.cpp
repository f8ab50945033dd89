#include "fhir/terminology/concept_set.h"

#include <algorithm>
#include <bit>

namespace concord::terminology {

ConceptSet ConceptSet::range(Concept first, Concept last) {
  ConceptSet set;
  if (first < last) set.range_ = {first, last};
  return set;
}

ConceptSet ConceptSet::ranges(const std::vector<ConceptRange>& ranges, std::size_t size) {
  if (ranges.empty()) return {};
  if (ranges.size() == 1) return range(ranges[0].first, ranges[0].last);
  std::vector<std::uint64_t> words((size + 63) / 64, 0);
  for (const ConceptRange& at : ranges) {
    const Concept end = std::min<std::size_t>(at.last, size);
    for (Concept i = at.first; i < end; ++i) words[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  return bits(std::move(words));
}

ConceptSet ConceptSet::bits(std::vector<std::uint64_t> words) {
  ConceptSet set;
  while (!words.empty() && words.back() == 0) words.pop_back();
  if (words.empty()) return set;
  set.words_ = std::make_shared<const std::vector<std::uint64_t>>(std::move(words));
  return set;
}

bool ConceptSet::empty() const noexcept {
  return words_ == nullptr && range_.first == range_.last;  // a map is never all zeros
}

std::size_t ConceptSet::count() const noexcept {
  if (words_ == nullptr) return range_.last - range_.first;
  std::size_t total = 0;
  for (const std::uint64_t word : *words_) total += static_cast<std::size_t>(std::popcount(word));
  return total;
}

Concept ConceptSet::next(Concept at) const noexcept {
  if (words_ == nullptr) {
    at = std::max(at, range_.first);
    return at < range_.last ? at : kNoConcept;
  }
  for (std::size_t index = at / 64; index < words_->size(); ++index) {
    std::uint64_t word = (*words_)[index];
    if (index == at / 64) word &= ~std::uint64_t{0} << (at % 64);
    if (word != 0)
      return static_cast<Concept>(index * 64) + static_cast<Concept>(std::countr_zero(word));
  }
  return kNoConcept;
}

Concept ConceptSet::end() const noexcept {
  return words_ == nullptr ? range_.last : static_cast<Concept>(words_->size() * 64);
}

std::vector<std::uint64_t> ConceptSet::words_up_to(Concept last) const {
  std::vector<std::uint64_t> words((std::size_t{last} + 63) / 64, 0);
  if (words_ != nullptr) {
    std::copy_n(words_->begin(), std::min(words.size(), words_->size()), words.begin());
    return words;
  }
  for (Concept at = range_.first; at < std::min(range_.last, last);) {
    if (at % 64 == 0 && at + 64 <= range_.last) {
      words[at / 64] = ~std::uint64_t{0};
      at += 64;
    } else {
      words[at / 64] |= std::uint64_t{1} << (at % 64);
      ++at;
    }
  }
  return words;
}

ConceptSet ConceptSet::operator|(const ConceptSet& other) const {
  if (empty() || (words_ != nullptr && words_ == other.words_)) return other;
  if (other.empty()) return *this;
  const auto covers = [](const ConceptSet& a, const ConceptSet& b) {
    return a.words_ == nullptr && a.range_.first == 0 && a.range_.last >= b.end();
  };
  if (covers(*this, other)) return *this;
  if (covers(other, *this)) return other;
  const Concept last = std::max(end(), other.end());
  auto words = words_up_to(last);
  const auto more = other.words_up_to(last);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] |= more[i];
  return bits(std::move(words));
}

ConceptSet ConceptSet::operator&(const ConceptSet& other) const {
  if (empty() || other.empty()) return {};
  if (words_ == nullptr && other.words_ == nullptr) {
    return range(std::max(range_.first, other.range_.first),
                 std::min(range_.last, other.range_.last));
  }
  const Concept last = std::min(end(), other.end());
  auto words = words_up_to(last);
  const auto more = other.words_up_to(last);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] &= more[i];
  return bits(std::move(words));
}

ConceptSet ConceptSet::operator-(const ConceptSet& other) const {
  if (empty() || other.empty()) return *this;
  auto words = words_up_to(end());
  const auto less = other.words_up_to(end());
  for (std::size_t i = 0; i < words.size(); ++i) words[i] &= ~less[i];
  return bits(std::move(words));
}

}  // namespace concord::terminology
