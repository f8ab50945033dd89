#pragma once
/// HL7 v3 points in time from FHIR ones. Pure functions, safe from any thread.

#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::eps {

/// HL7 v3 TS in UTC, to the second, from a FHIR date, dateTime or instant: "2022-10-21" gives
/// "20221021000000". Missing parts are the first of their kind, fractions are cut, a leap second
/// is taken as second 59.
///
/// Errors: invalid with INVALID_VALUE (not a FHIR dateTime, or no such day).
/// Source: eps.md section 3.4, "FHIR dateTime -> TS".
Result<std::string> v3_date_time(std::string_view fhir_date_time);

/// The UTC day of a FHIR dateTime, YYYYMMDD: "2022-06-01T00:30:00+01:00" gives "20220531".
/// Errors: as v3_date_time. Source: eps.md section 3.4, "FHIR dateTime -> date".
Result<std::string> v3_date(std::string_view fhir_date_time);

/// YYYYMMDD from a FHIR date; a time part is refused. Missing parts are the first of their kind.
/// Errors: as v3_date_time. Source: eps.md section 3.4, "FHIR date -> date".
Result<std::string> v3_calendar_day(std::string_view fhir_date);

}  // namespace concord::eps
