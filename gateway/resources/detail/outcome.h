#pragma once
/// The OperationOutcome inside Bundles. Pure functions, safe from any thread.
/// Source: hl7.org/fhir/R4/operationoutcome.html.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/tree/symbols.h"

namespace concord::resources::detail {

/// As JSON. `default_code` is the issue type of issues without one of their own; no issues: one
/// that says all is well. Never fails: what cannot be written becomes a fixed text.
std::string write_outcome(const tree::Symbols& symbols, const std::vector<Issue>& issues,
                          std::string_view default_code);
std::string write_outcome(const tree::Symbols& symbols, const Error& error);

/// "404 Not Found".
std::string status_line(int status);

}  // namespace concord::resources::detail
