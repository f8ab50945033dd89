#pragma once
/// The words of a dosage: tables and small pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace concord::dosage::detail {

/// A UCUM unit of time in the ways a sentence needs it.
struct TimeUnit {
  std::string_view code;     ///< "h"
  std::string_view name;     ///< "hour"
  std::string_view each;     ///< "hourly"
  std::string_view article;  ///< "an hour"
};
/// Null for what is none of s, min, h, d, wk, mo, a.
const TimeUnit* time_unit(std::string_view code) noexcept;

/// What an EventTiming code says ("before breakfast"); empty when it is none.
std::string_view event_words(std::string_view code) noexcept;

/// "mon" → "Monday"; empty when it is no day.
std::string_view weekday(std::string_view code) noexcept;

/// The unit with an "s" when it is a unit of time written out and the number is not 1. Numbers are
/// compared as written: 1.0 is not 1.
std::string counted(std::string_view number, std::string_view unit);

/// "a", "a and b", "a, b and c".
std::string list_of(const std::vector<std::string>& parts);

/// A FHIR date, or the UTC day of a dateTime with time and offset, as DD/MM/YYYY; nothing for
/// others: a month or year alone is no day.
std::optional<std::string> day_of(std::string_view date_time);

/// A FHIR time as HH:mm, with seconds when there are any; nothing for others.
std::optional<std::string> time_of(std::string_view time);

/// Minutes in the largest unit that leaves no rest: 1440 → "1 day", 90 → "90 minutes".
std::string span_of_minutes(std::int64_t minutes);

}  // namespace concord::dosage::detail
