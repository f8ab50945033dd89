#pragma once
/// FHIR points in time from HL7 v3 ones. Pure functions, safe from any thread.

#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::eps {

/// FHIR dateTime in UTC, to the second, from an HL7 v3 TS: "20221021134700" gives
/// "2022-10-21T13:47:00+00:00". A time without offset is UTC; missing hours, minutes and seconds
/// are 0; fractions are cut.
/// Errors: invalid with INVALID_VALUE (not a TS, or no such day). Source: eps.md section 3.4.
Result<std::string> fhir_date_time(std::string_view v3_time);

/// The day of it: "20221021" and "20221021134700" give "2022-10-21"; "202210" gives "2022-10",
/// "2022" gives "2022". Errors: as fhir_date_time(). Source: eps.md section 3.4, "TS or date ->
/// FHIR date".
Result<std::string> fhir_date(std::string_view v3_time);

}  // namespace concord::eps
