// Golden cases, found by scanning: cases/<name>/{*.map, input.json | input.xml + model.txt,
// expected.json | expected.xml, trace.txt, losses.txt, README.md}.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fhir/mapping/fixture.h"
#include "tests/support/files.h"

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
  const std::map<std::string, std::string, std::less<>> parameters{{"who", "tester"}};
  RunOptions run_options;
  run_options.now = *parse_instant("2026-06-01T12:00:00Z");
  run_options.parameters = &parameters;
  const Ran ran = run(*maps, source, run_options);
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

INSTANTIATE_TEST_SUITE_P(Folder, Cases,
                         testing::ValuesIn(concord::test::case_folders(fs::path(CONCORD_TEST_DIR) /
                                                                       "cases")),
                         [](const auto& each) { return each.param.filename().string(); });

}  // namespace
}  // namespace concord::mapping::test
