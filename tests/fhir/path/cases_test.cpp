// Own cases by chapter of the standard: cases/*.json, inputs/*.json. One line each: name,
// expression, what it gives ("tag:text", "!code: text" for an error); concord::test::test_dir() is
// scanned, nothing listed.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "fhir/json/reader.h"
#include "tests/fhir/path/engine.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::path::test {

namespace fs = std::filesystem;

TEST(Cases, EachGivesWhatItSays) {
  const fs::path folder(concord::test::test_dir());
  std::map<std::string, tree::Document> inputs;
  for (const auto& file : fs::directory_iterator(folder / "inputs")) {
    inputs.emplace(file.path().stem().string(), resource(concord::test::read_file(file.path())));
  }
  std::size_t count = 0;
  for (const auto& file : fs::directory_iterator(folder / "cases")) {
    auto document = json::read_plain(concord::test::read_file(file.path()), engine().symbols);
    ASSERT_THAT(document, IsOk()) << file.path();
    for (const tree::Node& test : document->root().children()) {
      std::string name, input = "patient", expression;
      std::vector<std::string> expected;
      bool strict = false;
      for (const tree::Node& part : test.children()) {
        const std::string_view key = document->name(part);
        if (key == "name") name = part.text();
        if (key == "input") input = part.text();
        if (key == "expression") expression = part.text();
        if (key == "strict") strict = part.text() == "true";
        if (key == "expect") expected.emplace_back(part.text());
      }
      ASSERT_TRUE(inputs.contains(input)) << name;
      EXPECT_EQ(run(expression, inputs.at(input), strict), expected)
          << file.path().filename().string() << ": " << name << "\n  " << expression;
      ++count;
    }
  }
  EXPECT_GE(count, 180u);
}

}  // namespace concord::path::test
