#include "fhir/patch/detail/pointer.h"

#include <algorithm>

namespace concord::patch::detail {

std::optional<Pointer> parse_pointer(std::string_view text) {
  Pointer names;
  if (text.empty()) return names;
  if (text.front() != '/') return std::nullopt;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '/') {
      names.emplace_back();
    } else if (c != '~') {
      names.back() += c;
    } else if (++at < text.size() && (text[at] == '0' || text[at] == '1')) {
      names.back() += text[at] == '0' ? '~' : '/';
    } else {
      return std::nullopt;
    }
  }
  return names;
}

std::optional<std::size_t> array_index(std::string_view name) {
  constexpr std::size_t kMostDigits = 9;
  const bool digits =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (name.empty() || name.size() > kMostDigits || !digits) return std::nullopt;
  if (name.size() > 1 && name.front() == '0') return std::nullopt;
  std::size_t index = 0;
  for (const char c : name) index = index * 10 + static_cast<std::size_t>(c - '0');
  return index;
}

}  // namespace concord::patch::detail
