#pragma once
/// FHIRPath as maps write it → FHIRPath as fhir/path reads it. Internal to the room.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/error.h"

namespace concord::mapping {

/// An expression whose bare variables became %variables and whose "texts" became 'texts'.
struct PathText {
  std::string text;
  std::vector<std::string> names;  ///< of every %name in it, each once

  /// The place in the map of a place in `text`: `at` is where the written expression begins.
  Position original(Position place, Position at) const;

  std::string written;
  /// Offsets in `text` and in `written` from which on both run together.
  std::vector<std::pair<std::size_t, std::size_t>> steps;
};

/// `is_variable` says whether a bare name is one. A bare name is what begins a path: not after a
/// point, not called, not a type after `is`, `as`, `ofType(`.
PathText rewrite(std::string_view written,
                 const std::function<bool(std::string_view)>& is_variable);

/// A text as a FHIRPath string.
std::string path_string(std::string_view text);

}  // namespace concord::mapping
