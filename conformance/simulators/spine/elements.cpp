#include "conformance/simulators/spine/elements.h"

#include <algorithm>
#include <charconv>

namespace concord::spine {

const tree::Node* find(const tree::Document& document, const tree::Node& from,
                       std::string_view path) {
  const tree::Node* at = &from;
  while (at != nullptr && !path.empty()) {
    const auto slash = path.find('/');
    std::string_view step = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    const bool attribute = step[0] == '@';
    if (attribute) step.remove_prefix(1);
    const tree::Node* child = at->first_child();
    while (child != nullptr &&
           (child->is(tree::Flag::attribute) != attribute || document.name(*child) != step)) {
      child = child->next_sibling();
    }
    at = child;
  }
  return at;
}

std::string text_at(const tree::Document& document, const tree::Node& from, std::string_view path) {
  const tree::Node* found = find(document, from, path);
  return found == nullptr ? std::string() : std::string(found->text());
}

std::vector<const tree::Node*> all(const tree::Document& document, const tree::Node& from,
                                   std::string_view name) {
  std::vector<const tree::Node*> found;
  for (const tree::Node& child : from.children()) {
    if (!child.is(tree::Flag::attribute) && document.name(child) == name) found.push_back(&child);
  }
  return found;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : static_cast<char>(c);
  });
  return out;
}

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, number);
  if (text.empty() || text.size() > 9 || failed != std::errc{} || at != end || number < 0) {
    return std::nullopt;
  }
  return number;
}

std::optional<Instant> v3_instant(std::string_view text) {
  if (text.size() != 14 && text.size() != 8) return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(text.begin(), text.end(), digit)) return std::nullopt;
  std::string full(text);
  full.resize(14, '0');
  const auto at =
      parse_instant(full.substr(0, 4) + "-" + full.substr(4, 2) + "-" + full.substr(6, 2) + "T" +
                    full.substr(8, 2) + ":" + full.substr(10, 2) + ":" + full.substr(12, 2) + "Z");
  return at ? std::optional<Instant>(*at) : std::nullopt;
}

std::string v3_time(Instant at) {
  std::string digits;
  for (const char c : format_instant(at)) {
    if (c == '.') break;
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

}  // namespace concord::spine
