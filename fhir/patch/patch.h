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

/// Bounds of one patch.
struct Limits {
  std::size_t operations = 500;  ///< more: too_costly
  tree::Limits document;         ///< of the result; over it: too_long
};

/// The resource after all operations of a JSON Patch document, or nothing of them. The result is
/// annotated; whether it keeps the rules of R4 is for the validator to say.
///
/// Operations see the JSON of the resource: arrays, `_name` companions, null where it keeps a
/// place. What is empty is judged at the end: arrays without members, and objects that operations
/// emptied, are not there. Numbers keep their digits; `test` compares them by what they amount to.
///
/// Errors: malformed (no JSON array of operations, a name twice in an object, an operation without
/// its members, a path that is no JSON Pointer), invalid (a path that leads nowhere, a `test` that
/// does not hold, both with "[n]" of the operation in `expression`; a result that is no FHIR JSON,
/// with the element), too_costly (operations; the work of all of them), too_long (the result).
Result<tree::Document> apply_json_patch(const tree::Document& resource, std::string_view patch,
                                        const definitions::Definitions& definitions,
                                        const Limits& limits = {});

/// The same for a Parameters resource of FHIRPath Patch: add, insert, delete, replace, move.
/// `resource` and `parameters` must be annotated. Expressions are the patch's own: names in them
/// that no definition has are refused, and never become shared symbols; so are functions that ask
/// for the time. Repeats and, below the elements touched, the order of the definition are kept.
/// An element whose last child is deleted goes with it.
///
/// Errors, with "Parameters.parameter[n]" in `expression`: malformed (no Parameters, an operation
/// without its parts, an expression that does not compile), invalid (no or several elements found
/// where one is needed, an index outside the list, a value of the wrong type, an element there
/// already), too_costly (operations; the steps of an expression), too_long (the result).
Result<tree::Document> apply_fhirpath_patch(const tree::Document& resource,
                                            const tree::Document& parameters,
                                            const definitions::Definitions& definitions,
                                            const path::FunctionTable& functions,
                                            const Limits& limits = {});

}  // namespace concord::patch
