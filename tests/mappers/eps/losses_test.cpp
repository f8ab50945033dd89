// What EPS cannot carry: told as a warning, or refused when leaving it out would change the
// meaning.

#include <gmock/gmock.h>

#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

using testing::Contains;
using testing::IsEmpty;

std::vector<std::string> losses(const Result<mappers::Encoded>& encoded) {
  std::vector<std::string> all;
  if (!encoded) {
    ADD_FAILURE() << to_string(encoded.error());
    return all;
  }
  for (const Issue& loss : encoded->losses) {
    EXPECT_EQ(loss.severity, Severity::warning);
    EXPECT_GT(loss.position.line, 0u);
    all.push_back(loss.detail_code + " " + loss.expression);
  }
  return all;
}

TEST(EpsLosses, ExpectedOnesAreListedInDocumentOrderAndNothingElse) {
  EXPECT_THAT(losses(translate(case_input("unsigned"))),
              testing::ElementsAre("not-carried Bundle.entry[1].resource.category[0]",
                                   "not-carried Bundle.entry[1].resource.substitution",
                                   "not-carried Bundle.entry[4].resource.identifier[0].value",
                                   "not-carried Bundle.entry[5].resource.type[0]"));
}

TEST(EpsLosses, StructuredDosageIsALossAndItsTextIsNot) {
  const auto all = losses(translate(case_input("dosages_in_sequence")));
  EXPECT_THAT(all, Contains("not-carried Bundle.entry[1].resource.dosageInstruction[1].route"));
  EXPECT_THAT(all, testing::Not(Contains(testing::HasSubstr("dosageInstruction[1].text"))));
}

TEST(EpsLosses, TheScheduleOfAControlledDrugIsALossAndItsWordsAreNot) {
  const auto all = losses(translate(case_input("controlled_drug")));
  EXPECT_THAT(all,
              Contains(testing::HasSubstr("Bundle.entry[1].resource.extension[1].extension[1]")));
  EXPECT_THAT(all, testing::Not(Contains(testing::HasSubstr("extension[1].extension[0]"))));
}

TEST(EpsLosses, AnElementNobodyThoughtOfIsUnexpected) {
  const auto all = losses(translate(
      edited_first(case_input("unsigned"), "\"status\": \"active\",",
                   "\"status\": \"active\", \"instantiatesUri\": [\"urn:example:protocol\"],")));
  EXPECT_THAT(all, Contains(testing::StartsWith(
                       "not-carried-unexpected Bundle.entry[1].resource.instantiatesUri")));
}

TEST(EpsLosses, AnUnknownExtensionIsUnexpected) {
  const auto all = losses(translate(
      edited_first(case_input("unsigned"), "\"gender\": \"female\",",
                   "\"gender\": \"female\", \"extension\": [{\"url\": \"urn:example:ethnicity\", "
                   "\"valueString\": \"x\"}],")));
  EXPECT_THAT(all, Contains(testing::StartsWith(
                       "not-carried-unexpected Bundle.entry[2].resource.extension[0]")));
}

TEST(EpsLosses, AResourceNobodyRefersToIsALoss) {
  const auto all = losses(translate(edited_first(
      case_input("unsigned"), "\"entry\": [",
      "\"entry\": [{\"fullUrl\": \"urn:uuid:0\", \"resource\": {\"resourceType\": \"Observation\", "
      "\"status\": \"final\", \"code\": {\"text\": \"Weight\"}}},")));
  EXPECT_THAT(all, Contains("not-carried-unexpected Bundle.entry[0]"));
}

struct Refusal {
  std::string what, from, to, expression;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.what; }
class EpsRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(EpsRefusals, WhatChangesTheMeaningStopsTheMessage) {
  const Refusal& refusal = GetParam();
  const auto encoded = translate(edited_first(case_input("unsigned"), refusal.from, refusal.to));
  ASSERT_THAT(encoded, FailsWith(ErrorCode::unsupported));
  ASSERT_EQ(encoded.error().issues.size(), 1u) << to_string(encoded.error());
  const Issue& issue = encoded.error().issues.front();
  EXPECT_EQ(issue.expression, refusal.expression);
  EXPECT_EQ(issue.detail_code, "not-carried-modifier");
  EXPECT_EQ(issue.severity, Severity::error);
}

INSTANTIATE_TEST_SUITE_P(
    Modifiers, EpsRefusals,
    testing::Values(
        Refusal{"DoNotPerform", "\"status\": \"active\",",
                "\"status\": \"active\", \"doNotPerform\": true,",
                "Bundle.entry[1].resource.doNotPerform"},
        Refusal{"ModifierExtension", "\"status\": \"active\",",
                "\"status\": \"active\", \"modifierExtension\": [{\"url\": \"urn:example:not\", "
                "\"valueBoolean\": true}],",
                "Bundle.entry[1].resource.modifierExtension[0]"},
        Refusal{"ImplicitRules", "\"gender\": \"female\",",
                "\"gender\": \"female\", \"implicitRules\": \"urn:example:rules\",",
                "Bundle.entry[2].resource.implicitRules"},
        Refusal{"Deceased", "\"gender\": \"female\",",
                "\"gender\": \"female\", \"deceasedBoolean\": true,",
                "Bundle.entry[2].resource.deceasedBoolean"},
        Refusal{"InactivePatient", "\"gender\": \"female\",",
                "\"gender\": \"female\", \"active\": false,", "Bundle.entry[2].resource.active"},
        Refusal{"Comparator", "\"unit\": \"tablet\",",
                "\"unit\": \"tablet\", \"comparator\": \">\",",
                "Bundle.entry[1].resource.dispenseRequest.quantity.comparator"}),
    [](const testing::TestParamInfo<Refusal>& tested) { return tested.param.what; });

TEST(EpsLosses, NeutralModifiersAreFine) {
  EXPECT_THAT(translate(edited_first(
                  case_input("unsigned"), "\"gender\": \"female\",",
                  "\"gender\": \"female\", \"deceasedBoolean\": false, \"active\": true,")),
              IsOk());
}

}  // namespace
}  // namespace concord::eps::test
