#include "fhir/core/instant.h"

#include <charconv>

namespace concord {
namespace {

/// Reads exactly `digits` decimal digits at the front and takes them away.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

Error refuse(const char* why) { return make_error(ErrorCode::invalid, why); }

void append_padded(std::string& text, unsigned value, std::size_t digits) {
  char buffer[10];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  const auto length = static_cast<std::size_t>(end - buffer);
  if (length < digits) text.append(digits - length, '0');
  text.append(buffer, length);
}

}  // namespace

Clock system_clock() {
  return [] {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  };
}

Result<Instant> parse_instant(std::string_view text) {
  using namespace std::chrono;
  int y, mo, d, h, mi, s;
  if (!take_number(text, 4, y) || !take(text, '-') || !take_number(text, 2, mo) ||
      !take(text, '-') || !take_number(text, 2, d) || !take(text, 'T') ||
      !take_number(text, 2, h) || !take(text, ':') || !take_number(text, 2, mi) ||
      !take(text, ':') || !take_number(text, 2, s)) {
    return refuse("not an instant: YYYY-MM-DDThh:mm:ss with a time zone is needed");
  }
  int milli = 0;
  if (take(text, '.')) {
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      if (digits < 3) milli = milli * 10 + (text[digits] - '0');
    }
    if (digits == 0) return refuse("not an instant: no digit after the decimal point");
    for (std::size_t i = digits; i < 3; ++i) milli *= 10;
    text.remove_prefix(digits);
  }
  int offset_minutes = 0;
  if (!take(text, 'Z')) {
    const bool behind = !text.empty() && text.front() == '-';
    int oh, om;
    if ((!take(text, '+') && !take(text, '-')) || !take_number(text, 2, oh) || !take(text, ':') ||
        !take_number(text, 2, om) || oh > 14 || om > 59 || (oh == 14 && om != 0)) {
      return refuse("not an instant: no time zone, or one outside -14:00 to +14:00");
    }
    offset_minutes = (behind ? -1 : 1) * (oh * 60 + om);
  }
  if (!text.empty()) return refuse("not an instant: characters after the time zone");
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (y == 0 || !date.ok()) return refuse("not a real date");
  if (h > 23 || mi > 59 || s > 60) return refuse("not a real time of day");
  if (s == 60) s = 59;  // a leap second
  return Instant{sys_days{date} + hours{h} + minutes{mi - offset_minutes} + seconds{s} +
                 milliseconds{milli}};
}

std::string format_instant(Instant at) {
  using namespace std::chrono;
  const sys_days day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  std::string text;
  text.reserve(24);
  append_padded(text, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  text += '-';
  append_padded(text, static_cast<unsigned>(date.month()), 2);
  text += '-';
  append_padded(text, static_cast<unsigned>(date.day()), 2);
  text += 'T';
  append_padded(text, static_cast<unsigned>(time.hours().count()), 2);
  text += ':';
  append_padded(text, static_cast<unsigned>(time.minutes().count()), 2);
  text += ':';
  append_padded(text, static_cast<unsigned>(time.seconds().count()), 2);
  if (const auto milli = time.subseconds().count(); milli != 0) {
    text += '.';
    append_padded(text, static_cast<unsigned>(milli), 3);
  }
  text += 'Z';
  return text;
}

}  // namespace concord
