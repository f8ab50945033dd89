#pragma once
/// Working-time arithmetic for turnaround clauses. Pure functions, safe from any thread.

#include <chrono>
#include <cstdint>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "gateway/agreements/calendar.h"

namespace concord::agreements {

using WorkingMinutes = std::chrono::duration<std::int32_t, std::ratio<60>>;  ///< opening time only

/// Latest instant by which the receiving organisation must answer.
///
/// @param received_at  when the exchange was committed; may lie outside opening hours
/// @param allowance    > 0; one nine-hour day is WorkingMinutes{540}
/// @param opening      hours and bank holidays of the *receiver*, in its civil time
/// @return an instant after `received_at`, at most 400 days later; across a clock change the civil
///         time is kept. An allowance that ends with a day's closing is due at that closing. Counts
///         real time: an opening span that contains a clock change is an hour longer or shorter.
///
/// Errors: invalid (allowance <= 0), not_found (no opening hours in the next 60 days, or not enough
/// of them within 400 days), internal (the time zone is not known to ICU).
/// Source: agreement clause "turnaround"; clock changes: last Sundays of March and October, 01:00
/// UTC.
Result<Instant> due_at(Instant received_at, WorkingMinutes allowance, const Calendar& opening);

/// Opening time between two instants, whole minutes, rounded down; 0 when `until` is not later.
/// Errors: internal (the time zone is not known to ICU), too_long (more than 10 years apart).
Result<WorkingMinutes> working_minutes_between(Instant from, Instant until,
                                               const Calendar& opening);

/// Whether the organisation is open at an instant. Errors: internal (unknown time zone).
Result<bool> is_open(Instant at, const Calendar& opening);

}  // namespace concord::agreements
