#include "fhir/search/detail/systems.h"

#include <array>
#include <string>

#include "fhir/search/index.h"
#include "fhir/tree/symbols.h"

namespace concord::search::detail {

std::int32_t known_short_hash(std::string_view text) {
  // A cache of pure results: one slot for each hash of a name, the latest wins.
  struct Slot {
    std::string text;
    std::int32_t hash = 0;
  };
  constexpr std::size_t kSlots = 256;
  constexpr std::size_t kLongest = 128;
  if (text.size() > kLongest) return short_hash(text);
  thread_local std::array<Slot, kSlots> slots;
  Slot& slot = slots[tree::hash_name(text) % kSlots];
  if (slot.hash == 0 || slot.text != text) {
    slot.text = text;
    slot.hash = short_hash(text);
  }
  return slot.hash;
}

std::int64_t of_type_hash(std::string_view type_code, std::string_view value) {
  std::string text(type_code);
  text.append("|").append(value);
  return index_hash(text);
}

}  // namespace concord::search::detail
