#pragma once
/// What `concord fhirpath EXPR FILE` does, without files and terminals.

#include <string>
#include <string_view>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::definitions {
class Definitions;
}

namespace concord::path {

/// Whether an expression is right for a type of focus ("Patient", "Bundle.entry"), and what it
/// gives: "HumanName, any number", "System.Boolean, at most one", "unknown, any number". Errors:
/// not_found (no such type); as Expression::compile, in strict mode also for elements a type does
/// not have and types that cannot meet.
Result<std::string> check_to_text(std::string_view text, std::string_view type, bool strict,
                                  const definitions::Definitions& definitions,
                                  tree::Symbols& symbols);

/// Evaluates `text` over a document and prints each item on a line of its own: primitives as their
/// text, everything else as FHIR JSON. `symbols` must be the table `definitions` and `document`
/// were read with.
/// Errors: as Expression::compile and Expression::evaluate.
Result<std::string> evaluate_to_text(std::string_view text, const tree::Document& document,
                                     const definitions::Definitions& definitions,
                                     tree::Symbols& symbols, Instant now, bool strict = false);

}  // namespace concord::path
