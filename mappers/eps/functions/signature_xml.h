#pragma once
/// The signature over a prescription. Pure functions, safe from any thread.

#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::eps {

/// The XML inside a FHIR Signature.data. That it is well-formed is found out when it is read.
/// Errors: invalid with INVALID_VALUE (not base64, or nothing in it).
/// Source: eps.md section 5, row 6.
Result<std::string> signature_xml(std::string_view base64);

}  // namespace concord::eps
