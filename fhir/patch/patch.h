#pragma once
/// Changes to a resource, written down: JSON Patch and FHIRPath Patch. Pure functions, safe from
/// any thread. Source: RFC 6902; hl7.org/fhir/R4/fhirpatch.html; hl7.org/fhir/R4/http.html#patch.

#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::definitions {
class Definitions;
}
namespace concord::path {
class FunctionTable;
}

namespace concord::patch {

/// Bounds of one patch. Past one of them: too_costly.
struct Limits {
  std::size_t operations = 500;
  tree::Limits document;  ///< of the result
};

/// The resource after all operations of a JSON Patch document, or nothing of them. The result is
/// annotated; whether it keeps the rules of R4 is for the validator to say.
///
/// Errors: malformed (no JSON array of operations, an operation without its members, a path that is
/// no JSON Pointer), invalid (a path that leads nowhere, a `test` that does not hold, a result that
/// is no FHIR JSON; each with "[n]" of the operation in `expression`), too_costly.
Result<tree::Document> apply_json_patch(const tree::Document& resource, std::string_view patch,
                                        const definitions::Definitions& definitions,
                                        const Limits& limits = {});

/// The same for a Parameters resource of FHIRPath Patch: add, insert, delete, replace, move.
/// `parameters` must be annotated. Expressions are the patch's own: names in them never become
/// shared symbols.
/// Errors: malformed (no Parameters, an operation without its parts, an expression that does not
/// compile), invalid (no or several elements found where one is needed, an index outside the list,
/// a value of the wrong type), too_costly.
Result<tree::Document> apply_fhirpath_patch(const tree::Document& resource,
                                            const tree::Document& parameters,
                                            const definitions::Definitions& definitions,
                                            const path::FunctionTable& functions,
                                            const Limits& limits = {});

}  // namespace concord::patch
