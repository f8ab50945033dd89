// Published examples: read, written and read again they say the same, and canonical bytes stay.
#include <gmock/gmock.h>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"
#include "tests/support/trees.h"

namespace concord::json {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> json_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void expect_round_trip(const fs::path& file) {
  SCOPED_TRACE(file.string());
  tree::Symbols symbols;
  const std::string source = test::read_file(file);
  auto read_once = read(source, symbols);
  ASSERT_THAT(read_once, IsOk());
  auto canonical = write(*read_once);
  ASSERT_THAT(canonical, IsOk());
  auto read_again = read(*canonical, symbols);
  ASSERT_THAT(read_again, IsOk());
  EXPECT_EQ(test::outline(*read_once), test::outline(*read_again));
  auto written_again = write(*read_again);
  ASSERT_THAT(written_again, IsOk());
  EXPECT_EQ(*written_again, *canonical);
  auto pretty = write(*read_once, {.pretty = true});
  ASSERT_THAT(pretty, IsOk());
  auto from_pretty = read(*pretty, symbols);
  ASSERT_THAT(from_pretty, IsOk());
  EXPECT_EQ(*write(*from_pretty), *canonical);
}

TEST(JsonCorpus, EveryR4ExampleKeepsItsContentAndItsCanonicalBytes) {
  const auto folder = test::corpus("fhir");
  if (!folder) GTEST_SKIP();
  const auto files = json_files(*folder / "examples-r4");
  EXPECT_GT(files.size(), 200u);
  for (const fs::path& file : files) {
    if (file.filename() != "manifest.json") expect_round_trip(file);
  }
}

TEST(JsonCorpus, EveryEpsRequestKeepsItsContentAndItsCanonicalBytes) {
  const auto folder = test::corpus("eps");
  if (!folder) GTEST_SKIP();
  std::size_t count = 0;
  for (const fs::path& file : json_files(*folder / "convert")) {
    if (file.filename() != "request.json") continue;
    if (file.parent_path().filename() == "secondary-community-acute-np-cp-1" &&
        file.parent_path().parent_path().filename() == "cancel") {
      // As published it has "focus": [] in its MessageHeader, which FHIR does not allow.
      tree::Symbols symbols;
      EXPECT_THAT(read(test::read_file(file), symbols), FailsWith(ErrorCode::invalid));
      continue;
    }
    expect_round_trip(file);
    ++count;
  }
  EXPECT_GE(count, 50u);
}

}  // namespace
}  // namespace concord::json
