#pragma once
/// Exclusive XML canonicalisation, for signatures. Pure function, safe from any thread.

#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::xml {

/// The canonical form of a whole document, without comments.
/// Errors: malformed (not well-formed, a document type, not UTF-8), invalid (a namespace name that
/// is a relative reference), too_long (over a limit of `limits`; depth at most 250 whatever they
/// say). Source: http://www.w3.org/2001/10/xml-exc-c14n#
Result<std::string> canonicalise(std::string_view xml, const tree::Limits& limits = {});

/// The canonical form of one element as a document of its own. Its size is bounded already, by the
/// limits of the document it stands in. Errors: as canonicalise(), and those of write().
Result<std::string> canonicalise(const tree::Document& document, const tree::Node& element);

}  // namespace concord::xml
