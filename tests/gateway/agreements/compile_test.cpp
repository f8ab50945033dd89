#include "tests/gateway/agreements/world.h"

namespace concord::agreements {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr std::string_view kHead = R"(id: a
version: 1
enforcement: enforced
parties: { orderer: [A99001], performer: [FZZ99] }
valid: { start: 2026-04-01, end: 2027-03-31 }
)";

std::string agreement(std::string_view rest) { return std::string(kHead) + std::string(rest); }

std::string one_rule(std::string_view lines) {
  return agreement("rules:\n  - id: r\n    explain: e\n    source: s\n" + std::string(lines));
}

std::vector<std::string> faults(std::string yaml) {
  const auto made = world().compile({{"a.yaml", std::move(yaml)}});
  std::vector<std::string> texts;
  if (made) return texts;
  EXPECT_EQ(made.error().code, ErrorCode::invalid);
  for (const Issue& issue : made.error().issues) {
    EXPECT_GT(issue.position.line, 0u) << issue.text;
    texts.push_back(issue.text);
  }
  return texts;
}

TEST(AgreementFile, TheExampleOfTheHandbookCompiles) {
  const auto set = world().compile({{"a.yaml", R"(
id: pcn-u99999-repeats-2026
version: 3
enforcement: shadow            # shadow | enforced
parties: { orderer: [A99001], performer: [FZZ99] }
valid: { start: 2026-04-01, end: 2027-03-31 }
variables:
  repeat: MedicationRequest.courseOfTherapyType.coding.code = 'continuous'
rules:
  - id: smr-1
    when: "%repeat and %facts.months_since_review > 12"
    effect: warn               # reject | hold | warn | route | annotate
    clock: { working_minutes: 2700, owner: orderer }
    explain: Repeat medicines need a structured medication review within 12 months.
    source: agreement section 4.2
otherwise: permit
)"}});
  ASSERT_THAT(set, IsOk());
  ASSERT_EQ(set->agreements().size(), 1u);
  EXPECT_EQ(set->agreements()[0].id, "pcn-u99999-repeats-2026");
  EXPECT_EQ(set->agreements()[0].version, 3u);
  EXPECT_EQ(set->agreements()[0].enforcement, Enforcement::shadow);
  EXPECT_EQ(set->agreements()[0].rules, 1u);
}

TEST(AgreementFile, NoYamlIsToldWithItsPlace) {
  EXPECT_THAT(faults("id: [a\nversion: 1\n"), ElementsAre(StartsWith("a.yaml:2:8: not YAML: ")));
  EXPECT_THAT(faults("- a\n"), ElementsAre("a.yaml:1:1: the file must hold one mapping"));
}

TEST(AgreementFile, UnknownMissingAndDoubleKeysAreFaults) {
  EXPECT_THAT(faults("id: a\nid: b\nverison: 1\n"),
              UnorderedElementsAre(
                  "a.yaml:2:1: key 'id' is given twice in an agreement",
                  HasSubstr("a.yaml:3:1: unknown key 'verison' in an agreement; known are id, "),
                  "a.yaml:1:1: 'version' is missing", "a.yaml:1:1: 'enforcement' is missing",
                  "a.yaml:1:1: 'parties' is missing", "a.yaml:1:1: 'valid' is missing",
                  "a.yaml:1:1: 'rules' is missing"));
}

TEST(AgreementFile, BadFhirPathIsToldAtItsPlaceInTheFile) {
  const auto texts = faults(one_rule("    effect: warn\n    when: \"1 + + 2 and\"\n"));
  ASSERT_THAT(texts, testing::Not(testing::IsEmpty()));
  EXPECT_THAT(texts[0], StartsWith("a.yaml:11:"));
}

TEST(AgreementFile, ElementsThatDoNotExistAreFaults) {
  EXPECT_THAT(
      faults(one_rule("    effect: warn\n    when: MedicationRequest.dispensRequest.exists()\n")),
      ElementsAre(AllOf(StartsWith("a.yaml:11:"), HasSubstr("dispensRequest"))));
}

TEST(AgreementFile, UnknownFactsAndVariablesAreFaults) {
  EXPECT_THAT(faults(one_rule("    effect: warn\n    when: \"%facts.month_since_review > 12\"\n")),
              ElementsAre("a.yaml:11:11: there is no fact 'month_since_review'"));
  EXPECT_THAT(faults(one_rule("    effect: warn\n    when: \"%facts.exists()\"\n")),
              ElementsAre("a.yaml:11:11: there is no fact 'exists'"));
  EXPECT_THAT(faults(one_rule("    effect: warn\n    when: \"%facts = 1\"\n")),
              testing::Contains("a.yaml:11:11: %facts must be followed by .name of a fact"));
  EXPECT_THAT(faults(one_rule("    effect: warn\n    when: \"%repaet\"\n")),
              ElementsAre(AllOf(StartsWith("a.yaml:11:"), HasSubstr("repaet"))));
  EXPECT_THAT(faults(one_rule("    effect: warn\n    when: \"'%facts.zzz' = 'a'\"\n")),
              ElementsAre());
  EXPECT_THAT(
      faults(one_rule("    effect: warn\n    when: \"%`facts`.zzz = 'a'\"\n")),
      testing::Contains("a.yaml:11:11: names of variables are written without quotes here"));
}

TEST(AgreementFile, DuplicateIdsAreFaults) {
  EXPECT_THAT(
      faults(agreement("rules:\n"
                       "  - { id: r, when: 'true', effect: warn, explain: e, source: s }\n"
                       "  - { id: r, when: 'true', effect: warn, explain: e, source: s }\n")),
      ElementsAre("a.yaml:8:11: rule id 'r' is given twice, or is reserved"));
  const std::string yaml = one_rule("    effect: warn\n    when: 'true'\n");
  const auto twice = world().compile({{"a.yaml", yaml}, {"b.yaml", yaml}});
  ASSERT_THAT(twice, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(twice.error().issues[0].text,
            "b.yaml:1:1: agreement 'a' version 1 is already in a.yaml");
}

TEST(AgreementFile, ARuleMustNotChooseThePatientsPharmacy) {
  for (const char* to : {"FZZ99", "performer", "pharmacy", "nominated-pharmacy"}) {
    EXPECT_THAT(
        faults(one_rule("    effect: route\n    to: " + std::string(to) + "\n    when: 'true'\n")),
        ElementsAre("a.yaml:11:9: a rule must not choose the patient's pharmacy: 'to' must "
                    "be one of prescriber, clinician, practice, care-home, "
                    "pcn-pharmacist"))
        << to;
  }
  EXPECT_THAT(faults(one_rule("    effect: route\n    to: clinician\n    when: 'true'\n")),
              ElementsAre());
  EXPECT_THAT(faults(one_rule("    effect: warn\n    to: clinician\n    when: 'true'\n")),
              ElementsAre("a.yaml:11:9: 'to' is for the effect route only"));
  EXPECT_THAT(faults(one_rule("    effect: route\n    when: 'true'\n")),
              ElementsAre("a.yaml:7:5: 'to' is missing"));
}

TEST(AgreementFile, ConditionsMustBeTrueOrFalse) {
  EXPECT_THAT(faults(one_rule("    effect: warn\n    when: MedicationRequest.status\n")),
              ElementsAre("a.yaml:11:11: 'when' must be true or false, and this is neither"));
}

TEST(AgreementFile, ValuesOutOfTheirRangeAreFaults) {
  EXPECT_THAT(faults(one_rule("    effect: block\n    when: 'true'\n")),
              ElementsAre("a.yaml:10:13: 'effect' must be one of annotate, warn, route, hold, "
                          "reject"));
  EXPECT_THAT(
      faults(one_rule("    effect: warn\n    when: 'true'\n    clock: { working_minutes: 0, "
                      "owner: patient }\n")),
      ElementsAre("a.yaml:12:31: 'working_minutes' must be a whole number from 1 to 129600",
                  "a.yaml:12:41: 'owner' must be one of orderer, performer"));
}

TEST(AgreementFile, PartiesPeriodAndCalendarsAreChecked) {
  EXPECT_THAT(faults("id: a\nversion: 1\nenforcement: enforced\n"
                     "parties: { orderer: [x!], performer: [] }\n"
                     "valid: { start: 2026-04-01, end: 2026-03-31 }\n"
                     "calendars: { orderer: moon }\n"
                     "rules: [{ id: r, when: 'true', effect: warn, explain: e, source: s }]\n"),
              ElementsAre("a.yaml:4:22: not an ODS code",
                          "a.yaml:4:38: 'performer' must be a list of ODS codes, or any",
                          "a.yaml:5:34: 'end' is before 'start'",
                          "a.yaml:6:23: there is no calendar 'moon'"));
}

TEST(AgreementFile, TiersBelongToWhoIsBound) {
  constexpr std::string_view kAny =
      "id: a\nversion: 1\nenforcement: enforced\nparties: { orderer: any, performer: any }\n"
      "valid: { start: 2026-04-01 }\nrules:\n"
      "  - { id: r, when: 'true', effect: warn, explain: e, source: s";
  EXPECT_THAT(faults(std::string(kAny) + ", tier: 3 }\n"),
              ElementsAre("a.yaml:7:71: a rule for any orderer and any performer must be of tier 1 "
                          "or 2"));
  EXPECT_THAT(faults(std::string(kAny) + " }\n"), ElementsAre("a.yaml:7:5: 'tier' is missing"));
  EXPECT_THAT(faults(one_rule("    effect: warn\n    when: 'true'\n    tier: 2\n")),
              ElementsAre("a.yaml:12:11: a rule of tier 1 or 2 must be for any orderer and any "
                          "performer"));
}

TEST(AgreementFile, AShadowAgreementCannotEnforceARule) {
  EXPECT_THAT(
      faults(replaced(one_rule("    effect: warn\n    when: 'true'\n    enforcement: enforced\n"),
                      "enforcement: enforced\nparties", "enforcement: shadow\nparties")),
      ElementsAre("a.yaml:12:18: a rule of a shadow agreement cannot be enforced"));
}

TEST(AgreementFile, VariablesOfAnItemAreNotForTheWholeBundle) {
  EXPECT_THAT(faults(agreement("variables:\n  days: MedicationRequest.status.exists()\nrules:\n"
                               "  - { id: r, focus: Bundle, when: '%days', effect: warn, explain: "
                               "e, source: s }\n")),
              ElementsAre("a.yaml:9:35: %days is about a MedicationRequest, but this is about the "
                          "Bundle"));
  EXPECT_THAT(faults(agreement("variables:\n  facts: 'true'\nrules: [{ id: r, when: 'true', "
                               "effect: warn, explain: e, source: s }]\n")),
              ElementsAre("a.yaml:7:3: 'facts' is the name of a standard variable"));
}

TEST(AgreementFile, ABrokenVariableIsToldOnce) {
  EXPECT_THAT(faults(agreement("variables:\n  v: MedicationRequest.nothing\nrules:\n"
                               "  - { id: r, when: '%v', effect: warn, explain: e, source: s }\n"
                               "  - { id: q, when: '%v', effect: warn, explain: e, source: s }\n")),
              ElementsAre(AllOf(StartsWith("a.yaml:7:"), HasSubstr("nothing"))));
}

TEST(AgreementFile, AllFaultsOfAllFilesAreToldTogether) {
  const auto made =
      world().compile({{"a.yaml", "x: 1\n"}, {"b.yaml", "y: 1\n"}}, {{"c.yaml", "z: 1\n"}});
  ASSERT_THAT(made, FailsWith(ErrorCode::invalid));
  std::set<std::string> files;
  for (const Issue& issue : made.error().issues) {
    files.insert(issue.text.substr(0, issue.text.find(':')));
  }
  EXPECT_THAT(files, ElementsAre("a.yaml", "b.yaml", "c.yaml"));
}

TEST(AgreementFolder, IsReadInOrderWithItsCalendars) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "calendars");
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(folder.path() / name) << text;
  };
  write("calendars/moon.yaml",
        "id: moon\ntime_zone: UTC\nopening: { monday: [\"09:00-10:00\"] }\n");
  write("a.yaml",
        one_rule("    effect: warn\n    when: 'true'\n") + "calendars: { orderer: moon }\n");
  write("notes.txt", "not an agreement");
  const auto set = AgreementSet::load(folder.path(), world().definitions, world().functions);
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->agreements().size(), 1u);
  EXPECT_THAT(AgreementSet::load(folder.path() / "nowhere", world().definitions, world().functions),
              FailsWith(ErrorCode::not_found));
}

TEST(AgreementFile, HostileTextIsRefusedNotObeyed) {
  EXPECT_THAT(faults(one_rule("    effect: warn\n    when: '" + std::string(20'000, '(') + "'\n")),
              testing::SizeIs(1));
  std::string rules = "rules:\n";
  for (int i = 0; i < 201; ++i) rules += "  - { id: r" + std::to_string(i) + " }\n";
  EXPECT_THAT(faults(agreement(rules)), ElementsAre("a.yaml:7:3: more than 200 rules"));
  EXPECT_FALSE(faults(std::string("id: \xff\xfe\n")).empty());
}

}  // namespace
}  // namespace concord::agreements
