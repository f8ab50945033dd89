#include <yaml-cpp/yaml.h>

#include "tests/gateway/agreements/world.h"

namespace concord::agreements {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kNow = "2026-06-05T15:30:00Z";

std::string yaml(std::string_view id, std::string_view rules,
                 std::string_view enforcement = "enforced",
                 std::string_view parties = "{ orderer: [A99001], performer: [FZZ99] }",
                 std::string_view version = "1", std::string_view start = "2026-04-01") {
  return "id: " + std::string(id) + "\nversion: " + std::string(version) +
         "\nenforcement: " + std::string(enforcement) + "\nparties: " + std::string(parties) +
         "\nvalid: { start: " + std::string(start) + " }\nrules:\n" + std::string(rules);
}

std::string rule(std::string_view id, std::string_view when, std::string_view effect,
                 std::string_view more = "") {
  return "  - { id: " + std::string(id) + ", when: \"" + std::string(when) +
         "\", effect: " + std::string(effect) + ", explain: because, source: s" +
         std::string(more) + " }\n";
}

Decisions decided(const AgreementSet& set, const std::string& json, const Facts& facts = {}) {
  return decide(world().bundle(json), facts, set, utc(kNow));
}

/// The same order as a request that is no prescription.
std::string request() {
  return replaced(repeat_order(), "\"code\": \"prescription-order\"",
                  "\"code\": \"repeat-request\"");
}
constexpr std::string_view kRequest = ", event: repeat-request";

std::vector<std::string> told(const Decisions& decisions) {
  std::vector<std::string> lines;
  for (const Decision& decision : decisions.all) {
    lines.push_back(decision.agreement + " " + decision.rule + " " +
                    std::string(outcome_name(decision.outcome)) + " " +
                    std::string(effect_name(decision.effect)));
  }
  return lines;
}

TEST(Decide, NoAgreementsPermit) {
  const Decisions decisions = decided(AgreementSet(), repeat_order());
  EXPECT_EQ(decisions.outcome, Effect::permit);
  EXPECT_THAT(decisions.all, IsEmpty());
  EXPECT_EQ(decisions.deciding(), nullptr);
  EXPECT_EQ(decisions.summary(), "permit: no agreement covers these parties");
}

TEST(Decide, ASignedPrescriptionIsNeverBlockedAndTheReasonIsKept) {
  for (const auto& [effect, softened] :
       {std::pair{"reject", Effect::warn}, std::pair{"hold", Effect::warn}}) {
    const Decisions decisions =
        decided(world().compiled(yaml("a", rule("r", "true", effect))), repeat_order());
    ASSERT_THAT(decisions.all, SizeIs(1));
    EXPECT_EQ(effect_name(decisions.all[0].asked), effect);
    EXPECT_EQ(decisions.all[0].effect, softened);
    EXPECT_EQ(decisions.all[0].reason, "a signed prescription is never blocked");
    EXPECT_EQ(decisions.outcome, Effect::warn);
    EXPECT_TRUE(decisions.goes_on());
  }
}

TEST(Decide, ASignedPrescriptionIsNeverRouted) {
  const Decisions decisions = decided(
      world().compiled(yaml("a", rule("r", "true", "route", ", to: clinician"))), repeat_order());
  ASSERT_THAT(decisions.all, SizeIs(1));
  EXPECT_EQ(decisions.all[0].asked, Effect::route);
  EXPECT_EQ(decisions.all[0].effect, Effect::annotate);
  EXPECT_EQ(decisions.all[0].reason, "a signed prescription goes where the patient chose");
}

TEST(Decide, AnUpdateOfAPrescriptionIsNotBlockedEither) {
  const std::string update = replaced(repeat_order(), "\"code\": \"prescription-order\"",
                                      "\"code\": \"prescription-order-update\"");
  const Decisions decisions =
      decided(world().compiled(yaml("a", rule("r", "true", "reject", ", event: any"))), update);
  EXPECT_EQ(decisions.outcome, Effect::warn);
}

TEST(Decide, ARequestCanBeRejectedHeldAndRouted) {
  for (const auto& [effect, more] :
       {std::pair{"reject", ""}, {"hold", ""}, {"route", ", to: clinician"}}) {
    const Decisions decisions = decided(
        world().compiled(yaml("a", rule("r", "true", effect, std::string(kRequest) + more))),
        request());
    EXPECT_EQ(effect_name(decisions.outcome), effect);
    EXPECT_EQ(decisions.goes_on(), std::string_view(effect) == "route");
    EXPECT_THAT(decisions.all[0].reason, IsEmpty());
  }
}

TEST(Decide, RulesAreForTheirEventOnly) {
  const AgreementSet set = world().compiled(yaml("a", rule("r", "true", "reject", kRequest)));
  EXPECT_THAT(decided(set, repeat_order()).all, IsEmpty());
  EXPECT_THAT(told(decided(set, request())), ElementsAre("a r fired reject"));
}

TEST(Decide, TheFirstRuleThatFiresDecidesForEachItem) {
  const AgreementSet set = world().compiled(
      yaml("a", rule("first",
                     "MedicationRequest.medication.ofType(CodeableConcept).coding"
                     ".display.lower().contains('methotrexate')",
                     "warn") +
                    rule("second", "true", "annotate") + rule("third", "true", "warn")));
  const Decisions decisions = decided(set, repeat_order());
  EXPECT_THAT(told(decisions), ElementsAre("a first fired warn", "a second fired annotate"));
  EXPECT_THAT(decisions.all[0].items, ElementsAre("Bundle.entry[2].resource"));
  EXPECT_THAT(decisions.all[1].items, ElementsAre("Bundle.entry[1].resource"));
}

TEST(Decide, ARuleAboutTheBundleDecidesForAllItems) {
  const AgreementSet set = world().compiled(
      yaml("a", rule("whole", "Bundle.entry.resource.ofType(MedicationRequest).count() = 2", "warn",
                     ", focus: Bundle") +
                    rule("item", "true", "warn")));
  const Decisions decisions = decided(set, repeat_order());
  EXPECT_THAT(told(decisions), ElementsAre("a whole fired warn"));
  EXPECT_THAT(decisions.all[0].items, ElementsAre("Bundle"));
}

TEST(Decide, WhatIsMissingIsIndeterminateAndTheSearchGoesOn) {
  const AgreementSet set = world().compiled(
      yaml("a", rule("unknown", "%facts.months_since_review > 12", "warn") +
                    rule("held", "%facts.fbc_months > 3", "warn", ", on_indeterminate: hold") +
                    rule("known", "true", "annotate")));
  const Decisions decisions = decided(set, repeat_order());
  EXPECT_THAT(told(decisions), ElementsAre("a unknown indeterminate annotate",
                                           "a held indeterminate warn", "a known fired annotate"));
  EXPECT_EQ(decisions.all[0].reason, "not known: months_since_review");
  EXPECT_EQ(decisions.all[1].reason,
            "not known: fbc_months; a signed prescription is never blocked");
  EXPECT_FALSE(decisions.all[0].clock.has_value());
}

TEST(Decide, FalseWhateverTheMissingFactIsFalse) {
  const AgreementSet set =
      world().compiled(yaml("a", rule("r", "false and %facts.fbc_months > 3", "warn")));
  EXPECT_THAT(told(decided(set, repeat_order())), ElementsAre("a otherwise otherwise permit"));
}

TEST(Decide, FactsHaveTheirTypes) {
  const AgreementSet set = world().compiled(
      yaml("a", rule("r",
                     "%facts.months_since_review + 1 = 15 and %facts.pharmacy_active "
                     "and %facts.review_due_on < @2026-06-06 "
                     "and %facts.nominated_pharmacy = 'FZZ99'",
                     "warn")));
  Facts facts;
  ASSERT_THAT(facts.set("months_since_review", "14"), IsOk());
  ASSERT_THAT(facts.set("pharmacy_active", "true"), IsOk());
  ASSERT_THAT(facts.set("review_due_on", "2026-06-05"), IsOk());
  ASSERT_THAT(facts.set("nominated_pharmacy", "FZZ99"), IsOk());
  EXPECT_THAT(told(decided(set, repeat_order(), facts)), ElementsAre("a r fired warn"));
}

TEST(Decide, PartiesAndMessageAreVariables) {
  const AgreementSet set = world().compiled(
      yaml("a", rule("r",
                     "%orderer = 'A99001' and %performer = 'FZZ99' and "
                     "%bundle.entry.resource.ofType(Patient).birthDate < now() - 60 years",
                     "warn")));
  EXPECT_THAT(told(decided(set, repeat_order())), ElementsAre("a r fired warn"));
}

TEST(Decide, AnExpressionThatCannotBeEvaluatedIsIndeterminate) {
  const AgreementSet set =
      world().compiled(yaml("a", rule("r", "%bundle.entry.fullUrl.substring(0, 1) = 'u'", "warn")));
  const Decisions decisions = decided(set, repeat_order());
  ASSERT_THAT(decisions.all, testing::Not(IsEmpty()));
  EXPECT_EQ(decisions.all[0].outcome, Outcome::indeterminate);
  EXPECT_EQ(decisions.all[0].reason, "the condition could not be evaluated (invalid)");
}

TEST(Decide, ShadowIsRecordedAndChangesNothing) {
  const AgreementSet set =
      world().compiled(yaml("a", rule("r", "true", "reject", kRequest), "shadow"));
  const Decisions decisions = decided(set, request());
  EXPECT_THAT(told(decisions), ElementsAre("a r fired reject"));
  EXPECT_EQ(decisions.all[0].mode, Enforcement::shadow);
  EXPECT_EQ(decisions.outcome, Effect::permit);
  EXPECT_TRUE(decisions.goes_on());
  EXPECT_THAT(decisions.issues(), IsEmpty());
  EXPECT_EQ(decisions.summary(), "permit by a v1 rule r (shadow only recorded): because");
}

TEST(Decide, OneRuleOfAnEnforcedAgreementMayBeShadow) {
  const Decisions decisions =
      decided(world().compiled(yaml("a", rule("r", "true", "warn", ", enforcement: shadow"))),
              repeat_order());
  EXPECT_EQ(decisions.all[0].mode, Enforcement::shadow);
  EXPECT_EQ(decisions.outcome, Effect::permit);
}

TEST(Decide, AgreementsCombineBySeverityAndStandInOrderOfTierAndScope) {
  const AgreementSet set = world().compiled(
      {yaml("b", rule("r1", "true", "warn", kRequest)),
       yaml("a", rule("r2", "true", "hold", kRequest)),
       yaml("c", rule("r3", "true", "annotate", std::string(kRequest) + ", tier: 2"), "enforced",
            "{ orderer: any, performer: any }"),
       yaml("d", rule("r4", "true", "annotate", kRequest), "enforced",
            "{ orderer: [A99001], performer: any }"),
       yaml("e", rule("r5", "true", "annotate", kRequest), "enforced",
            "{ orderer: [A99001], performer: [FZZ99] }", "1", "2026-05-01")});
  const Decisions decisions = decided(set, request());
  EXPECT_THAT(told(decisions),
              ElementsAre("c r3 fired annotate", "e r5 fired annotate", "a r2 fired hold",
                          "b r1 fired warn", "d r4 fired annotate"));
  EXPECT_EQ(decisions.outcome, Effect::hold);
  ASSERT_NE(decisions.deciding(), nullptr);
  EXPECT_EQ(decisions.deciding()->agreement, "a");
}

TEST(Decide, TheMoreNarrowlyDrawnAgreementReplacesTheSameRule) {
  const AgreementSet set =
      world().compiled({yaml("pair", rule("A02", "false", "warn", kRequest)),
                        yaml("wide", rule("A02", "true", "reject", kRequest), "enforced",
                             "{ orderer: [A99001], performer: any }")});
  const Decisions decisions = decided(set, request());
  EXPECT_EQ(decisions.outcome, Effect::permit);
  EXPECT_TRUE(decisions.all[1].superseded);
  EXPECT_EQ(decisions.all[1].agreement, "wide");
}

TEST(Decide, ANationalRuleIsNotReplacedByASignedOne) {
  const AgreementSet set = world().compiled(
      {yaml("pair", rule("B01", "false", "warn", kRequest)),
       yaml("law", rule("B01", "true", "reject", std::string(kRequest) + ", tier: 1"), "enforced",
            "{ orderer: any, performer: any }")});
  const Decisions decisions = decided(set, request());
  EXPECT_EQ(decisions.outcome, Effect::reject);
}

TEST(Decide, TheHighestVersionThatHoldsCountsAndAShadowVersionRunsBeside) {
  constexpr std::string_view kPair = "{ orderer: [A99001], performer: [FZZ99] }";
  const AgreementSet set = world().compiled(
      {yaml("a", rule("old", "true", "warn"), "enforced", kPair, "1"),
       yaml("a", rule("new", "true", "annotate"), "enforced", kPair, "2"),
       yaml("a", rule("trial", "true", "reject"), "shadow", kPair, "3"),
       yaml("a", rule("later", "true", "warn"), "enforced", kPair, "4", "2026-06-06")});
  const Decisions decisions = decided(set, repeat_order());
  EXPECT_THAT(told(decisions),
              testing::UnorderedElementsAre("a new fired annotate", "a trial fired warn"));
  EXPECT_EQ(decisions.outcome, Effect::annotate);
}

TEST(Decide, PartiesThatDifferBetweenItemsAreNobody) {
  std::string mixed = repeat_order();
  const auto at = mixed.rfind("\"value\": \"FZZ99\"");
  ASSERT_NE(at, std::string::npos);
  mixed.replace(at, 16, "\"value\": \"FYY88\"");
  const Decisions decisions =
      decided(world().compiled(yaml("a", rule("r", "true", "warn"))), mixed);
  EXPECT_EQ(decisions.performer, "");
  EXPECT_THAT(decisions.all, IsEmpty());
}

TEST(Decide, IssuesNameAgreementVersionAndRule) {
  const AgreementSet set =
      world().compiled({yaml("a", rule("r", "true", "hold", kRequest)),
                        yaml("b", rule("q", "%facts.fbc_months > 3", "warn", kRequest))});
  const std::vector<Issue> issues = decided(set, request()).issues();
  EXPECT_THAT(
      issues,
      ElementsAre(
          Issue{
              Severity::error, "Bundle.entry[1].resource", "because", {}, "business-rule", "a|1#r"},
          Issue{Severity::information,
                "Bundle.entry[1].resource",
                "Could not be judged (not known: fbc_months): because",
                {},
                "business-rule",
                "b|1#q"}));
}

TEST(Decide, TheRecordIsTheSameTextForTheSameDecision) {
  const AgreementSet set = world().compiled(
      yaml("a", rule("r", "true", "reject", ", clock: { working_minutes: 60, owner: performer }")));
  const Decisions decisions = decided(set, repeat_order());
  EXPECT_EQ(to_json(decisions),
            R"({"outcome":"warn","orderer":"A99001","performer":"FZZ99","decisions":[)"
            R"({"agreement":"a","version":1,"rule":"r","tier":3,"mode":"enforced",)"
            R"("outcome":"fired","asked":"reject","effect":"warn",)"
            R"("reason":"a signed prescription is never blocked","explanation":"because",)"
            R"("source":"s","items":["Bundle.entry[1].resource","Bundle.entry[2].resource"],)"
            R"("clock":{"workingMinutes":60,"owner":"performer","calendar":"england-pharmacy",)"
            R"("dueAt":"2026-06-05T16:30:00Z"}}]})");
  EXPECT_TRUE(YAML::Load(to_json(decisions)).IsMap());
}

TEST(Decide, ABundleOfNothingIsDecidedToo) {
  const AgreementSet set =
      world().compiled(yaml("a", rule("r", "true", "warn", ", focus: Bundle, tier: 2, event: any"),
                            "enforced", "{ orderer: any, performer: any }"));
  EXPECT_THAT(told(decided(set, R"({"resourceType":"Bundle","type":"message"})")),
              ElementsAre("a r fired warn"));
}

}  // namespace
}  // namespace concord::agreements
