// Golden cases, found by scanning: cases/<name>/{*.map, input.json | input.xml + model.txt,
// input2.json …,
// expected.json | expected.xml, trace.txt, losses.txt, README.md}.
#include <gtest/gtest.h>

#include <algorithm>

#include "fhir/json/writer.h"
#include "fhir/mapping/structure_map.h"
#include "tests/fhir/mapping/fixture.h"
#include "tests/support/files.h"
#include "tests/support/places.h"

namespace concord::mapping::test {
namespace {

namespace fs = std::filesystem;
using concord::test::read_file;

std::vector<MapSource> maps_of(const fs::path& folder) {
  std::vector<MapSource> sources;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".map") continue;
    sources.push_back({entry.path().filename().string(), read_file(entry.path())});
  }
  std::sort(sources.begin(), sources.end(),
            [](const MapSource& a, const MapSource& b) { return a.name < b.name; });
  return sources;
}

/// input2.json, input3.json …: further sources.
std::vector<tree::Document> more_inputs(const fs::path& folder) {
  std::vector<tree::Document> more;
  for (int number = 2;; ++number) {
    const fs::path file = folder / ("input" + std::to_string(number) + ".json");
    if (!fs::exists(file)) return more;
    more.push_back(json(read_file(file)));
  }
}

class Cases : public testing::TestWithParam<fs::path> {};

TEST_P(Cases, GivesTheExpectedTargetTraceAndLosses) {
  const fs::path& folder = GetParam();
  EXPECT_TRUE(fs::exists(folder / "README.md"));
  CompileOptions options;
  options.parameters = {"who"};
  const auto maps = compile(maps_of(folder), options);
  ASSERT_THAT(maps, IsOk());
  const bool from_xml = fs::exists(folder / "input.xml");
  std::string model = from_xml ? read_file(folder / "model.txt") : std::string();
  model.erase(model.find_last_not_of(" \n") + 1);
  const tree::Document source = from_xml ? xml(read_file(folder / "input.xml"), model)
                                         : json(read_file(folder / "input.json"));
  const std::vector<tree::Document> more = more_inputs(folder);
  const std::map<std::string, std::string, std::less<>> parameters{{"who", "tester"}};
  RunOptions run_options;
  run_options.now = *parse_instant("2026-06-01T12:00:00Z");
  run_options.parameters = &parameters;
  const Ran ran = run(*maps, source, run_options, {}, more);
  ASSERT_THAT(ran.report, IsOk());
  EXPECT_EQ(ran.report->writes, ran.trace.writes().size());

  const bool to_json = ran.target.root().is(tree::Flag::resource);
  concord::test::expect_golden(folder / (to_json ? "expected.json" : "expected.xml"),
                               written(ran.target));
  concord::test::expect_golden(folder / "trace.txt", trace_text(ran.trace));
  std::string losses;
  for (const Issue& issue : unread(ran.reads, source, source.root())) {
    losses += issue.expression + ' ' + std::to_string(issue.position.line) + ':' +
              std::to_string(issue.position.column) + '\n';
  }
  concord::test::expect_golden(folder / "losses.txt", losses);
}

/// The same maps as StructureMaps.
std::vector<MapSource> as_resources(const std::vector<MapSource>& sources, ResourceForm form) {
  std::vector<MapSource> made;
  for (const MapSource& source : sources) {
    const tree::Symbols symbols;
    const auto resource = to_resource(source, symbols, form);
    EXPECT_THAT(resource, IsOk());
    if (resource) made.push_back({source.name, concord::json::write(*resource).value_or("")});
  }
  return made;
}

TEST_P(Cases, DoTheSameAsTextInOneFormAndAsStructureMaps) {
  const fs::path& folder = GetParam();
  const std::vector<MapSource> written_by_hand = maps_of(folder);
  std::vector<MapSource> printed;
  for (const MapSource& source : written_by_hand) {
    const auto text = to_text(source);
    ASSERT_THAT(text, IsOk());
    EXPECT_EQ(to_text({source.name, *text}).value_or(""), *text);
    printed.push_back({source.name, *text});
  }
  const bool from_xml = fs::exists(folder / "input.xml");
  std::string model = from_xml ? read_file(folder / "model.txt") : std::string();
  model.erase(model.find_last_not_of(" \n") + 1);
  const tree::Document source = from_xml ? xml(read_file(folder / "input.xml"), model)
                                         : json(read_file(folder / "input.json"));
  CompileOptions options;
  options.parameters = {"who"};
  const std::vector<tree::Document> more = more_inputs(folder);
  const std::map<std::string, std::string, std::less<>> parameters{{"who", "tester"}};
  RunOptions run_options;
  run_options.now = *parse_instant("2026-06-01T12:00:00Z");
  run_options.parameters = &parameters;
  for (const std::vector<MapSource>& sources :
       {printed, as_resources(written_by_hand, ResourceForm::r4),
        as_resources(written_by_hand, ResourceForm::r5)}) {
    const auto maps = compile(sources, options);
    ASSERT_THAT(maps, IsOk());
    const Ran ran = run(*maps, source, run_options, {}, more);
    ASSERT_THAT(ran.report, IsOk());
    const bool to_json = ran.target.root().is(tree::Flag::resource);
    EXPECT_EQ(written(ran.target),
              read_file(folder / (to_json ? "expected.json" : "expected.xml")));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Folder, Cases,
    testing::ValuesIn(concord::test::case_folders(fs::path(concord::test::test_dir()) / "cases")),
    [](const auto& each) { return each.param.filename().string(); });

}  // namespace
}  // namespace concord::mapping::test
