// The table of cases in mappers/eps/README.md is written by this test.

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "mappers/eps/decoder.h"
#include "mappers/eps/message_kind.h"
#include "tests/mappers/eps/corpus.h"
#include "tests/mappers/eps/world.h"
#include "tests/support/places.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStart = "<!-- cases: written by tests/mappers/eps/table_test.cpp -->\n";
constexpr std::string_view kEnd = "<!-- end of cases -->\n";

/// What a message has: pairs published, golden cases of our own, ways to read it back.
struct Counts {
  std::size_t pairs = 0;
  std::size_t cases = 0;
};

std::map<std::string, Counts> counts() {
  std::map<std::string, Counts> counted;
  for (const PublishedPair& pair : published_pairs()) {
    const auto encoded = translate(pair.request, pair.parameters);
    if (encoded && encoded->bytes == pair.expected) ++counted[encoded->message_kind].pairs;
  }
  for (const fs::path& folder : case_folders()) {
    const auto encoded = translate(concord::test::read_file(folder / "input.json"));
    if (encoded && encoded->bytes + "\n" == concord::test::read_file(folder / "expected.xml")) {
      ++counted[encoded->message_kind].cases;
    }
  }
  return counted;
}

bool is_read(std::string_view interaction) {
  const auto rows = readable();
  return std::any_of(rows.begin(), rows.end(),
                     [&](const Readable& row) { return row.interaction == interaction; });
}

std::string table() {
  const auto counted = counts();
  std::string text(kStart);
  text += "| message | FHIR | HL7 v3 | published pairs equal | own cases | read back |\n";
  text += "|---|---|---|---:|---:|---|\n";
  Counts all;
  for (const MessageKind& kind : message_kinds()) {
    const auto found = counted.find(std::string(kind.name));
    const Counts of_kind = found == counted.end() ? Counts{} : found->second;
    all.pairs += of_kind.pairs;
    all.cases += of_kind.cases;
    text += "| `" + std::string(kind.name) + "` | " + std::string(kind.resource) + " | " +
            std::string(kind.interaction) + " | " + std::to_string(of_kind.pairs) + " | " +
            std::to_string(of_kind.cases) + " | " + (is_read(kind.interaction) ? "yes" : "no") +
            " |\n";
  }
  text += "| all | | | " + std::to_string(all.pairs) + " | " + std::to_string(all.cases) + " | |\n";
  text += kEnd;
  return text;
}

TEST(EpsTable, TheTableOfCasesIsTheOneThisTestWrites) {
  if (published_pairs().empty()) GTEST_SKIP() << "corpus absent: published pairs cannot be counted";
  const fs::path readme = fs::path(concord::test::test_dir()) / "../../../mappers/eps/README.md";
  const std::string text = concord::test::read_file(readme);
  const std::size_t start = text.find(kStart);
  const std::size_t end = text.find(kEnd);
  ASSERT_NE(start, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  concord::test::expect_golden(readme,
                               text.substr(0, start) + table() + text.substr(end + kEnd.size()));
}

TEST(EpsTable, EveryMessageHasACaseOfOurOwn) {
  const auto counted = counts();
  for (const MessageKind& kind : message_kinds()) {
    const auto found = counted.find(std::string(kind.name));
    ASSERT_NE(found, counted.end()) << kind.name;
    EXPECT_GE(found->second.cases, 1u) << kind.name;
  }
}

}  // namespace
}  // namespace concord::eps::test
