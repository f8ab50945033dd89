#pragma once
/// Dates, dateTimes and times with partial precision. Pure functions.
/// Source: hl7.org/fhirpath/N1, sections 4.1.5 to 4.1.7, 6.1 (equality), 6.2 (comparison) and 6.6.7
/// (arithmetic); hl7.org/fhir/R4/datatypes.html.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/instant.h"
#include "fhir/path/value.h"

namespace concord::path::detail {

/// "2015", "2015-02", "2015-02-04"; nothing when it is no real date of the years 1 to 9999.
std::optional<Moment> parse_date(std::string_view text);
/// A date, with "T" and a time in any precision ("2015T", "2015-02-04T14:34:28.123+10:00").
/// Second 60 is taken as 59.999999.
std::optional<Moment> parse_date_time(std::string_view text);
/// "14", "14:34", "14:34:28.123"; no offset.
std::optional<Moment> parse_time(std::string_view text);

/// As FHIR writes it; dateTimes below a full day without "T".
std::string format(Tag tag, Moment moment);

/// Order of two moments of the same kind (dates and dateTimes mix). `unknown` when the precision of
/// one of them, or an offset only one of them has, leaves it open.
enum class Order : std::uint8_t { less, equal, greater, unknown };
Order compare(Moment a, Moment b);

/// Same precision (second and millisecond count as one) and same instant.
bool equivalent(Tag a_tag, Moment a, Tag b_tag, Moment b);

/// Units of time, finest last.
enum class TimeUnit : std::uint8_t { year, month, week, day, hour, minute, second, millisecond };
/// "day", "d", … ; nothing for other units. UCUM's mean month and year ("mo", "a") are not calendar
/// units.
std::optional<TimeUnit> time_unit(std::string_view unit, bool calendar);

/// `moment` moved by `count` units; a unit finer than the precision is converted first, its
/// fraction dropped. Nothing when the result leaves the years 1 to 9999; times wrap around
/// midnight.
std::optional<Moment> move(Tag tag, Moment moment, std::int64_t count, TimeUnit unit);

/// The first or last moment the value may mean, written with `digits` digits (4 year, 6 month,
/// 8 day, 12 minute, 14 second, 17 millisecond; times 2, 4, 6, 9; nothing: as fine as the kind
/// goes). An unknown offset is taken as +14:00 (low) or -12:00 (high). Nothing for other numbers.
struct Bounded {
  Tag tag;
  Moment moment;
};
std::optional<Bounded> boundary(Tag tag, Moment moment, std::optional<int> digits, bool high);

/// Digits of the precision: 2014 → 4, with milliseconds 17; T10:30 → 4.
int precision_digits(Tag tag, Precision precision);

Moment from_instant(Instant at, std::int16_t offset_minutes);

}  // namespace concord::path::detail
