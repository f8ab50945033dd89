#include "gateway/agreements/detail/yaml.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace concord::agreements::detail {
namespace {

Position position_of(const YAML::Mark& mark, std::size_t columns = 0) {
  if (mark.is_null()) return {};
  return {static_cast<std::uint32_t>(mark.line + 1),
          static_cast<std::uint32_t>(mark.column + 1) + static_cast<std::uint32_t>(columns)};
}

}  // namespace

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Date> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = parse_whole(text.substr(0, 4));
  const auto month = parse_whole(text.substr(5, 2));
  const auto day = parse_whole(text.substr(8, 2));
  if (!year || !month || !day || *year < 1 || *month < 1 || *day < 1) return std::nullopt;
  const Date date{std::chrono::year{static_cast<int>(*year)},
                  std::chrono::month{static_cast<unsigned>(*month)},
                  std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return date;
}

YAML::Node YamlFile::parse(std::string_view text) {
  text_ = text;
  try {
    YAML::Node node = YAML::Load(text_);
    if (!node.IsMap()) fail(Position{1, 1}, "the file must hold one mapping");
    return node;
  } catch (const YAML::Exception& wrong) {
    fail(position_of(wrong.mark), "not YAML: " + wrong.msg);
  }
  return YAML::Node();
}

Position YamlFile::content_position(const YAML::Node& scalar) const {
  const YAML::Mark mark = scalar.Mark();
  const Position start = position_of(mark);
  if (mark.is_null() || mark.pos < 0 || static_cast<std::size_t>(mark.pos) >= text_.size()) {
    return start;
  }
  const char first = text_[static_cast<std::size_t>(mark.pos)];
  if (first == '"' || first == '\'') return {start.line, start.column + 1};
  if (first != '|' && first != '>') return start;
  const auto line = text_.find('\n', static_cast<std::size_t>(mark.pos));
  const auto content = text_.find_first_not_of(' ', line + 1);
  if (line == std::string::npos || content == std::string::npos) return start;
  return {start.line + 1, static_cast<std::uint32_t>(content - line)};
}

void YamlFile::fail(const YAML::Node& at, std::string text, std::size_t columns) {
  fail(position_of(at.Mark(), columns), std::move(text));
}

void YamlFile::fail(Position at, std::string text) {
  Issue issue;
  issue.text = fmt::format("{}:{}:{}: {}", name_, at.line, at.column, text);
  issue.position = at;
  issues_.push_back(std::move(issue));
}

Error YamlFile::error() && {
  Error error;
  error.code = ErrorCode::invalid;
  error.issues = std::move(issues_);
  return error;
}

bool YamlFile::check_mapping(const YAML::Node& node, std::string_view what,
                             std::initializer_list<std::string_view> keys) {
  if (!node.IsDefined() || !node.IsMap()) {
    fail(node.IsDefined() ? node : YAML::Node(), fmt::format("{} must be a mapping", what));
    return false;
  }
  bool good = true;
  std::set<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      fail(entry.first, fmt::format("a key of {} must be a word", what));
      good = false;
      continue;
    }
    const std::string& key = entry.first.Scalar();
    if (!seen.insert(key).second) {
      fail(entry.first, fmt::format("key '{}' is given twice in {}", key, what));
      good = false;
    } else if (keys.size() > 0 && std::find(keys.begin(), keys.end(), key) == keys.end()) {
      fail(entry.first,
           fmt::format("unknown key '{}' in {}; known are {}", key, what, fmt::join(keys, ", ")));
      good = false;
    }
  }
  return good;
}

std::optional<std::string> YamlFile::required(const YAML::Node& map, const char* key) {
  const YAML::Node value = map[key];
  if (!value.IsDefined()) {
    fail(map, fmt::format("'{}' is missing", key));
    return std::nullopt;
  }
  return optional(map, key);
}

std::optional<std::string> YamlFile::optional(const YAML::Node& map, const char* key) {
  const YAML::Node value = map[key];
  if (!value.IsDefined()) return std::nullopt;
  if (!value.IsScalar() || value.Scalar().empty()) {
    fail(value, fmt::format("'{}' must be a text", key));
    return std::nullopt;
  }
  return value.Scalar();
}

std::optional<std::int64_t> YamlFile::required_number(const YAML::Node& map, const char* key,
                                                      std::int64_t low, std::int64_t high) {
  const auto text = required(map, key);
  if (!text) return std::nullopt;
  const auto number = parse_whole(*text);
  if (!number || *number < low || *number > high) {
    fail(map[key], fmt::format("'{}' must be a whole number from {} to {}", key, low, high));
    return std::nullopt;
  }
  return number;
}

std::optional<Date> YamlFile::optional_date(const YAML::Node& map, const char* key) {
  const auto text = optional(map, key);
  if (!text) return std::nullopt;
  const auto date = parse_day(*text);
  if (!date) fail(map[key], fmt::format("'{}' must be a date like 2026-04-01", key));
  return date;
}

std::optional<std::size_t> YamlFile::one_of(const YAML::Node& map, const char* key,
                                            std::initializer_list<std::string_view> words,
                                            bool needed) {
  const auto text = needed ? required(map, key) : optional(map, key);
  if (!text) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found == words.end()) {
    fail(map[key], fmt::format("'{}' must be one of {}", key, fmt::join(words, ", ")));
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - words.begin());
}

}  // namespace concord::agreements::detail
