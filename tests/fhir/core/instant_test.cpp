#include "fhir/core/instant.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace concord {
namespace {

std::string normal(std::string_view text) {
  auto parsed = parse_instant(text);
  EXPECT_THAT(parsed, IsOk()) << text;
  return parsed ? format_instant(*parsed) : "";
}

TEST(Instant, IsBroughtToUtcAndWrittenWithMillisecondsOnlyWhenThereAreAny) {
  EXPECT_EQ(normal("2022-02-01T00:00:00Z"), "2022-02-01T00:00:00Z");
  EXPECT_EQ(normal("2022-02-01T00:30:00+01:00"), "2022-01-31T23:30:00Z");
  EXPECT_EQ(normal("2022-12-31T23:59:59-14:00"), "2023-01-01T13:59:59Z");
  EXPECT_EQ(normal("2022-02-01T00:00:00.25Z"), "2022-02-01T00:00:00.250Z");
  EXPECT_EQ(normal("2022-02-01T00:00:00.1239999999Z"), "2022-02-01T00:00:00.123Z");
  EXPECT_EQ(normal("2020-02-29T12:00:00Z"), "2020-02-29T12:00:00Z");
  EXPECT_EQ(normal("1066-10-14T09:00:00Z"), "1066-10-14T09:00:00Z");
}

TEST(Instant, LeapSecondCountsAsTheSecondBefore) {
  EXPECT_EQ(normal("2016-12-31T23:59:60Z"), "2016-12-31T23:59:59Z");
}

TEST(Instant, RefusesWhatIsNoInstantOrNoRealDate) {
  for (const char* text : {"",
                           "2022",
                           "2022-02-01",
                           "2022-02-01T00:00Z",
                           "2022-02-01T00:00:00",
                           "2022-02-01 00:00:00Z",
                           "2022-02-01T00:00:00.Z",
                           "2022-02-01T00:00:00z",
                           "2022-02-01T00:00:00+0100",
                           "2022-02-01T00:00:00+15:00",
                           "2022-02-01T00:00:00+14:30",
                           "2022-02-01T00:00:00+01:60",
                           "2022-02-30T00:00:00Z",
                           "2021-02-29T00:00:00Z",
                           "2022-13-01T00:00:00Z",
                           "2022-00-01T00:00:00Z",
                           "0000-01-01T00:00:00Z",
                           "2022-02-01T24:00:00Z",
                           "2022-02-01T23:60:00Z",
                           "2022-02-01T23:59:61Z",
                           "2022-02-01T00:00:00ZZ",
                           "+022-02-01T00:00:00Z"}) {
    EXPECT_THAT(parse_instant(text), FailsWith(ErrorCode::invalid)) << text;
  }
}

TEST(Instant, TheSystemClockGivesWholeMilliseconds) {
  const Instant now = system_clock()();
  EXPECT_GT(now, *parse_instant("2026-01-01T00:00:00Z"));
  EXPECT_EQ(*parse_instant(format_instant(now)), now);
}

}  // namespace
}  // namespace concord
