#pragma once
/// A person's word that goes on record: who wants something, and why. Pure functions, safe from any
/// thread.

#include <string_view>

#include "fhir/core/result.h"

namespace concord::audit {

/// Whether it may be kept: who in 2 to 64 bytes, why in 3 to 200, both in UTF-8 without control
/// characters, and without ten digits in a row (blanks and hyphens not counted), which could be an
/// NHS number: the chain holds no content.
/// @param why_is  what the reason is called where it was given ("why", "reason")
/// Errors: invalid, with the place in `expression`.
Result<void> check_word(std::string_view by, std::string_view why, std::string_view why_is);

/// The same of a name alone. @param text  what is wrong with it, for the issue; @param where as
/// above
Result<void> check_name(std::string_view name, std::string_view text, std::string_view where);

}  // namespace concord::audit
