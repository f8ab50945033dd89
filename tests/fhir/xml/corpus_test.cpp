// Published messages: read and written again they are the same bytes.
#include <gmock/gmock.h>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/xml/canonical.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"
#include "tests/support/trees.h"

namespace concord::xml {
namespace {

namespace fs = std::filesystem;

std::string without_final_line_feed(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

TEST(XmlCorpus, EveryEpsMessageIsWrittenBackToItsBytes) {
  const auto folder = test::corpus("eps");
  if (!folder) GTEST_SKIP();
  std::size_t count = 0;
  for (const auto& kind : test::case_folders(*folder / "convert")) {
    for (const auto& one : test::case_folders(kind)) {
      const fs::path file = one / "expected.xml";
      if (!fs::exists(file)) continue;
      SCOPED_TRACE(file.string());
      tree::Symbols symbols;
      const std::string expected = without_final_line_feed(test::read_file(file));
      auto message = read(expected, symbols);
      ASSERT_THAT(message, IsOk());
      auto written = write(*message);
      ASSERT_THAT(written, IsOk());
      EXPECT_EQ(*written, expected);
      ++count;
    }
  }
  EXPECT_GE(count, 50u);
}

TEST(XmlCorpus, SignatureFragmentsHaveTheirPublishedCanonicalForm) {
  const auto folder = test::corpus("eps");
  if (!folder) GTEST_SKIP();
  const fs::path fragments = *folder / "signature" / "fragments";
  tree::Symbols symbols;
  auto tree = read(test::read_file(fragments / "request.xml"), symbols);
  ASSERT_THAT(tree, IsOk());
  auto compact = write(*tree, {.declaration = false, .indent = 0});
  ASSERT_THAT(compact, IsOk());
  auto canonical = canonicalise(*compact);
  ASSERT_THAT(canonical, IsOk());
  EXPECT_EQ(*canonical, without_final_line_feed(test::read_file(fragments / "expected.txt")));
  // Written with end tags it is in that form without libxml2.
  EXPECT_EQ(*write(*tree, {.declaration = false, .indent = 0, .expand_empty = true}), *canonical);
}

// JSON → tree → FHIR XML → tree: the same content, but for what only definitions know (which
// primitives are numbers, which elements are arrays).
TEST(XmlCorpus, EveryR4ExampleSurvivesTheWayThroughFhirXml) {
  const auto folder = test::corpus("fhir");
  if (!folder) GTEST_SKIP();
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(*folder / "examples-r4")) {
    if (entry.path().extension() != ".json" || entry.path().filename() == "manifest.json") continue;
    SCOPED_TRACE(entry.path().string());
    tree::Symbols symbols;
    auto from_json = json::read(test::read_file(entry.path()), symbols);
    ASSERT_THAT(from_json, IsOk());
    auto as_xml = write_fhir(*from_json);
    ASSERT_THAT(as_xml, IsOk());
    auto from_xml = read_fhir(*as_xml, symbols);
    ASSERT_THAT(from_xml, IsOk());
    auto again = write_fhir(*from_xml);
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(*again, *as_xml);
    auto indented = write_fhir(*from_json, {.indent = 2});
    ASSERT_THAT(indented, IsOk());
    auto from_indented = read_fhir(*indented, symbols);
    ASSERT_THAT(from_indented, IsOk());
    EXPECT_EQ(*write_fhir(*from_indented), *as_xml);
    ++count;
  }
  EXPECT_GT(count, 200u);
}

}  // namespace
}  // namespace concord::xml
