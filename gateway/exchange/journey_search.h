#pragma once
/// What people ask for, from the names and texts they use: the same on the command line and in the
/// address of a search. Pure functions, safe from any thread.

#include <string>
#include <string_view>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "gateway/exchange/journeys.h"

namespace concord::exchange {

/// The names that are understood, with what each is; in the order they are explained in.
struct SearchName {
  std::string_view name;
  std::string_view what;
};
inline constexpr SearchName kSearchNames[] = {
    {"state", "open, delivered, dead, rejected, cancelled; several with commas"},
    {"sender", "Organisation code of the sender"},
    {"destination", "Name of the destination"},
    {"kind", "Kind of message: prescription-order"},
    {"subject", "Hash of the workflow, as a journey shows it"},
    {"task", "Id of the Task"},
    {"request-id", "X-Request-ID the sender gave (90 days)"},
    {"message-id", "Identity of the message, the sender's (90 days) or the one sent on"},
    {"since", "Accepted at or after: 2026-01-31, 2026-01-31T08:00:00Z, or 30m, 12h, 7d ago"},
    {"until", "Accepted before; written as for since"},
    {"limit", "Exchanges of one page, 200 at most"},
    {"cursor", "Where a page goes on, as the one before said"},
};

/// Adds one thing to a search.
/// Errors: malformed (a text that is not understood), unsupported (no such name).
Result<void> set_search(ExchangeSearch& search, std::string_view name, std::string_view value,
                        Instant now);

}  // namespace concord::exchange
