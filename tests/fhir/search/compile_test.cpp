#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <set>
#include <string>

#include "tests/fhir/search/engine.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::search::test {
namespace {

// What is not served, and why. Everything else of R4 is.
TEST(Compile, EveryParameterOfR4IsServedButThoseListed) {
  std::set<std::string> left_out;
  for (const NotServed& one : engine().parameters->not_served()) {
    if (one.code == "_text" || one.code == "_content" || one.code == "_query") {
      EXPECT_EQ(one.why, "it has no expression");
      continue;
    }
    left_out.insert(one.type + "." + one.code + ": " + one.why);
  }
  const std::set<std::string> expected{
      "MolecularSequence.chromosome-variant-coordinate: it has more than two components on an "
      "element that repeats",
      "MolecularSequence.referenceseqid-variant-coordinate: it has more than two components on an "
      "element that repeats",
  };
  EXPECT_EQ(left_out, expected);
}

TEST(Compile, ExamplesOfR4AreIndexedWithoutError) {
  const auto folder = concord::test::corpus("fhir");
  if (!folder) return;
  std::size_t read = 0, rows = 0;
  for (const auto& file : std::filesystem::directory_iterator(*folder / "examples-r4")) {
    if (file.path().extension() != ".json") continue;
    const IndexValues values = values_of(concord::test::read_file(file.path()));
    ++read;
    rows += values.tokens.size() + values.texts.size() + values.periods.size() +
            values.numbers.size() + values.links.size();
  }
  EXPECT_GT(read, 100u);
  std::cout << read << " examples, " << rows << " rows\n";
}

}  // namespace
}  // namespace concord::search::test
