#pragma once
/// The times of the week at which a destination may be sent to, as configurations write them.

#include <functional>
#include <string_view>

#include "fhir/core/result.h"
#include "gateway/agreements/calendar.h"
#include "gateway/outbox/outbox.h"

namespace concord::app {

/// Reads "Mon-Fri 08:00-18:30, Sat 09:00-12:00": days or ranges of days with one span of London
/// civil time each; spans of one day may stand one after the other, and 24:00 ends a day. A range
/// of days may run over the end of the week ("Sat-Mon").
/// Errors: invalid (with what is wrong).
Result<agreements::Calendar> read_window(std::string_view text);

/// The window as the outbox asks for it; exact to the minute, across clock changes too.
std::function<outbox::Opening(Instant)> opening_of(agreements::Calendar window);

}  // namespace concord::app
