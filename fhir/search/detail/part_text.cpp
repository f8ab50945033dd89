#include "fhir/search/detail/part_text.h"

#include <algorithm>

namespace concord::search::detail {

namespace {

constexpr std::string_view kResolve = ".where(resolve() is ";

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_capital(char c) noexcept { return c >= 'A' && c <= 'Z'; }

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Reads the paths most parameters are; gives up at anything else, which is left to FHIRPath.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : rest_(text) {}

  bool read(PartText& into) {
    if (!path(into, 0)) return false;
    skip();
    return rest_.empty();
  }

 private:
  static constexpr int kMaxDepth = 8;

  void skip() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    skip();
    if (!rest_.starts_with(word)) return false;
    const std::string_view behind = rest_.substr(word.size());
    if (!behind.empty() && (is_letter(behind.front()) || is_digit(behind.front()))) return false;
    rest_ = behind;
    return true;
  }
  std::string_view name() {
    skip();
    std::size_t end = 0;
    while (end < rest_.size() && (is_letter(rest_[end]) || (end > 0 && is_digit(rest_[end]))))
      ++end;
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return found;
  }
  /// "Quantity" or "FHIR.Quantity".
  std::string_view type_name() {
    std::string_view found = name();
    if (found == "FHIR" && take('.')) found = name();
    return found;
  }
  std::string_view literal() {
    if (!take('\'')) return {};
    const std::size_t end = rest_.find('\'');
    if (end == std::string_view::npos) return {};
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return found.find('\\') == std::string_view::npos ? found : std::string_view{};
  }

  bool set_type(PartText& into, std::string_view type) {
    if (type.empty() || into.steps.empty() || !into.steps.back().as.empty()) return false;
    into.steps.back().as = type;
    return true;
  }

  bool path(PartText& into, int depth) {
    if (depth > kMaxDepth) return false;
    if (take('(')) {
      if (!path(into, depth + 1) || !take(')')) return false;
    } else {
      const std::string_view first = name();
      if (first.empty()) return false;
      if (is_capital(first.front())) {
        into.root = first;
      } else {
        into.steps.push_back({std::string(first), {}, {}});
      }
    }
    while (take('.')) {
      if (!into.links_to.empty()) return false;
      const std::string_view next = name();
      if (next.empty()) return false;
      if (!take('(')) {
        into.steps.push_back({std::string(next), {}, {}});
      } else if (!call(into, next) || !take(')')) {
        return false;
      }
    }
    if (!take_word("as")) return true;
    return set_type(into, type_name());
  }

  bool call(PartText& into, std::string_view function) {
    if (function == "as" || function == "ofType") return set_type(into, type_name());
    if (function == "extension") {
      const std::string_view url = literal();
      into.steps.push_back({"extension", {}, {{"url", std::string(url)}}});
      return !url.empty();
    }
    if (function != "where" || into.steps.empty()) return false;
    const std::string_view child = name();
    if (child == "resolve") {
      if (!take('(') || !take(')') || !take_word("is")) return false;
      into.links_to.emplace_back(type_name());
      return !into.links_to.back().empty();
    }
    if (child.empty() || !take('=')) return false;
    const std::string_view value = literal();
    if (value.empty()) return false;
    into.steps.back().filters.push_back({std::string(child), std::string(value)});
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::vector<std::string_view> split_union(std::string_view expression) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  char quote = 0;
  for (std::size_t at = 0; at < expression.size(); ++at) {
    const char c = expression[at];
    if (quote != 0) {
      if (c == '\\') {
        ++at;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    } else if (c == '|' && depth == 0) {
      parts.push_back(trimmed(expression.substr(begin, at - begin)));
      begin = at + 1;
    }
  }
  parts.push_back(trimmed(expression.substr(begin)));
  return parts;
}

PartText read_part(std::string_view part) {
  PartText read;
  if (PathReader(part).read(read)) {
    read.plain = true;
    read.text = part;
    return read;
  }
  PartText other;
  const std::size_t tail = part.rfind(kResolve);
  if (tail != std::string_view::npos) {
    const std::string_view type = part.substr(tail + kResolve.size());
    const std::size_t end = type.find(')');
    if (end == type.size() - 1 && std::all_of(type.begin(), type.end() - 1, &is_letter)) {
      other.links_to.emplace_back(type.substr(0, end));
      part = part.substr(0, tail);
    }
  }
  const std::size_t first = part.find_first_not_of("( ");
  if (first != std::string_view::npos && is_capital(part[first])) {
    std::size_t end = first;
    while (end < part.size() && (is_letter(part[end]) || is_digit(part[end]))) ++end;
    other.root = part.substr(first, end - first);
  }
  other.text = part;
  return other;
}

}  // namespace concord::search::detail
