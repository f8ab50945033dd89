// Golden cases of answers: folders of answers/cases/, found by scanning.

#include <gmock/gmock.h>

#include "fhir/json/writer.h"
#include "tests/mappers/eps/world.h"
#include "tests/support/places.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;

std::string input_of(const fs::path& folder) {
  const fs::path xml = folder / "input.xml";
  return concord::test::read_file(fs::exists(xml) ? xml : folder / "input.json");
}

/// What is told beside the resource: kind, status, and what was lost.
std::string report_of(const mappers::Decoded& decoded) {
  std::string report = "kind " + decoded.message_kind + "\ninteraction " + decoded.interaction +
                       "\nmessage " + decoded.message_id + "\nrefers to " + decoded.refers_to +
                       "\nacknowledged " + decoded.acknowledged + "\nstatus " +
                       std::to_string(decoded.status) + "\n";
  for (const Issue& loss : decoded.losses) report += told(loss) + "\n";
  return report;
}

TEST(EpsAnswerCases, EveryCaseGivesItsExpectedResource) {
  std::size_t seen = 0;
  for (const fs::path& folder :
       concord::test::case_folders(fs::path(concord::test::test_dir()) / "answers" / "cases")) {
    SCOPED_TRACE(folder.filename().string());
    const auto decoded =
        World::get().mapper->decode(input_of(folder), {}, case_parameters(), nullptr);
    ASSERT_THAT(decoded, IsOk());
    const auto written = json::write(*decoded->resource, {.pretty = true});
    ASSERT_THAT(written, IsOk());
    concord::test::expect_golden(folder / "expected.json", *written + "\n");
    concord::test::expect_golden(folder / "report.txt", report_of(*decoded));
    EXPECT_TRUE(fs::exists(folder / "README.md")) << "a case says what it stems from";
    ++seen;
  }
  EXPECT_GE(seen, 20u);
}

TEST(EpsAnswerCases, IdentitiesComeFromTheCallerWhenItGivesThem) {
  const std::string input = concord::test::read_file(
      concord::test::test_dir() + "/answers/cases/cancellation_cancelled/input.xml");
  const auto with_seed = [&](const std::string& seed) {
    mappers::Parameters parameters = case_parameters();
    parameters.uuids = [seed] { return seed; };
    const auto decoded = World::get().mapper->decode(input, {}, parameters, nullptr);
    EXPECT_THAT(decoded, IsOk());
    return decoded ? *json::write(*decoded->resource) : std::string();
  };
  const std::string one = "0e8f8f3a-1f6b-4f0e-8a1c-5d2b7c9e0001";
  const std::string other = "0e8f8f3a-1f6b-4f0e-8a1c-5d2b7c9e0002";
  EXPECT_EQ(with_seed(one), with_seed(one));
  EXPECT_NE(with_seed(one), with_seed(other));
}

TEST(EpsAnswerCases, ATraceNamesTheMapAndThePlaceInTheMessage) {
  const std::string input = concord::test::read_file(
      concord::test::test_dir() + "/answers/cases/cancellation_cancelled/input.xml");
  mapping::TraceRecorder trace;
  const auto decoded = World::get().mapper->decode(input, {}, case_parameters(), &trace);
  ASSERT_THAT(decoded, IsOk());
  const std::string lines = mapping::trace_json_lines(trace);
  EXPECT_THAT(lines, testing::HasSubstr("eps/maps/answers/cancellation.map"));
  EXPECT_THAT(lines, testing::HasSubstr("CancellationResponse"));
  EXPECT_EQ(decoded->traced.size(), 2u);
}

}  // namespace
}  // namespace concord::eps::test
