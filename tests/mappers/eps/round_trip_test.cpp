// FHIR to HL7 v3 and back: what is lost or changed, as a golden file for each message that is read
// back.

#include "mappers/core/round_trip.h"

#include <gmock/gmock.h>

#include <regex>
#include <set>

#include "tests/mappers/eps/world.h"
#include "tests/support/places.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;
using mappers::RoundTripChange;

/// Without the line and column of rules: they move whenever a map is edited.
std::string without_lines(const std::string& report) {
  static const std::regex kPlace(R"(\.map:[0-9]+:[0-9]+\))");
  return std::regex_replace(report, kPlace, ".map)");
}

TEST(EpsRoundTrip, EveryMessageThatIsReadBackLosesWhatItsGoldenFileSays) {
  const fs::path folder = fs::path(concord::test::test_dir()) / "round_trips";
  std::set<std::string> kinds;
  for (const fs::path& one : case_folders()) {
    if (!fs::exists(one / "input.json")) continue;
    const std::string input = concord::test::read_file(one / "input.json");
    const auto encoded = translate(input);
    ASSERT_THAT(encoded, IsOk()) << one;
    // The first case of a kind, and those a file was written for.
    const fs::path golden = folder / (one.filename().string() + ".txt");
    if (!kinds.insert(encoded->message_kind).second && !fs::exists(golden)) continue;
    const tree::Document message = typed(input);
    const auto report = mappers::round_trip(message, *World::get().mapper, case_parameters());
    if (!report) {
      EXPECT_EQ(report.error().code, ErrorCode::unsupported)
          << one << ": " << to_string(report.error());
      continue;
    }
    SCOPED_TRACE(one.filename().string());
    concord::test::expect_golden(golden, without_lines(mappers::round_trip_text(*report)));
    EXPECT_GT(report->kept, 10u);
    for (const RoundTripChange& change : report->changes) {
      if (change.kind == RoundTripChange::Kind::lost) continue;
      EXPECT_FALSE(change.backward.empty() && change.reason != "comes with its parent")
          << change.path << " has no rule";
    }
  }
}

TEST(EpsRoundTrip, AReportHoldsNoValueUnlessAsked) {
  const tree::Document message = typed(case_input("patient_demographics"));
  const auto report = mappers::round_trip(message, *World::get().mapper, case_parameters());
  if (!report) {
    ASSERT_EQ(report.error().code, ErrorCode::unsupported);
    return;
  }
  const std::string plain = mappers::round_trip_text(*report);
  const std::string with_values = mappers::round_trip_text(*report, true);
  std::size_t shown = 0;
  for (const RoundTripChange& change : report->changes) {
    for (const std::string& value : {change.before, change.after}) {
      if (value.size() < 12) continue;
      EXPECT_EQ(plain.find(value), std::string::npos) << change.path;
      shown += with_values.find(value) != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_GT(shown, 0u);
}

}  // namespace
}  // namespace concord::eps::test
