#pragma once
/// Numbers of HL7 v3 as FHIR writes them. Pure functions, safe from any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::eps {

/// A decimal with its digits: ".5" gives "0.5", "007" gives "7", "1.50" stays. No exponent.
/// Errors: invalid with INVALID_VALUE (no decimal, or of more than 18 digits).
/// Source: eps.md section 10.2, "dispenseRequest"; hl7.org/fhir/R4/datatypes.html#decimal.
Result<std::string> fhir_decimal(std::string_view v3_number);

/// A count less `base`: Spine counts issues from 1, FHIR counts repeats from 0.
/// Errors: invalid with INVALID_VALUE (no whole number, one below `base`, or over 2,147,483,647).
/// Source: eps.md section 10.2, "numberOfRepeatsAllowed".
Result<std::int64_t> count_from(std::string_view v3_number, std::int64_t base);

}  // namespace concord::eps
