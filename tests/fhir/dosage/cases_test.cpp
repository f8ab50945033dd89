// Golden cases of our own (cases/*.json) and the published ones of the EPS FHIR API (corpus eps,
// dosage), both scanned.
#include <gmock/gmock.h>

#include <iostream>

#include "fhir/dosage/dosage.h"
#include "fhir/json/reader.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::dosage {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  std::vector<const tree::Node*> dosages;
  std::optional<std::string> text;
  std::string error;
};

Case case_of(const tree::Document& document, const tree::Node& node) {
  Case made;
  for (const tree::Node& part : node.children()) {
    const std::string_view key = document.name(part);
    if (key == "name") made.name = part.text();
    if (key == "dosageInstruction") made.dosages.push_back(&part);
    if (key == "text") made.text = part.text();
    if (key == "error") made.error = part.text();
  }
  return made;
}

/// "invalid dosageInstruction[0].route: a concept needs a coding"
std::string shown(const Error& error) {
  const Issue& issue = error.issues.front();
  std::string expression = issue.expression;
  expression.erase(0, std::min(expression.find("dosageInstruction"), expression.size()));
  return std::string(error_row(error.code).name) + " " + expression + ": " + issue.text;
}

}  // namespace

TEST(Cases, OwnOnesGiveTheirTextOrTheirError) {
  tree::Symbols symbols;
  std::size_t count = 0;
  for (const auto& file : fs::directory_iterator(fs::path(concord::test::test_dir()) / "cases")) {
    if (file.path().extension() != ".json") continue;
    const auto document = json::read_plain(concord::test::read_file(file.path()), symbols);
    ASSERT_THAT(document, IsOk()) << file.path();
    for (const tree::Node& node : document->root().children()) {
      const Case test = case_of(*document, node);
      const auto text = to_text(*document, test.dosages);
      if (test.text) {
        ASSERT_THAT(text, IsOk()) << test.name;
        EXPECT_EQ(*text, *test.text) << test.name;
      } else {
        ASSERT_FALSE(text.has_value()) << test.name << ": " << *text;
        std::string found = shown(text.error());
        // A list of one is written without its index, for the eye.
        if (test.dosages.size() == 1) {
          const std::size_t index = found.find("dosageInstruction[0]");
          if (index != std::string::npos) found.erase(index + 17, 3);
        }
        EXPECT_EQ(found, test.error) << test.name;
      }
      ++count;
    }
  }
  EXPECT_GE(count, 100u);
}

TEST(Cases, PublishedOnesGiveTheirText) {
  const auto folder = concord::test::corpus("eps/dosage");
  if (!folder) return;
  tree::Symbols symbols;
  std::size_t count = 0;
  for (const auto& file : fs::directory_iterator(*folder)) {
    if (file.path().extension() != ".json") continue;
    const auto document = json::read_plain(concord::test::read_file(file.path()), symbols);
    ASSERT_THAT(document, IsOk()) << file.path();
    for (const tree::Node& node : document->root().children()) {
      if (document->name(node) != "cases") continue;
      const Case test = case_of(*document, node);
      const auto text = to_text(*document, test.dosages);
      EXPECT_EQ(text.has_value(), test.text.has_value())
          << test.name << ": " << (text ? *text : to_string(text.error()));
      if (text && test.text) {
        EXPECT_EQ(*text, *test.text) << test.name;
      }
      ++count;
    }
  }
  std::cout << "published dosage cases: " << count << "\n";
  EXPECT_GE(count, 1u);
}

}  // namespace concord::dosage
