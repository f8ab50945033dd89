#pragma once
/// XPath 1.0 over XML text. Pure, safe from any thread; no exception leaves.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"

namespace concord::xml {

/// The string values an expression selects: of each node for a node set, else of the one value.
/// The prefixes `fhir` and `f` stand for http://hl7.org/fhir, `xhtml` and `h` for XHTML; names
/// without prefix are looked for in no namespace. Nothing is fetched; document types are refused.
///
/// Errors: malformed (`xml` or `expression` cannot be read), too_costly (past 1,000,000 steps),
/// too_long (more than 10,000 nodes selected).
/// Source: www.w3.org/TR/1999/REC-xpath-19991116.
Result<std::vector<std::string>> xpath(std::string_view xml, const std::string& expression);

}  // namespace concord::xml
