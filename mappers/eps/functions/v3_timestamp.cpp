#include "mappers/eps/functions/v3_timestamp.h"

#include <chrono>
#include <cstdint>
#include <optional>

#include "mappers/eps/functions/registry.h"
#include "mappers/eps/published_error.h"

namespace concord::eps {
namespace {

/// Reads fixed fields off a text from the left.
class Fields {
 public:
  explicit Fields(std::string_view text) : left_(text) {}

  bool done() const { return left_.empty(); }
  bool take(char expected) {
    if (left_.empty() || left_.front() != expected) return false;
    left_.remove_prefix(1);
    return true;
  }
  /// The next `digits` digits as a number within low..high.
  std::optional<int> number(std::size_t digits, int low, int high) {
    if (left_.size() < digits) return std::nullopt;
    int value = 0;
    for (const char c : left_.substr(0, digits)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    if (value < low || value > high) return std::nullopt;
    left_.remove_prefix(digits);
    return value;
  }
  /// One or more digits, whatever they say.
  bool skip_digits() {
    const std::size_t before = left_.size();
    while (!left_.empty() && left_.front() >= '0' && left_.front() <= '9') left_.remove_prefix(1);
    return left_.size() < before;
  }

 private:
  std::string_view left_;
};

struct Moment {
  std::chrono::sys_seconds at;
  bool has_time = false;
};

/// Hours and minutes east of UTC, in minutes; nothing when the zone is not one.
std::optional<int> read_zone(Fields& fields) {
  if (fields.take('Z')) return 0;
  const bool west = fields.take('-');
  if (!west && !fields.take('+')) return std::nullopt;
  const auto hours = fields.number(2, 0, 14);
  if (!hours || !fields.take(':')) return std::nullopt;
  const auto minutes = fields.number(2, 0, *hours == 14 ? 0 : 59);
  if (!minutes) return std::nullopt;
  const int offset = *hours * 60 + *minutes;
  return west ? -offset : offset;
}

/// The lexical form of FHIR date and dateTime. Source: hl7.org/fhir/R4/datatypes.html#dateTime.
std::optional<Moment> read_fhir(std::string_view text) {
  namespace c = std::chrono;
  Fields fields(text);
  const auto year = fields.number(4, 1, 9999);
  if (!year) return std::nullopt;
  int month = 1;
  int day = 1;
  Moment moment;
  c::seconds time{0};
  if (fields.take('-')) {
    const auto given_month = fields.number(2, 1, 12);
    if (!given_month) return std::nullopt;
    month = *given_month;
    if (fields.take('-')) {
      const auto given_day = fields.number(2, 1, 31);
      if (!given_day) return std::nullopt;
      day = *given_day;
      if (fields.take('T')) {
        const auto hour = fields.number(2, 0, 23);
        if (!hour || !fields.take(':')) return std::nullopt;
        const auto minute = fields.number(2, 0, 59);
        if (!minute || !fields.take(':')) return std::nullopt;
        const auto second = fields.number(2, 0, 60);
        if (!second) return std::nullopt;
        if (fields.take('.') && !fields.skip_digits()) return std::nullopt;
        const auto zone = read_zone(fields);
        if (!zone) return std::nullopt;
        moment.has_time = true;
        time = c::hours{*hour} + c::minutes{*minute - *zone} +
               c::seconds{*second == 60 ? 59 : *second};
      }
    }
  }
  if (!fields.done()) return std::nullopt;
  const c::year_month_day date{c::year{*year}, c::month{static_cast<unsigned>(month)},
                               c::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  moment.at = c::sys_days{date} + time;
  return moment;
}

void append(std::string& text, int value, int digits) {
  char buffer[4];
  for (int at = digits - 1; at >= 0; --at, value /= 10) {
    buffer[at] = static_cast<char>('0' + value % 10);
  }
  text.append(buffer, static_cast<std::size_t>(digits));
}

std::string day_of(std::chrono::sys_seconds at) {
  namespace c = std::chrono;
  const c::year_month_day date{c::floor<c::days>(at)};
  std::string text;
  append(text, static_cast<int>(date.year()), 4);
  append(text, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  append(text, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  return text;
}

/// Whether the UTC year still has four digits: offsets can move past either end.
bool in_range(std::chrono::sys_seconds at) {
  namespace c = std::chrono;
  return at >= c::sys_days{c::year{1} / 1 / 1} && at < c::sys_days{c::year{10000} / 1 / 1};
}

Error not_a_time(std::string_view kind) {
  return invalid_value("is not a FHIR " + std::string(kind));
}

/// v3DateTime() : String
Result<path::Collection> fn_date_time(path::EvalContext& context, const path::Collection& input,
                                      path::Args) {
  return functions::for_each_text(context, input, v3_date_time);
}

/// v3Date() : String
Result<path::Collection> fn_date(path::EvalContext& context, const path::Collection& input,
                                 path::Args) {
  return functions::for_each_text(context, input, v3_date);
}

/// v3CalendarDay() : String
Result<path::Collection> fn_calendar_day(path::EvalContext& context, const path::Collection& input,
                                         path::Args) {
  return functions::for_each_text(context, input, v3_calendar_day);
}

constexpr path::FunctionRow kRows[] = {
    {.name = "v3DateTime",
     .handler = &fn_date_time,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "HL7 v3 TS in UTC to the second, from a date, dateTime or instant"},
    {.name = "v3Date",
     .handler = &fn_date,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "UTC day YYYYMMDD of a date, dateTime or instant"},
    {.name = "v3CalendarDay",
     .handler = &fn_calendar_day,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "YYYYMMDD of a date; a time part is refused"},
};

}  // namespace

Result<std::string> v3_date_time(std::string_view fhir_date_time) {
  namespace c = std::chrono;
  const auto moment = read_fhir(fhir_date_time);
  if (!moment || !in_range(moment->at)) return not_a_time("dateTime");
  std::string text = day_of(moment->at);
  const c::hh_mm_ss time{moment->at - c::floor<c::days>(moment->at)};
  append(text, static_cast<int>(time.hours().count()), 2);
  append(text, static_cast<int>(time.minutes().count()), 2);
  append(text, static_cast<int>(time.seconds().count()), 2);
  return text;
}

Result<std::string> v3_date(std::string_view fhir_date_time) {
  const auto moment = read_fhir(fhir_date_time);
  if (!moment || !in_range(moment->at)) return not_a_time("dateTime");
  return day_of(moment->at);
}

Result<std::string> v3_calendar_day(std::string_view fhir_date) {
  const auto moment = read_fhir(fhir_date);
  if (!moment || moment->has_time) return not_a_time("date");
  return day_of(moment->at);
}

void register_v3_timestamp(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
