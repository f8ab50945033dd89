#include <gtest/gtest.h>

#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "tests/fhir/search/engine.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::search::test {
namespace {

TEST(Packages, ParametersOfThePublishedExtensionsCompile) {
  const auto folder = concord::test::corpus("fhir");
  if (!folder) return;
  packages::Registry registry(*engine().definitions);
  const auto added = registry.add(*folder / "packages" / "hl7.fhir.uv.extensions.r4-5.3.0.tgz");
  ASSERT_THAT(added, IsOk());
  Parameters::Sources sources;
  sources.definitions = engine().definitions.get();
  sources.functions = &engine().functions;
  for (const packages::Entry* entry : registry.all("SearchParameter")) {
    const auto document = registry.document(*entry);
    ASSERT_THAT(document, IsOk()) << entry->url;
    sources.more.push_back(*document);
  }
  EXPECT_GE(sources.more.size(), 20u);
  const auto made = Parameters::compile(sources);
  ASSERT_THAT(made, IsOk());
  std::set<std::string> left_out;
  for (const NotServed& one : made->not_served()) left_out.insert(one.type + "." + one.code);
  for (const NotServed& one : engine().parameters->not_served()) {
    left_out.erase(one.type + "." + one.code);
  }
  // An age told from a date of birth, and paths of later releases of FHIR.
  for (const std::string& one : left_out) std::cout << one << "\n";
  EXPECT_LE(left_out.size(), 7u);
}

}  // namespace
}  // namespace concord::search::test
