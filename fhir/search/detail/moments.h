#pragma once
/// Dates and times as stretches of time. Pure functions, safe from any thread.
/// Source: hl7.org/fhir/R4/search.html#date; datatypes.html#dateTime.

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace concord::search::detail {

inline constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

/// [low, high) in milliseconds since 1970 UTC.
struct Span {
  std::int64_t low = kNever;
  std::int64_t high = kEver;
  bool moment = false;  ///< written to the second or finer
};

/// A date, dateTime, instant, or what a search may give: also without seconds. A time without zone
/// is UTC. Nothing for what is none, or no real date.
std::optional<Span> read_span(std::string_view text);

}  // namespace concord::search::detail
