#pragma once
/// Looks at the text of an expression that a message brings, before anything is made of it. Pure
/// functions, safe from any thread.

#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/symbols.h"

namespace concord::path {

/// Whether compiling `text` would leave the shared symbols as they are but for a few names of
/// FHIRPath itself: each name in it is an element or type known at load, a function or a word of
/// the language. Expression::compile() makes what it meets shared for good, so an expression of a
/// message is compiled only after this.
///
/// Errors: malformed (no FHIRPath token; with the place), invalid (a name nobody knows; a function
/// that asks for the time of day, which gives no reproducible answer), too_long (over 4 KiB).
Result<void> check_foreign(std::string_view text, const tree::Symbols& symbols);

/// A path and its last step: "Patient.name" and "given" of `Patient.name.given`.
struct LastStep {
  std::string parent;
  std::string name;
};

/// Splits off the last step. Errors: malformed (no path of elements, calls and indices alone, or
/// one that does not end with the name of an element).
Result<LastStep> split_last_step(std::string_view text);

}  // namespace concord::path
