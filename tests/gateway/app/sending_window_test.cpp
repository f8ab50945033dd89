#include "gateway/app/sending_window.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace concord::app {
namespace {

using agreements::OpeningSpan;


using testing::ElementsAre;
using testing::IsEmpty;

bool open_at(std::string_view window, const char* when) {
  const auto read = read_window(window);
  EXPECT_THAT(read, IsOk());
  return opening_of(*read)(*parse_instant(when)).open;
}

TEST(SendingWindow, ReadsDaysRangesAndSeveralSpans) {
  const auto window = read_window("Mon-Fri 08:00-18:30, Sat 09:00-12:00,Sat 14:00-16:00");
  ASSERT_THAT(window, IsOk());
  EXPECT_EQ(window->time_zone, "Europe/London");
  EXPECT_THAT(window->week[0], ElementsAre(OpeningSpan{480, 1110}));
  EXPECT_THAT(window->week[4], ElementsAre(OpeningSpan{480, 1110}));
  EXPECT_THAT(window->week[5], ElementsAre(OpeningSpan{540, 720}, OpeningSpan{840, 960}));
  EXPECT_THAT(window->week[6], IsEmpty());
}

TEST(SendingWindow, ARangeMayRunOverTheEndOfTheWeekAndSpansThatTouchAreOne) {
  const auto window = read_window("Sat-Mon 12:00-24:00, Sun 00:00-12:00");
  ASSERT_THAT(window, IsOk());
  EXPECT_THAT(window->week[0], ElementsAre(OpeningSpan{720, 1440}));
  EXPECT_THAT(window->week[1], IsEmpty());
  EXPECT_THAT(window->week[5], ElementsAre(OpeningSpan{720, 1440}));
  EXPECT_THAT(window->week[6], ElementsAre(OpeningSpan{0, 1440}));
}

TEST(SendingWindow, WhatIsNoWindowIsRefused) {
  for (const char* text :
       {"", " ", "Mon", "Mon 8:00-18:00", "Mon 08:00", "Mon 18:00-08:00", "Mon 08:00-08:00",
        "Mon 08:00-25:00", "Mon 08:60-09:00", "Mon 00:00-24:01", "Monday 08:00-18:00",
        "mon 08:00-18:00", "Mon-Fri-Sat 08:00-18:00", "Mon 08:00-18:00,", "Mon 08:00-18:00; Tue",
        "Mon 08:00-12:00, Mon 11:59-13:00", "Mon -8:00-18:00", "Mon +8:00-18:00"}) {
    EXPECT_THAT(read_window(text), FailsWith(ErrorCode::invalid)) << text;
  }
}

TEST(SendingWindow, HoldsInLondonCivilTime) {
  constexpr std::string_view kOffice = "Mon-Fri 08:00-18:30";
  // Winter: UTC.
  EXPECT_FALSE(open_at(kOffice, "2026-01-05T07:59:59Z"));
  EXPECT_TRUE(open_at(kOffice, "2026-01-05T08:00:00Z"));
  EXPECT_TRUE(open_at(kOffice, "2026-01-05T18:29:59Z"));
  EXPECT_FALSE(open_at(kOffice, "2026-01-05T18:30:00Z"));
  EXPECT_FALSE(open_at(kOffice, "2026-01-04T12:00:00Z")) << "a Sunday";
  // Summer: an hour earlier in UTC.
  EXPECT_FALSE(open_at(kOffice, "2026-06-01T06:59:59Z"));
  EXPECT_TRUE(open_at(kOffice, "2026-06-01T07:00:00Z"));
  EXPECT_FALSE(open_at(kOffice, "2026-06-01T17:30:00Z"));
  // Past midnight in London while it is still Friday in UTC.
  EXPECT_TRUE(open_at("Sat 00:00-01:00", "2026-06-05T23:30:00Z"));
}

TEST(SendingWindow, IsAskedAgainAtTheNextFullMinute) {
  const auto opening = opening_of(*read_window("Mon-Sun 00:00-24:00"));
  EXPECT_EQ(opening(*parse_instant("2026-06-05T10:00:00Z")).until,
            *parse_instant("2026-06-05T10:01:00Z"));
  EXPECT_EQ(opening(*parse_instant("2026-06-05T10:00:59.999Z")).until,
            *parse_instant("2026-06-05T10:01:00Z"));
}

}  // namespace
}  // namespace concord::app
