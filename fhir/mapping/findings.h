#pragma once
/// The codes of findings, and the list they are gathered in. Internal to the room but for the
/// codes, which `concord map lint` prints.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/mapping/map_set.h"

namespace concord::mapping {

/// Codes of findings. README.md explains where each comes from.
namespace code {
inline constexpr std::string_view kSyntax = "syntax";
inline constexpr std::string_view kTooLong = "too-long";
inline constexpr std::string_view kUnsupported = "unsupported";
inline constexpr std::string_view kDuplicate = "duplicate";
inline constexpr std::string_view kUnknownType = "unknown-type";
inline constexpr std::string_view kUnknownElement = "unknown-element";
inline constexpr std::string_view kUnknownVariable = "unknown-variable";
inline constexpr std::string_view kUnknownGroup = "unknown-group";
inline constexpr std::string_view kUnknownMap = "unknown-map";
inline constexpr std::string_view kUnknownConceptMap = "unknown-concept-map";
inline constexpr std::string_view kUnknownTransform = "unknown-transform";
inline constexpr std::string_view kWrongType = "wrong-type";
inline constexpr std::string_view kWrongCount = "wrong-count";
inline constexpr std::string_view kUntyped = "untyped";
inline constexpr std::string_view kCycle = "cycle";
inline constexpr std::string_view kPath = "fhirpath";
inline constexpr std::string_view kUnusedVariable = "unused-variable";
inline constexpr std::string_view kNotChecked = "not-checked";
inline constexpr std::string_view kNoEffect = "no-effect";
}  // namespace code

/// Gathers findings, without repeats (a group is compiled once per types of its arguments).
class Findings {
 public:
  void error(std::string_view file, Position at, std::string_view code, std::string text) {
    add(Severity::error, file, at, code, std::move(text));
  }
  void warning(std::string_view file, Position at, std::string_view code, std::string text) {
    add(Severity::warning, file, at, code, std::move(text));
  }
  bool failed() const noexcept { return errors_ != 0; }
  /// So many that more would help nobody.
  bool full() const noexcept { return errors_ >= kMost; }
  /// In order of file (as first seen), then position.
  std::vector<Finding> sorted(const std::vector<std::string>& files) const;

 private:
  static constexpr std::size_t kMost = 200;
  void add(Severity severity, std::string_view file, Position at, std::string_view code,
           std::string text);
  std::vector<Finding> found_;
  std::size_t errors_ = 0;
};

/// The Error that says the same as the findings of severity error.
Error to_error(const std::vector<Finding>& findings);

}  // namespace concord::mapping
