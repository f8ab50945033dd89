#include "mappers/eps/functions/fhir_timestamp.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "mappers/eps/functions/registry.h"
#include "mappers/eps/published_error.h"

namespace concord::eps {
namespace {

struct Moment {
  std::chrono::sys_seconds at;
  std::size_t digits = 0;  ///< of the date and time, as written: 4, 6, 8, 10, 12 or 14
};

std::optional<int> number(std::string_view digits, int low, int high) {
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (digits.empty() || value < low || value > high) return std::nullopt;
  return value;
}

/// Minutes east of UTC of what follows the digits: nothing, a fraction, an offset +HHMM.
std::optional<int> read_tail(std::string_view tail) {
  if (tail.starts_with('.')) {
    tail.remove_prefix(1);
    const std::size_t end = std::min(tail.find_first_not_of("0123456789"), tail.size());
    if (end == 0) return std::nullopt;
    tail.remove_prefix(end);
  }
  if (tail.empty()) return 0;
  if (tail.size() != 5 || (tail.front() != '+' && tail.front() != '-')) return std::nullopt;
  const auto hours = number(tail.substr(1, 2), 0, 14);
  const auto minutes = number(tail.substr(3, 2), 0, 59);
  if (!hours || !minutes) return std::nullopt;
  const int east = *hours * 60 + *minutes;
  return tail.front() == '-' ? -east : east;
}

/// The lexical form of TS: YYYY[MM[DD[HH[mm[ss[.f]]]]]][+HHMM].
std::optional<Moment> read_v3(std::string_view text) {
  namespace c = std::chrono;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits < 4 || digits > 14 || digits % 2 != 0) return std::nullopt;
  const auto field = [&](std::size_t at, int otherwise, int low, int high) {
    return at < digits ? number(text.substr(at, 2), low, high) : std::optional<int>(otherwise);
  };
  const auto year = number(text.substr(0, 4), 1, 9999);
  const auto month = field(4, 1, 1, 12);
  const auto day = field(6, 1, 1, 31);
  const auto hour = field(8, 0, 0, 23);
  const auto minute = field(10, 0, 0, 59);
  const auto second = field(12, 0, 0, 60);
  const auto east = read_tail(text.substr(digits));
  if (!year || !month || !day || !hour || !minute || !second || !east) return std::nullopt;
  if (digits < 10 && text.size() > digits) return std::nullopt;  // an offset needs a time
  const c::year_month_day date{c::year{*year}, c::month{static_cast<unsigned>(*month)},
                               c::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const Moment moment{c::sys_days{date} + c::hours{*hour} + c::minutes{*minute - *east} +
                          c::seconds{*second == 60 ? 59 : *second},
                      digits};
  const bool four_digits = moment.at >= c::sys_days{c::year{1} / 1 / 1} &&
                           moment.at < c::sys_days{c::year{10000} / 1 / 1};
  return four_digits ? std::optional(moment) : std::nullopt;
}

void append(std::string& text, int value, std::size_t digits) {
  std::array<char, 4> buffer{};
  for (std::size_t at = digits; at-- > 0; value /= 10) {
    buffer[at] = static_cast<char>('0' + value % 10);
  }
  text.append(buffer.data(), digits);
}

std::string day_of(std::chrono::sys_seconds at) {
  namespace c = std::chrono;
  const c::year_month_day date{c::floor<c::days>(at)};
  std::string text;
  append(text, static_cast<int>(date.year()), 4);
  text += '-';
  append(text, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  text += '-';
  append(text, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  return text;
}

/// fhirDateTime() : String
Result<path::Collection> fn_date_time(path::EvalContext& context, const path::Collection& input,
                                      path::Args) {
  return functions::for_each_text(context, input, fhir_date_time);
}

/// fhirDate() : String
Result<path::Collection> fn_date(path::EvalContext& context, const path::Collection& input,
                                 path::Args) {
  return functions::for_each_text(context, input, fhir_date);
}

constexpr path::FunctionRow kRows[] = {
    {.name = "fhirDateTime",
     .handler = &fn_date_time,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "FHIR dateTime in UTC to the second, from an HL7 v3 TS"},
    {.name = "fhirDate",
     .handler = &fn_date,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "FHIR date, as exact as written, from an HL7 v3 TS"},
};

}  // namespace

Result<std::string> fhir_date_time(std::string_view v3_time) {
  namespace c = std::chrono;
  const auto moment = read_v3(v3_time);
  if (!moment || moment->digits < 8) return invalid_value("is not an HL7 v3 point in time");
  std::string text = day_of(moment->at);
  const c::hh_mm_ss time{moment->at - c::floor<c::days>(moment->at)};
  text += 'T';
  append(text, static_cast<int>(time.hours().count()), 2);
  text += ':';
  append(text, static_cast<int>(time.minutes().count()), 2);
  text += ':';
  append(text, static_cast<int>(time.seconds().count()), 2);
  return text + "+00:00";
}

Result<std::string> fhir_date(std::string_view v3_time) {
  const auto moment = read_v3(v3_time);
  if (!moment) return invalid_value("is not an HL7 v3 date");
  return day_of(moment->at).substr(0, moment->digits == 4 ? 4 : moment->digits == 6 ? 7 : 10);
}

void register_fhir_timestamp(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
