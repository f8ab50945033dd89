#include "fhir/tree/symbols.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace concord::tree {

Symbols::Symbols()
    : slots_(std::make_unique<std::atomic<std::uint16_t>[]>(kSlots)),
      texts_(std::make_unique<std::string_view[]>(number(Symbol::kFirstLocal))) {}

Symbols::~Symbols() = default;

Symbol Symbols::find(std::string_view name, std::uint32_t hashed) const noexcept {
  for (std::uint32_t slot = (hashed ^ (hashed >> 16)) & (kSlots - 1);;
       slot = (slot + 1) & (kSlots - 1)) {
    const std::uint16_t candidate = slots_[slot].load(std::memory_order_acquire);
    if (candidate == 0) return Symbol::kNone;
    if (texts_[candidate] == name) return Symbol{candidate};
  }
}

Symbol Symbols::intern(std::string_view name) {
  if (name.empty()) return Symbol::kNone;
  const std::uint32_t hashed = hash(name);
  if (const Symbol known = find(name, hashed); known != Symbol::kNone) return known;
  const std::scoped_lock lock(growing_);
  std::uint32_t slot = (hashed ^ (hashed >> 16)) & (kSlots - 1);
  for (std::uint16_t candidate; (candidate = slots_[slot].load(std::memory_order_acquire)) != 0;
       slot = (slot + 1) & (kSlots - 1)) {
    if (texts_[candidate] == name) return Symbol{candidate};
  }
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
  slots_[slot].store(static_cast<std::uint16_t>(next), std::memory_order_release);
  size_.store(next + 1, std::memory_order_release);
  return Symbol{static_cast<std::uint16_t>(next)};
}

}  // namespace concord::tree
