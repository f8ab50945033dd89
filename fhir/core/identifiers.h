#pragma once
/// Identifiers with check digits or fixed formats. Pure functions, safe from any thread.
/// Each check says what is wrong without repeating the value.

#include <string_view>

#include "fhir/core/result.h"

namespace concord {

/// Ten digits, modulus 11; a check value of 10 is never valid.
/// Errors: invalid. Source: NHS Data Dictionary, NHS NUMBER.
Result<void> check_nhs_number(std::string_view value);

/// One or more of A-Z and 0-9, at most 12. Errors: invalid.
Result<void> check_ods_code(std::string_view value);

/// 6 to 18 digits, no leading zero, a partition that matches (00/10 concept, 01/11 description,
/// 02/12 relationship), Verhoeff check digit.
/// Errors: invalid. Source: SNOMED CT Release File Specification, section 6 (SCTID).
Result<void> check_snomed_id(std::string_view value);

/// "HHHHHH-OOOOOO-HHHHHC", check character by ISO 7064 MOD 37-2 with + for *.
/// Errors: invalid. Source: EPS, short form prescription id.
Result<void> check_prescription_id(std::string_view value);

/// The check character for the first 17 characters (without hyphens) of a short form id; '\0' when
/// one of them is outside 0-9, A-Z, +.
char prescription_check_character(std::string_view seventeen);

}  // namespace concord
