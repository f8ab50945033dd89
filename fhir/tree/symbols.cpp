#include "fhir/tree/symbols.h"

#include <cstdio>
#include <cstdlib>

namespace concord::tree {

Symbols::Symbols()
    : slots_(std::make_unique<std::atomic<std::uint32_t>[]>(kSlots)),
      texts_(std::make_unique<std::string_view[]>(number(Symbol::kFirstLocal))) {}

Symbols::~Symbols() = default;

Symbol Symbols::intern(std::string_view name) {
  if (name.empty()) return Symbol::kNone;
  const std::uint32_t hashed = hash_name(name);
  if (const Symbol known = find(name, hashed); known != Symbol::kNone) return known;
  const std::scoped_lock lock(growing_);
  if (const Symbol known = find(name, hashed); known != Symbol::kNone) return known;
  const std::size_t next = size_.load(std::memory_order_relaxed);
  if (next >= number(Symbol::kFirstLocal)) {
    std::fputs("concord: more than 32,767 distinct names in definitions, models and maps\n",
               stderr);
    std::abort();
  }
  auto text = std::make_unique<char[]>(name.size());
  std::memcpy(text.get(), name.data(), name.size());
  texts_[next] = {text.get(), name.size()};
  owned_.push_back(std::move(text));
  std::uint32_t slot = hashed & (kSlots - 1);
  while (slots_[slot].load(std::memory_order_relaxed) != 0) slot = (slot + 1) & (kSlots - 1);
  // Whoever sees the slot sees the text.
  slots_[slot].store((hashed & 0xFFFF0000u) | static_cast<std::uint32_t>(next),
                     std::memory_order_release);
  size_.store(next + 1, std::memory_order_release);
  return static_cast<Symbol>(next);
}

}  // namespace concord::tree
