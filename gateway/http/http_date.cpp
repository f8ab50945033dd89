#include "gateway/http/http_date.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <iterator>

namespace concord::http {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
/// Two digits of a year at or above this are of the last century: those of RFC 850 are long past.
constexpr int kFirstYearOfTwoDigits = 70;

/// Takes the text apart from the left; every step fails once one has failed.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool literal(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool number(std::size_t digits, int& value) {
    if (rest_.size() < digits) return false;
    const char* const end = rest_.data() + digits;
    const auto [at, error] = std::from_chars(rest_.data(), end, value);
    if (error != std::errc() || at != end || rest_.front() == '-') return false;
    rest_.remove_prefix(digits);
    return true;
  }
  bool month(int& value) {
    for (std::size_t i = 0; i < kMonths.size(); ++i) {
      if (!literal(kMonths[i])) continue;
      value = static_cast<int>(i) + 1;
      return true;
    }
    return false;
  }
  bool day_name(bool whole) {
    for (const std::string_view day : kDays) {
      if (literal(whole ? day : day.substr(0, 3))) return true;
    }
    return false;
  }
  bool time(int& hour, int& minute, int& second) {
    return number(2, hour) && literal(":") && number(2, minute) && literal(":") &&
           number(2, second);
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

struct Parts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

bool read_fixed(std::string_view text, Parts& p) {
  Reader in(text);
  return in.day_name(false) && in.literal(", ") && in.number(2, p.day) && in.literal(" ") &&
         in.month(p.month) && in.literal(" ") && in.number(4, p.year) && in.literal(" ") &&
         in.time(p.hour, p.minute, p.second) && in.literal(" GMT") && in.at_end();
}

bool read_rfc850(std::string_view text, Parts& p) {
  Reader in(text);
  const bool read = in.day_name(true) && in.literal(", ") && in.number(2, p.day) &&
                    in.literal("-") && in.month(p.month) && in.literal("-") &&
                    in.number(2, p.year) && in.literal(" ") &&
                    in.time(p.hour, p.minute, p.second) && in.literal(" GMT") && in.at_end();
  p.year += p.year >= kFirstYearOfTwoDigits ? 1900 : 2000;
  return read;
}

bool read_asctime(std::string_view text, Parts& p) {
  Reader in(text);
  if (!in.day_name(false) || !in.literal(" ") || !in.month(p.month) || !in.literal(" ")) {
    return false;
  }
  const bool day = in.literal(" ") ? in.number(1, p.day) : in.number(2, p.day);
  return day && in.literal(" ") && in.time(p.hour, p.minute, p.second) && in.literal(" ") &&
         in.number(4, p.year) && in.at_end();
}

}  // namespace

void append_http_date(std::string& out, Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
  fmt::format_to(std::back_inserter(out), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                 kDays[std::chrono::weekday(day).c_encoding()].substr(0, 3),
                 static_cast<unsigned>(date.day()),
                 kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                 time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string format_http_date(Instant at) {
  std::string out;
  append_http_date(out, at);
  return out;
}

std::optional<Instant> parse_http_date(std::string_view text) {
  for (const auto read : {&read_fixed, &read_rfc850, &read_asctime}) {
    Parts p;
    if (!read(text, p)) continue;
    const std::chrono::year_month_day date{std::chrono::year(p.year),
                                           std::chrono::month(static_cast<unsigned>(p.month)),
                                           std::chrono::day(static_cast<unsigned>(p.day))};
    if (!date.ok() || p.hour > 23 || p.minute > 59 || p.second > 60) return std::nullopt;
    return Instant{std::chrono::sys_days(date)} + std::chrono::hours(p.hour) +
           std::chrono::minutes(p.minute) + std::chrono::seconds(p.second);
  }
  return std::nullopt;
}

}  // namespace concord::http
