#pragma once
/// Values out of a resource by FHIRPath, XPath or JSONPath. One thread.

#include <string>
#include <vector>

#include "conformance/runner/standard.h"

namespace concord::runner {

/// The items of a FHIRPath expression as texts.
/// Errors: those of Standard::texts.
Result<std::vector<std::string>> select_by_expression(Standard& standard,
                                                      const tree::Document& document,
                                                      const std::string& expression);

/// What a `path` selects. "$…" is JSONPath (names, indices, *, .., ['name'], [?(@.a=='b')]); steps
/// between "/" are XPath over the FHIR XML of the resource, with the prefixes fhir, f, xhtml and h,
/// or with none; anything else ("meta.versionId") names elements below the root. A path of plain
/// steps ("Patient/name[1]/family/@value") gives the value also where @value was left out.
/// Errors: malformed (a path nobody can read), those of xml::xpath and of FHIRPath.
Result<std::vector<std::string>> select_by_path(Standard& standard, const tree::Document& document,
                                                const std::string& path);

}  // namespace concord::runner
