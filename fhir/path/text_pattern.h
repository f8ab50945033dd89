#pragma once
/// Regular expressions of definitions (the extension `regex`), for texts outside expressions.

#include <memory>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::path {

/// A compiled pattern. Immutable, cheap to copy, safe from any thread; time is linear in the text.
class TextPattern {
 public:
  /// Errors: invalid (no pattern of RE2, or too large a one).
  static Result<TextPattern> compile(std::string_view pattern);
  /// Whether the whole text is what the pattern says.
  bool matches_whole(std::string_view text) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace concord::path
