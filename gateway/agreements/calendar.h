#pragma once
/// Opening hours and bank holidays, as data. A Calendar is immutable once made: safe from any
/// thread.

#include <array>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"

namespace concord::agreements {

/// A stretch of opening on one civil day, in minutes after midnight: [from, until), until <= 1440.
struct OpeningSpan {
  std::int16_t from = 0;
  std::int16_t until = 0;
  friend bool operator==(const OpeningSpan&, const OpeningSpan&) = default;
};

/// When one kind of organisation is open, in the civil time of its zone.
struct Calendar {
  std::string id;
  std::string time_zone;  ///< IANA name, known to ICU ("Europe/London")
  /// By weekday, Monday first. Spans are sorted and do not touch.
  std::array<std::vector<OpeningSpan>, 7> week;
  std::set<std::chrono::sys_days> closed_on;  ///< bank holidays and other closed days

  /// The spans of one day; none on a closed day.
  const std::vector<OpeningSpan>& spans(std::chrono::sys_days day) const;
};

/// Reads a calendar from YAML:
///
///     id: england-weekdays
///     time_zone: Europe/London
///     opening: { monday: ["09:00-13:00", "14:00-18:00"], … }   # days left out are closed
///     closed_on: [2026-12-25, …]
///
/// `name` is the file's name for messages ("calendars/england-weekdays.yaml").
/// Errors: invalid, one issue each with file, line and column (no YAML, unknown key, unknown day,
/// unknown zone, spans that overlap or end before they start, no opening at all, not a date).
Result<Calendar> read_calendar(std::string_view yaml, std::string_view name);

}  // namespace concord::agreements
