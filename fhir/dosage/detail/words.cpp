#include "fhir/dosage/detail/words.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "fhir/core/instant.h"

namespace concord::dosage::detail {

namespace {

struct Words {
  std::string_view code;
  std::string_view text;
};

template <std::size_t kSize>
std::string_view find(const std::array<Words, kSize>& rows, std::string_view code) {
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const Words& candidate) { return candidate.code == code; });
  return row == rows.end() ? std::string_view() : row->text;
}

constexpr std::array kTimeUnits{TimeUnit{"s", "second", "every second", "a second"},
                                TimeUnit{"min", "minute", "every minute", "a minute"},
                                TimeUnit{"h", "hour", "hourly", "an hour"},
                                TimeUnit{"d", "day", "daily", "a day"},
                                TimeUnit{"wk", "week", "weekly", "a week"},
                                TimeUnit{"mo", "month", "monthly", "a month"},
                                TimeUnit{"a", "year", "annually", "a year"}};

// hl7.org/fhir/R4/valueset-event-timing.html
constexpr std::array kEvents{Words{"MORN", "during the morning"},
                             Words{"MORN.early", "during the early morning"},
                             Words{"MORN.late", "during the late morning"},
                             Words{"NOON", "around 12:00pm"},
                             Words{"AFT", "during the afternoon"},
                             Words{"AFT.early", "during the early afternoon"},
                             Words{"AFT.late", "during the late afternoon"},
                             Words{"EVE", "during the evening"},
                             Words{"EVE.early", "during the early evening"},
                             Words{"EVE.late", "during the late evening"},
                             Words{"NIGHT", "during the night"},
                             Words{"PHS", "once asleep"},
                             Words{"HS", "before sleep"},
                             Words{"WAKE", "upon waking"},
                             Words{"C", "at a meal"},
                             Words{"CM", "at breakfast"},
                             Words{"CD", "at lunch"},
                             Words{"CV", "at dinner"},
                             Words{"AC", "before a meal"},
                             Words{"ACM", "before breakfast"},
                             Words{"ACD", "before lunch"},
                             Words{"ACV", "before dinner"},
                             Words{"PC", "after a meal"},
                             Words{"PCM", "after breakfast"},
                             Words{"PCD", "after lunch"},
                             Words{"PCV", "after dinner"}};

// hl7.org/fhir/R4/valueset-days-of-week.html
constexpr std::array kWeekdays{Words{"mon", "Monday"},    Words{"tue", "Tuesday"},
                               Words{"wed", "Wednesday"}, Words{"thu", "Thursday"},
                               Words{"fri", "Friday"},    Words{"sat", "Saturday"},
                               Words{"sun", "Sunday"}};

/// The number of exactly these digits; nothing when one is none.
std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(value);
}

std::string two_digits(unsigned value) {
  return {static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)};
}

std::string written(const std::chrono::year_month_day& day) {
  const int year = static_cast<int>(day.year());
  return two_digits(static_cast<unsigned>(day.day())) + "/" +
         two_digits(static_cast<unsigned>(day.month())) + "/" +
         two_digits(static_cast<unsigned>(year / 100)) +
         two_digits(static_cast<unsigned>(year % 100));
}

}  // namespace

const TimeUnit* time_unit(std::string_view code) noexcept {
  const auto* row = std::find_if(kTimeUnits.begin(), kTimeUnits.end(),
                                 [&](const TimeUnit& unit) { return unit.code == code; });
  return row == kTimeUnits.end() ? nullptr : row;
}

std::string_view event_words(std::string_view code) noexcept { return find(kEvents, code); }

std::string_view weekday(std::string_view code) noexcept { return find(kWeekdays, code); }

std::string counted(std::string_view number, std::string_view unit) {
  std::string text(unit);
  const bool is_time = std::any_of(kTimeUnits.begin(), kTimeUnits.end(),
                                   [&](const TimeUnit& known) { return known.name == unit; });
  if (is_time && number != "1") text += 's';
  return text;
}

std::string list_of(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " and " : ", ";
    text += parts[i];
  }
  return text;
}

std::optional<std::string> day_of(std::string_view date_time) {
  if (date_time.size() == 10) {
    const auto year = digits(date_time.substr(0, 4));
    const auto month = digits(date_time.substr(5, 2));
    const auto day = digits(date_time.substr(8, 2));
    if (!year || !month || !day || date_time[4] != '-' || date_time[7] != '-') return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *year == 0) return std::nullopt;
    return written(date);
  }
  const auto instant = parse_instant(date_time);
  if (!instant) return std::nullopt;
  return written(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*instant)));
}

std::optional<std::string> time_of(std::string_view time) {
  if (time.size() < 8 || time.size() > 32 || time[2] != ':' || time[5] != ':') return std::nullopt;
  const auto hour = digits(time.substr(0, 2));
  const auto minute = digits(time.substr(3, 2));
  const auto second = digits(time.substr(6, 2));
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  if (time.size() > 8 && (time[8] != '.' || !digits(time.substr(9, 9)))) return std::nullopt;
  if (time.size() > 18 && time.find_first_not_of("0123456789", 18) != std::string_view::npos) {
    return std::nullopt;
  }
  return std::string(time.substr(0, *second == 0 ? 5 : 8));
}

std::string span_of_minutes(std::int64_t minutes) {
  std::int64_t count = minutes;
  std::string_view unit = "minute";
  if (minutes % (24 * 60) == 0) {
    count = minutes / (24 * 60);
    unit = "day";
  } else if (minutes % 60 == 0) {
    count = minutes / 60;
    unit = "hour";
  }
  const std::string number = std::to_string(count);
  return number + " " + counted(number, unit);
}

}  // namespace concord::dosage::detail
