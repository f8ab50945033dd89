// Maps between two releases of FHIR: STU3 from its published package, and R4.
#include <gmock/gmock.h>

#include <memory>
#include <optional>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/mapping/map_set.h"
#include "fhir/packages/release.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::mapping::test {
namespace {

using testing::HasSubstr;

class Releases : public testing::Test {
 protected:
  struct Both {
    tree::Symbols symbols;
    definitions::Definitions r4 = *definitions::Definitions::r4(symbols);
    std::optional<definitions::Definitions> stu3;
  };
  static void SetUpTestSuite() {
    const auto corpus = concord::test::corpus("fhir");
    if (!corpus) return;
    both = std::make_unique<Both>();
    auto loaded = packages::load_release(*corpus / "packages/hl7.fhir.core-3.0.1-conformance.tgz",
                                         both->symbols);
    ASSERT_THAT(loaded, IsOk());
    both->stu3 = *std::move(loaded);
  }
  static void TearDownTestSuite() { both.reset(); }
  void SetUp() override {
    if (both == nullptr) GTEST_SKIP() << "the FHIR corpus is absent";
  }

  /// The target as JSON, or the error as one line.
  std::string run(std::string rules, std::string text, bool back = false) {
    const std::string stu3 = "http://hl7.org/fhir/3.0/StructureDefinition/";
    const std::string r4 = "http://hl7.org/fhir/4.0/StructureDefinition/";
    const std::string type = "AllergyIntolerance";
    std::string map = "map \"https://example.org/map\" = \"m\"\nuses \"" + (back ? r4 : stu3) +
                      type + "\" alias Old as source\nuses \"" + (back ? stu3 : r4) + type +
                      "\" alias New as target\ngroup m(source src : Old, target tgt : New) {\n" +
                      std::move(rules) + "\n}\n";
    const std::vector<MapSource> sources{{"test.map", std::move(map)}};
    const std::vector<const definitions::Definitions*> releases{&*both->stu3};
    CompileOptions options;
    options.releases = releases;
    auto maps = MapSet::compile(sources, both->r4, options);
    if (!maps) return to_string(maps.error());
    auto source = concord::json::read(std::move(text), both->symbols);
    if (!source) return to_string(source.error());
    tree::Builder builder(*source);
    definitions::annotate(builder, back ? both->r4 : *both->stu3);
    const auto entry = maps->entry("https://example.org/map");
    if (!entry) return to_string(entry.error());
    tree::Document target(both->symbols);
    const Input input{&*source, nullptr};
    const auto report = maps->run(*entry, std::span(&input, 1), target, {});
    if (!report) return to_string(report.error());
    return concord::json::write(target).value_or("not written");
  }
  static std::unique_ptr<Both> both;
};
std::unique_ptr<Releases::Both> Releases::both;

std::string allergy(std::string_view members) {
  return R"({"resourceType":"AllergyIntolerance",)" + std::string(members) + "}";
}

TEST_F(Releases, ElementsOfEachReleaseAreKnownByTheirOwn) {
  EXPECT_EQ(run("src.assertedDate -> tgt.recordedDate;", allergy(R"("assertedDate":"2014-10-09")")),
            allergy(R"("recordedDate":"2014-10-09")"));
  EXPECT_THAT(run("src.recordedDate -> tgt.recordedDate;", allergy(R"("type":"allergy")")),
              HasSubstr("AllergyIntolerance has no element recordedDate"));
  EXPECT_THAT(run("src.assertedDate -> tgt.assertedDate;", allergy(R"("type":"allergy")")),
              HasSubstr("AllergyIntolerance has no element assertedDate"));
}

TEST_F(Releases, ValuesOfOneNameAreCopiedDeepAndTypedByTheTarget) {
  EXPECT_EQ(run("src.patient -> tgt.patient; src.note -> tgt.note;",
                allergy(R"("patient":{"reference":"Patient/1"},"note":[{"text":"x"}])")),
            allergy(R"("patient":{"reference":"Patient/1"},"note":[{"text":"x"}])"));
}

TEST_F(Releases, WhatTheTargetsReleaseDoesNotHaveStopsTheRun) {
  // Reference has an element for the type since R4.
  EXPECT_THAT(run("src.patient -> tgt.patient;",
                  allergy(R"("patient":{"reference":"Patient/1","type":"Patient"})"), true),
              HasSubstr("Reference of the target's release has no such type"));
}

TEST_F(Releases, ChoicesAndExpressionsFollowTheReleaseOfTheSource) {
  EXPECT_EQ(run("src.onset : Age as a -> tgt.onset = a;"
                "src where onset is Age and clinicalStatus = 'active' -> tgt.type = 'allergy';"
                "src.clinicalStatus as s -> tgt.clinicalStatus = cc('urn:x', s);",
                allergy(R"("clinicalStatus":"active","onsetAge":{"value":5.0})")),
            allergy(R"("clinicalStatus":{"coding":[{"system":"urn:x","code":"active"}]},)"
                    R"("type":"allergy","onsetAge":{"value":5.0})"));
}

TEST_F(Releases, MapsRunTheOtherWayToo) {
  EXPECT_EQ(
      run("src.recordedDate -> tgt.assertedDate;"
          "src.clinicalStatus as c then { c.coding first as k -> tgt.clinicalStatus = (k.code); };"
          "src.onset : Period as p -> tgt.onset = create('Period') as t then { p.start -> t.start; "
          "};",
          allergy(R"("recordedDate":"2020","clinicalStatus":{"coding":[{"code":"active"}]},)"
                  R"("onsetPeriod":{"start":"2019"})"),
          true),
      allergy(R"("clinicalStatus":"active","onsetPeriod":{"start":"2019"},"assertedDate":"2020")"));
}

}  // namespace
}  // namespace concord::mapping::test
