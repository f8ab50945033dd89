#include "gateway/agreements/turnaround.h"

#include <gmock/gmock.h>

#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::agreements {
namespace {

using testing::ElementsAre;

Instant utc(std::string_view text) {
  auto at = parse_instant(text);
  EXPECT_THAT(at, IsOk());
  return at ? *at : Instant{};
}

Calendar calendar(std::string_view yaml) {
  auto read = read_calendar(yaml, "test.yaml");
  EXPECT_THAT(read, IsOk());
  return read ? *std::move(read) : Calendar{};
}

Calendar weekdays_nine_to_six() {
  return calendar(R"(
id: weekdays
time_zone: Europe/London
opening:
  monday: ["09:00-18:00"]
  tuesday: ["09:00-18:00"]
  wednesday: ["09:00-18:00"]
  thursday: ["09:00-18:00"]
  friday: ["09:00-18:00"]
closed_on: [2026-12-25, 2026-12-28]
)");
}

Calendar always_open() {
  return calendar(R"(
id: always
time_zone: Europe/London
opening:
  monday: ["00:00-24:00"]
  tuesday: ["00:00-24:00"]
  wednesday: ["00:00-24:00"]
  thursday: ["00:00-24:00"]
  friday: ["00:00-24:00"]
  saturday: ["00:00-24:00"]
  sunday: ["00:00-24:00"]
)");
}

void expect_due(std::string_view received, int minutes, const Calendar& opening,
                std::string_view expected) {
  const auto due = due_at(utc(received), WorkingMinutes{minutes}, opening);
  ASSERT_THAT(due, IsOk()) << received;
  EXPECT_EQ(format_instant(*due), expected) << received;
}

TEST(Turnaround, FridayAfternoonRequestIsDueOnMondayWhenTheBranchIsClosedAtWeekends) {
  expect_due("2026-06-05T16:00:00Z", 120, weekdays_nine_to_six(), "2026-06-08T09:00:00Z");
}

TEST(Turnaround, AllowanceThatEndsWithTheDayIsDueAtClosing) {
  expect_due("2026-06-05T16:00:00Z", 60, weekdays_nine_to_six(), "2026-06-05T17:00:00Z");
}

TEST(Turnaround, RequestBeforeOpeningCountsFromOpening) {
  expect_due("2026-06-05T03:00:00Z", 1, weekdays_nine_to_six(), "2026-06-05T08:01:00Z");
}

TEST(Turnaround, RequestAtClosingCountsFromTheNextDay) {
  expect_due("2026-06-04T17:00:00Z", 1, weekdays_nine_to_six(), "2026-06-05T08:01:00Z");
}

TEST(Turnaround, FractionsOfASecondAreKept) {
  expect_due("2026-06-05T10:00:00.250Z", 1, weekdays_nine_to_six(), "2026-06-05T10:01:00.250Z");
}

TEST(Turnaround, BankHolidaysAndWeekendsAreSkipped) {
  // Thursday 24 December 17:30 in London; 25 and 28 closed, 26 and 27 a weekend.
  expect_due("2026-12-24T17:30:00Z", 60, weekdays_nine_to_six(), "2026-12-29T09:30:00Z");
}

TEST(Turnaround, CivilTimeIsKeptAcrossTheSpringClockChange) {
  // Friday 27 March 2026 is in winter time, Monday 30 March in summer time.
  expect_due("2026-03-27T17:00:00Z", 120, weekdays_nine_to_six(), "2026-03-30T09:00:00Z");
}

TEST(Turnaround, CivilTimeIsKeptAcrossTheAutumnClockChange) {
  expect_due("2026-10-23T16:00:00Z", 120, weekdays_nine_to_six(), "2026-10-26T10:00:00Z");
}

TEST(Turnaround, ADayThatIsOpenAcrossTheChangeHasTheHoursItReallyHas) {
  // 29 March 2026 has 23 hours, 25 October 2026 has 25.
  expect_due("2026-03-29T00:00:00Z", 24 * 60, always_open(), "2026-03-30T00:00:00Z");
  const auto spring = working_minutes_between(utc("2026-03-29T00:00:00Z"),
                                              utc("2026-03-29T23:00:00Z"), always_open());
  ASSERT_THAT(spring, IsOk());
  EXPECT_EQ(spring->count(), 23 * 60);
  const auto autumn = working_minutes_between(utc("2026-10-24T23:00:00Z"),
                                              utc("2026-10-26T00:00:00Z"), always_open());
  ASSERT_THAT(autumn, IsOk());
  EXPECT_EQ(autumn->count(), 25 * 60);
}

TEST(Turnaround, DueTimeAndCountedTimeAgree) {
  const Calendar opening = weekdays_nine_to_six();
  for (int hours = 0; hours < 24 * 30; hours += 5) {
    const Instant received = utc("2026-12-10T07:31:00Z") + std::chrono::hours{hours};
    for (const int minutes : {1, 59, 60, 540, 541, 2700}) {
      const auto due = due_at(received, WorkingMinutes{minutes}, opening);
      ASSERT_THAT(due, IsOk());
      EXPECT_GT(*due, received);
      const auto counted = working_minutes_between(received, *due, opening);
      ASSERT_THAT(counted, IsOk());
      EXPECT_EQ(counted->count(), minutes) << format_instant(received);
    }
  }
}

TEST(Turnaround, AllowanceOfNothingIsInvalid) {
  EXPECT_THAT(due_at(utc("2026-06-05T16:00:00Z"), WorkingMinutes{0}, always_open()),
              FailsWith(ErrorCode::invalid));
  EXPECT_THAT(due_at(utc("2026-06-05T16:00:00Z"), WorkingMinutes{-5}, always_open()),
              FailsWith(ErrorCode::invalid));
}

TEST(Turnaround, NoOpeningInSixtyDaysIsNotFound) {
  Calendar closed = weekdays_nine_to_six();
  for (int day = 0; day < 61; ++day) {
    closed.closed_on.insert(std::chrono::floor<std::chrono::days>(utc("2026-06-05T00:00:00Z")) +
                            std::chrono::days{day});
  }
  EXPECT_THAT(due_at(utc("2026-06-05T16:00:00Z"), WorkingMinutes{5}, closed),
              FailsWith(ErrorCode::not_found));
}

TEST(Turnaround, AllowanceBeyondAYearOfOpeningIsNotFound) {
  EXPECT_THAT(due_at(utc("2026-06-05T16:00:00Z"), WorkingMinutes{INT32_MAX}, always_open()),
              FailsWith(ErrorCode::not_found));
}

TEST(Turnaround, UnknownZoneIsInternal) {
  Calendar lost = always_open();
  lost.time_zone = "Europe/Camelot";
  EXPECT_THAT(due_at(utc("2026-06-05T16:00:00Z"), WorkingMinutes{5}, lost),
              FailsWith(ErrorCode::internal));
}

TEST(Turnaround, OpenAtOpeningAndClosedAtClosing) {
  const Calendar opening = weekdays_nine_to_six();
  const auto open = [&](std::string_view at) {
    const auto result = is_open(utc(at), opening);
    return result.has_value() && *result;
  };
  EXPECT_TRUE(open("2026-06-05T08:00:00Z"));
  EXPECT_FALSE(open("2026-06-05T07:59:59.999Z"));
  EXPECT_FALSE(open("2026-06-05T17:00:00Z"));
  EXPECT_FALSE(open("2026-06-06T10:00:00Z"));
}

std::vector<std::string> faults(std::string_view yaml) {
  const auto read = read_calendar(yaml, "c.yaml");
  std::vector<std::string> texts;
  if (read) return texts;
  EXPECT_EQ(read.error().code, ErrorCode::invalid);
  for (const Issue& issue : read.error().issues) texts.push_back(issue.text);
  return texts;
}

TEST(CalendarFile, EveryFaultIsNamedWithLineAndColumn) {
  EXPECT_THAT(
      faults("id: x\ntime_zone: Europe/Camelot\nopening: {monday: [\"10:00-09:00\"]}\nhols: []\n"),
      ElementsAre("c.yaml:4:1: unknown key 'hols' in a calendar; known are id, time_zone, "
                  "opening, closed_on",
                  "c.yaml:2:12: unknown time zone; names are like Europe/London",
                  "c.yaml:3:20: an opening must be like \"09:00-18:00\" and end after it "
                  "starts"));
  EXPECT_THAT(faults("id: x\ntime_zone: Europe/London\nopening: {monday: []}\n"),
              ElementsAre("c.yaml:3:10: a calendar must open at some time of the week"));
  EXPECT_THAT(faults("id: x\ntime_zone: Europe/London\nopening: {monday: [\"09:00-12:00\", "
                     "\"12:00-18:00\"]}\nclosed_on: [2026-02-30]\n"),
              ElementsAre("c.yaml:3:35: openings of a day must follow each other with a gap",
                          "c.yaml:4:13: 'closed_on' must hold dates like 2026-12-25"));
  EXPECT_THAT(faults("id: [\n"), testing::SizeIs(1));
  EXPECT_THAT(faults(""), ElementsAre("c.yaml:1:1: the file must hold one mapping"));
}

TEST(CalendarFile, ShippedCalendarsRead) {
  std::size_t read = 0;
  for (const auto& file : std::filesystem::directory_iterator(
           std::filesystem::path(concord::test::source_dir()) / "gateway/agreements/calendars")) {
    EXPECT_THAT(read_calendar(test::read_file(file.path()), file.path().filename().string()),
                IsOk());
    ++read;
  }
  EXPECT_GE(read, 2u);
}

}  // namespace
}  // namespace concord::agreements
