#pragma once
/// Reading YAML with a place for every fault: all faults of a file are collected, none throws.

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"

namespace concord::agreements::detail {

/// One file being read. Not thread-safe; lives for one load.
class YamlFile {
 public:
  explicit YamlFile(std::string name) : name_(std::move(name)) {}

  /// Parses; an empty node, with an issue, when the text is no YAML.
  YAML::Node parse(std::string_view text);

  /// Records a fault at a node, or `columns` further right on its line.
  void fail(const YAML::Node& at, std::string text, std::size_t columns = 0);
  void fail(Position at, std::string text);

  /// True for a mapping with none but these keys, each once. Faults are recorded.
  bool check_mapping(const YAML::Node& node, std::string_view what,
                     std::initializer_list<std::string_view> keys);

  /// The scalar under `key`; nothing (with a fault) when it is missing or not a scalar.
  std::optional<std::string> required(const YAML::Node& map, const char* key);
  /// The scalar under `key`; nothing when it is missing, a fault when it is not a scalar.
  std::optional<std::string> optional(const YAML::Node& map, const char* key);
  /// A whole number in [low, high] under `key`.
  std::optional<std::int64_t> required_number(const YAML::Node& map, const char* key,
                                              std::int64_t low, std::int64_t high);
  /// A date under `key`, "2026-04-01".
  std::optional<Date> optional_date(const YAML::Node& map, const char* key);
  /// One of a closed list of words; its index.
  std::optional<std::size_t> one_of(const YAML::Node& map, const char* key,
                                    std::initializer_list<std::string_view> words, bool needed);

  /// Where the text of a scalar begins: behind its quote, or on the line after | or >.
  Position content_position(const YAML::Node& scalar) const;

  const std::string& name() const { return name_; }
  bool good() const { return issues_.empty(); }
  std::vector<Issue>& issues() { return issues_; }
  Error error() &&;

 private:
  std::string name_;
  std::string text_;
  std::vector<Issue> issues_;
};

/// "2026-04-01" as a real calendar day.
std::optional<Date> parse_day(std::string_view text);

/// The whole text as a number; nothing when it is not one.
std::optional<std::int64_t> parse_whole(std::string_view text);

}  // namespace concord::agreements::detail
