// package.json and .index.json as published, and as nobody should publish them.

#include "fhir/packages/manifest.h"

#include <gmock/gmock.h>

#include "tests/fhir/packages/packing.h"
#include "tests/support/result_matchers.h"

namespace concord::packages {
namespace {

using testing::ElementsAre;
using testing::Pair;

const tree::Symbols& symbols() {
  static const tree::Symbols symbols;
  return symbols;
}

TEST(Manifest, SaysNameVersionReleaseAndDependencies) {
  const auto read = read_manifest(
      R"({"name":"UKCore.R4","version":"2.0.0","type":"IG","title":"UK Core",)"
      R"("fhirVersions":["4.0.1"],"dependencies":{"hl7.fhir.r4.core":"4.0.1","a.b":"1.x"}})",
      symbols());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->label(), "UKCore.R4#2.0.0");
  EXPECT_EQ(read->title, "UK Core");
  EXPECT_THAT(read->fhir_versions, ElementsAre("4.0.1"));
  EXPECT_THAT(read->dependencies,
              ElementsAre(Pair("hl7.fhir.r4.core", "4.0.1"), Pair("a.b", "1.x")));
}

TEST(Manifest, OldWaysToNameTheReleaseAreUnderstood) {
  const auto old = read_manifest(R"({"name":"a.b","fhir-version-list":["3.0.1"]})", symbols());
  ASSERT_THAT(old, IsOk());
  EXPECT_THAT(old->fhir_versions, ElementsAre("3.0.1"));
  const auto core = read_manifest(R"({"name":"hl7.fhir.core","version":"3.0.1"})", symbols());
  ASSERT_THAT(core, IsOk());
  EXPECT_THAT(core->fhir_versions, ElementsAre("3.0.1"));
}

TEST(Manifest, AByteOrderMarkIsSkipped) {
  EXPECT_THAT(read_manifest("\xEF\xBB\xBF{\"name\":\"a.b\"}", symbols()), IsOk());
}

TEST(Manifest, WithoutAUsableNameItIsInvalid) {
  for (const char* text : {"{}", R"({"name":""})", R"({"name":"../x"})", R"({"name":"a/b"})",
                           R"({"name":7,"version":"1"})", R"({"name":{"x":"y"}})"}) {
    EXPECT_THAT(read_manifest(text, symbols()), FailsWith(ErrorCode::invalid)) << text;
  }
  EXPECT_THAT(read_manifest("", symbols()), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(read_manifest("{", symbols()), FailsWith(ErrorCode::malformed));
}

TEST(Manifest, DependenciesOfTheWrongShapeAreLeftOut) {
  const auto read = read_manifest(
      R"({"name":"a.b","dependencies":{"c":{"version":"1"},"d":["1","2"],"e":"1"}})", symbols());
  ASSERT_THAT(read, IsOk());
  EXPECT_THAT(read->dependencies, testing::Contains(Pair("e", "1")));
}

TEST(Index, RowsWithoutFileOrTypeAreLeftOut) {
  const auto rows = read_index(
      R"({"index-version":2,"files":[{"filename":"a.json","resourceType":"ValueSet","url":"u"},)"
      R"({"filename":"b.json"},{"resourceType":"ValueSet"},{}]})",
      symbols());
  ASSERT_THAT(rows, IsOk());
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->at(0).url, "u");
}

TEST(Index, AnotherVersionIsUnsupported) {
  EXPECT_THAT(read_index(R"({"index-version":9,"files":[]})", symbols()),
              FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(read_index("{}", symbols()), FailsWith(ErrorCode::unsupported));
  EXPECT_THAT(read_index("[]", symbols()), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(read_index("{", symbols()), FailsWith(ErrorCode::malformed));
}

}  // namespace
}  // namespace concord::packages
