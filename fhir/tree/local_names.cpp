#include "fhir/tree/local_names.h"

#include "fhir/tree/symbols.h"

namespace concord::tree {

std::size_t LocalNames::find(std::string_view name, std::uint64_t seed) const noexcept {
  if (names_.empty()) return kAbsent;
  const std::uint32_t hash = hash_name(name, seed);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const Entry& entry = names_[slots_[slot] - 1u];
    if (entry.hash == hash && entry.text == name) return slots_[slot] - 1u;
  }
  return kAbsent;
}

void LocalNames::add(std::string_view name, std::uint64_t seed) {
  if ((names_.size() + 1) * 2 > slots_.size()) {
    slots_.assign(slots_.empty() ? 32 : slots_.size() * 2, 0);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      place(names_[i].hash, static_cast<std::uint16_t>(i + 1));
    }
  }
  names_.push_back({name, hash_name(name, seed)});
  place(names_.back().hash, static_cast<std::uint16_t>(names_.size()));
}

void LocalNames::place(std::uint32_t hash, std::uint16_t index) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = index;
}

}  // namespace concord::tree
