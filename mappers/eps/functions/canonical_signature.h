#pragma once
/// The signature of a prescription as it is handed on. Pure functions, safe from any thread.

#include <string>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::eps {

/// An element in exclusive canonical form (no comments, no white space between elements), base64.
/// Errors: invalid (a name or character XML cannot carry), too_long. Source: eps.md section 10.2,
/// "Provenance".
Result<std::string> canonical_signature(const tree::Document& document,
                                        const tree::Node& signature);

}  // namespace concord::eps
