#pragma once
/// Instants: UTC, milliseconds. Pure functions, safe from any thread.

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord {

using Instant = std::chrono::sys_time<std::chrono::milliseconds>;  ///< UTC
using Date = std::chrono::year_month_day;                          ///< a calendar day, no zone

/// Where "now" comes from. Passed in, never reached for.
using Clock = std::function<Instant()>;

/// The system's clock.
Clock system_clock();

/// Reads a FHIR instant ("2022-02-01T00:00:00Z", "…+01:00", fraction of any length cut to
/// milliseconds; second 60 is taken as 59).
/// Errors: invalid (not an instant, or not a real date).
/// Source: hl7.org/fhir/R4/datatypes.html#instant.
Result<Instant> parse_instant(std::string_view text);

/// "2022-02-01T00:00:00Z"; with milliseconds when there are any ("…:00.250Z").
std::string format_instant(Instant at);

}  // namespace concord
