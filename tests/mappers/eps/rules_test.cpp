// Each rule: the smallest change of a good message that breaks it, and the issue in full.
// The good messages stand in rules/; they hold what the rules look at and little else.

#include "mappers/eps/rules/rules.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/mappers/eps/world.h"
#include "tests/support/places.h"

namespace concord::eps::test {
namespace {

const Rules& rules() {
  static const Rules kRules(World::get().symbols);
  return kRules;
}

std::string message_of(const std::string& name) {
  return concord::test::read_file(std::filesystem::path(concord::test::test_dir()) / "rules" /
                                  (name + ".json"));
}

/// "severity|code|system|detail code|text|expression".
std::string in_full(const Issue& issue) {
  return std::string(severity_name(issue.severity)) + '|' + issue.code + '|' + issue.detail_system +
         '|' + issue.detail_code + '|' + issue.text + '|' + issue.expression;
}

enum class Where { only, first, last };

struct Broken {
  std::string rule;  ///< id of the rule, and in the test's name what was changed
  std::string change;
  std::string message;
  Where where;
  std::string from, to;
  std::string issue;
  Asking asking = Asking::translation;
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.rule << broken.change; }

std::string changed(const Broken& broken) {
  const std::string text = message_of(broken.message);
  if (broken.where == Where::only) return edited(text, broken.from, broken.to);
  if (broken.where == Where::first) return edited_first(text, broken.from, broken.to);
  std::string last = text;
  const auto at = last.rfind(broken.from);
  EXPECT_NE(at, std::string::npos) << broken.from;
  if (at != std::string::npos) last.replace(at, broken.from.size(), broken.to);
  return last;
}

std::string mr(const std::string& field) {
  return "Bundle.entry.resource.ofType(MedicationRequest)." + field;
}
std::string md(const std::string& field) {
  return "Bundle.entry.resource.ofType(MedicationDispense)." + field;
}
std::string same_mr(const std::string& field) {
  return "error|value|||Expected all MedicationRequests to have the same value for " + field +
         ".|" + mr(field);
}
std::string same_md(const std::string& field) {
  return "error|value|||Expected all MedicationDispenses to have the same value for " + field +
         ".|" + md(field);
}

class EpsRules : public testing::TestWithParam<Broken> {};

TEST_P(EpsRules, AreToldInFull) {
  const Broken& broken = GetParam();
  ASSERT_THAT(rules().check(typed(message_of(broken.message)), Asking::endpoint), IsOk());
  const auto checked = rules().check(typed(changed(broken)), broken.asking);
  ASSERT_THAT(checked, FailsWith(ErrorCode::invalid));
  ASSERT_EQ(checked.error().issues.size(), 1u) << to_string(checked.error());
  EXPECT_EQ(in_full(checked.error().issues.front()), broken.issue);
}

const std::string kFhir = "https://fhir.nhs.uk/StructureDefinition/";
const std::string kSpine = "https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode";

INSTANTIATE_TEST_SUITE_P(
    Any, EpsRules,
    testing::Values(
        Broken{"any.type", "Patient", "release", Where::only, "\"resourceType\": \"Parameters\"",
               "\"resourceType\": \"Basic\"",
               "fatal|value|||Incorrect FHIR resource type. Expected Bundle, Claim, Parameters or "
               "Task.|"},
        Broken{"bundle.event", "Other", "order", Where::only, "\"code\": \"prescription-order\"",
               "\"code\": \"prescription-order-response\"",
               "fatal|value|||MessageHeader.eventCoding.code must be one of: prescription-order, "
               "prescription-order-update, "
               "dispense-notification.|Bundle.entry.resource.ofType(MessageHeader).eventCoding."
               "code"},
        Broken{"bundle.intent", "Plan", "order", Where::last, "\"intent\": \"original-order\"",
               "\"intent\": \"plan\"",
               "error|value|||MedicationRequest.intent must be order, original-order or "
               "instance-order.|" +
                   mr("intent")},
        Broken{"bundle.intent", "ReflexOrder", "cancel", Where::only,
               "\"intent\": \"original-order\"", "\"intent\": \"reflex-order\"",
               "error|value|||MedicationRequest.intent must be order, original-order or "
               "instance-order.|" +
                   mr("intent")},
        Broken{"bundle.medication-there", "None", "order", Where::last,
               "\"medicationCodeableConcept\"", "\"other\"",
               "error|processing|||MedicationRequest.medication[x]: minimum required = 1, but only "
               "found 0|Bundle.entry[2].resource"},
        Broken{"bundle.medication", "Request", "order", Where::first,
               "\"medicationCodeableConcept\": {",
               "\"medicationReference\": {\"reference\": \"urn:x\"}, "
               "\"medicationCodeableConcept\": {",
               "error|structure|" + kSpine +
                   "|CONFLICTING_VALUES|MedicationRequest cannot have both a medicationReference "
                   "and a medicationCodeableConcept.|" +
                   mr("medication")},
        Broken{"bundle.medication", "Dispense", "dispense", Where::last,
               "\"medicationCodeableConcept\": {",
               "\"medicationReference\": {\"reference\": \"urn:x\"}, "
               "\"medicationCodeableConcept\": {",
               "error|structure|" + kSpine +
                   "|CONFLICTING_VALUES|MedicationDispense cannot have both a medicationReference "
                   "and a medicationCodeableConcept.|" +
                   md("medication")},
        Broken{"bundle.telecom", "OrganizationUse", "dispense", Where::last, "\"use\": \"work\"",
               "\"rank\": 1",
               "error|invalid|||Required field Organization.telecom.use is "
               "missing.|Bundle.entry.resource.ofType(Organization).telecom.use"},
        Broken{"bundle.telecom", "RoleValue", "cancel", Where::first, "\"value\": \"01632 960001\"",
               "\"rank\": 1",
               "error|invalid|||Required field PractitionerRole.telecom.value is "
               "missing.|Bundle.entry.resource.ofType(PractitionerRole).telecom.value"},
        Broken{"bundle.references", "HealthcareService", "cancel", Where::only,
               "\"practitioner\": {",
               "\"healthcareService\": [{\"display\": \"clinic\"}], \"practitioner\": {",
               "error|invalid|||PractitionerRole.healthcareService should be populated with a "
               "reference.|Bundle.entry.resource.ofType(PractitionerRole).healthcareService",
               Asking::endpoint},
        Broken{"bundle.references", "Organization", "cancel", Where::only,
               "\"reference\": \"urn:uuid:11111111-0000-4000-8000-000000000051\"\n        },\n",
               "\"display\": \"HARBOUR LANE\"\n        },\n",
               "error|invalid|||PractitionerRole.organization should be populated with a "
               "reference.|Bundle.entry.resource.ofType(PractitionerRole).organization",
               Asking::endpoint},
        Broken{"bundle.responsible-practitioner", "Both", "cancel", Where::only,
               "\"practitioner\": {", "\"practitioner\": {\"identifier\": {\"value\": \"1\"},",
               "error|invalid|||PractitionerRole.practitioner of a responsible party must be one "
               "of: reference, "
               "identifier.|Bundle.entry.resource.ofType(PractitionerRole).practitioner",
               Asking::endpoint}),
    [](const auto& tested) {
      std::string name = tested.param.rule + "_" + tested.param.change;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
      return name;
    });

INSTANTIATE_TEST_SUITE_P(
    Order, EpsRules,
    testing::Values(
        Broken{"order.status", "Draft", "order", Where::last, "\"status\": \"active\"",
               "\"status\": \"draft\"",
               "error|value|||MedicationRequest.status must be active.|" + mr("status")},
        Broken{"order.identifiers", "Twice", "order", Where::only,
               "22222222-0000-4000-8000-000000000002", "22222222-0000-4000-8000-000000000001",
               "error|value|||Expected all MedicationRequests to have a different value for "
               "identifier.|" +
                   mr("identifier")},
        Broken{"order.dosage", "None", "order", Where::last, "\"dosageInstruction\"", "\"other\"",
               "error|invalid|||Required field MedicationRequest.dosageInstruction is missing.|" +
                   mr("dosageInstruction")},
        Broken{"order.dosage", "Sequence", "order", Where::first, "\"sequence\": 1,", "",
               "error|invalid||MISSING_VALUE|Sequence numbers are missing: each of several dosage "
               "instructions of a MedicationRequest needs one.|" +
                   mr("dosageInstruction.sequence")},
        Broken{"order.primary-care", "HealthcareService", "order", Where::only,
               "\"practitioner\": {",
               "\"healthcareService\": [{\"reference\": \"urn:x\"}], \"practitioner\": {",
               "error|invalid|||Unexpected field "
               "PractitionerRole.healthcareService.|Bundle.entry.resource.ofType(PractitionerRole)"
               ".healthcareService"},
        Broken{"order.primary-care", "PartOf", "order", Where::only, "\"partOf\"", "\"endpoint\"",
               "error|invalid|||Required field Organization.partOf is "
               "missing.|Bundle.entry.resource.ofType(Organization).partOf"},
        Broken{"order.professional-code", "Gmp", "order", Where::only, "gmc-number", "gmp-number",
               "error|value|||Expected the requester to have exactly one professional code of GMC, "
               "NMC, GPhC, HCPC or "
               "professional-code.|Bundle.entry.resource.ofType(Practitioner).identifier"},
        Broken{"order.endorsement", "Unknown", "order", Where::last, "\"code\": \"SLS\"",
               "\"code\": \"ACBSET\"",
               "error|processing|||None of the codings provided are in the value set "
               "https://fhir.nhs.uk/ValueSet/DM-prescription-endorsement, and a coding from this "
               "value set is required.|Bundle.entry[2].resource.extension[2].value.ofType("
               "CodeableConcept)"},
        Broken{"order.same", "Category", "order", Where::last, "\"code\": \"community\"",
               "\"code\": \"outpatient\"", same_mr("category")},
        Broken{"order.same", "AuthoredOn", "order", Where::last, "2026-03-01\",\n        \"req",
               "2026-03-02\",\n        \"req", same_mr("authoredOn")},
        Broken{"order.same", "Subject", "order", Where::last, "\"subject\"", "\"encounter\"",
               same_mr("subject")},
        Broken{"order.same", "Group", "order", Where::last, "\"value\": \"8D1A4B-A99001-6F09AV\"",
               "\"value\": \"8D1A4B-A99001-6F09AW\"", same_mr("groupIdentifier")},
        Broken{"order.same", "Pharmacy", "order", Where::last, "\"value\": \"FZZ99\"",
               "\"value\": \"FZZ98\"", same_mr("dispenseRequest.performer")},
        Broken{"order.same", "PharmacyAbsent", "order", Where::last, "\"performer\"", "\"other\"",
               same_mr("dispenseRequest.performer")},
        Broken{"order.same", "Period", "order", Where::last, "\"start\": \"2026-03-01\"",
               "\"start\": \"2026-03-03\"", same_mr("dispenseRequest.validityPeriod")},
        Broken{"order.same", "Duration", "order", Where::last, "\"value\": 28", "\"value\": 7",
               same_mr("dispenseRequest.expectedSupplyDuration")},
        Broken{"order.same", "Site", "order", Where::last, "\"code\": \"P1\"", "\"code\": \"P2\"",
               same_mr("dispenseRequest.extension('" + kFhir + "Extension-DM-PerformerSiteType')")},
        Broken{"order.same", "Type", "order", Where::last, "\"code\": \"0101\"",
               "\"code\": \"0104\"",
               same_mr("extension('" + kFhir + "Extension-DM-PrescriptionType')")},
        Broken{"order.same", "Responsible", "order", Where::last,
               "Extension-DM-ResponsiblePractitioner", "Extension-DM-Other",
               same_mr("extension('" + kFhir + "Extension-DM-ResponsiblePractitioner')")},
        Broken{"order.repeat-dispensing.same", "Repeats", "order", Where::last,
               "\"numberOfRepeatsAllowed\": 5", "\"numberOfRepeatsAllowed\": 6",
               same_mr("dispenseRequest.numberOfRepeatsAllowed")},
        Broken{"order.repeat-dispensing.same", "Information", "order", Where::last,
               "\"valueDateTime\": \"2026-12-01\"", "\"valueDateTime\": \"2026-12-02\"",
               same_mr("extension('https://fhir.hl7.org.uk/StructureDefinition/"
                       "Extension-UKCore-MedicationRepeatInformation')")}),
    [](const auto& tested) {
      std::string name = tested.param.rule + "_" + tested.param.change;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
      return name;
    });

const std::string kAuthority = "extension('" + kFhir +
                               "Extension-ODS-OrganisationRelationships').extension('"
                               "reimbursementAuthority')";

INSTANTIATE_TEST_SUITE_P(
    Others, EpsRules,
    testing::Values(
        Broken{"cancel.item", "Status", "cancel", Where::only, "\"status\": \"cancelled\"",
               "\"status\": \"active\"",
               "error|value|||MedicationRequest.status must be cancelled.|" + mr("status")},
        Broken{"cancel.item", "Reason", "cancel", Where::only, "\"statusReason\"", "\"reason\"",
               "error|value|||Expected MedicationRequest to have a value for statusReason.|" +
                   mr("statusReason")},
        Broken{"cancel.item", "None", "cancel", Where::only,
               "\"resourceType\": \"MedicationRequest\"", "\"resourceType\": \"Basic\"",
               "error|value|||Bundle must contain exactly one MedicationRequest when "
               "MessageHeader.eventCoding.code is "
               "prescription-order-update.|Bundle.entry.resource.ofType(MedicationRequest)"},
        Broken{"dispense.same", "HandedOver", "dispense", Where::last, "2026-03-02T10:00:00",
               "2026-03-02T11:00:00", same_md("whenHandedOver")},
        Broken{"dispense.same", "Patient", "dispense", Where::last, "9990123411", "9990123403",
               same_md("subject.identifier.value")},
        Broken{"dispense.same", "Repeat", "dispense", Where::last, "\"valueInteger\": 1",
               "\"valueInteger\": 2",
               same_md("extension('" + kFhir + "Extension-EPS-RepeatInformation')")},
        Broken{"dispense.performer", "None", "dispense", Where::first, "\"performer\": [",
               "\"other\": [",
               "error|value|||Expected MedicationDispense to have a value for performer.|" +
                   md("performer")},
        Broken{"dispense.performer", "Different", "dispense", Where::last,
               "\"reference\": \"#performer\"", "\"reference\": \"#another\"",
               same_md("performer")},
        Broken{"dispense.practitioner", "Reference", "dispense", Where::first,
               "\"practitioner\": {", "\"practitioner\": {\"reference\": \"urn:x\",",
               "error|invalid|||PractitionerRole.practitioner should be populated with an "
               "identifier and a display.|" +
                   md("contained.ofType(PractitionerRole).practitioner")},
        Broken{"dispense.reimbursement-authority", "None", "dispense", Where::only,
               "\"reimbursementAuthority\"", "\"other\"",
               "error|invalid|||The reimbursement authority of the Organization is "
               "missing.|Bundle.entry.resource.ofType(Organization)." +
                   kAuthority},
        Broken{"dispense.reimbursement-authority", "Code", "dispense", Where::only,
               "\"value\": \"T1450\"", "\"use\": \"usual\"",
               "error|invalid|||The ODS code of the reimbursement authority is "
               "missing.|Bundle.entry.resource.ofType(Organization)." +
                   kAuthority + ".valueIdentifier"},
        Broken{"dispense.prescription", "Two", "dispense", Where::last, "\"id\": \"m1\",",
               "\"id\": \"m1\", \"groupIdentifier\": {\"value\": \"other\"},",
               same_md("contained.ofType(MedicationRequest).groupIdentifier")},
        Broken{"claim.insurance", "None", "claim", Where::only, "\"insurance\"", "\"other\"",
               "error|invalid|||Expected exactly one item in Claim.insurance.|Claim.insurance"},
        Broken{"claim.insurance", "Coverage", "claim", Where::only, "T1450", "T1460",
               "error|value|||Claim.insurance.coverage.identifier.value must be one of: T1450, "
               "RQFZ1.|Claim.insurance.coverage.identifier.value"},
        Broken{"claim.practitioner", "Reference", "claim", Where::only, "\"practitioner\": {",
               "\"practitioner\": {\"reference\": \"urn:x\",",
               "error|invalid|||PractitionerRole.practitioner should be populated with an "
               "identifier.|Claim.contained.ofType(PractitionerRole).practitioner"},
        Broken{"claim.endorsement", "None", "claim", Where::only, "medicationdispense-endorsement",
               "another-endorsement",
               "error|invalid|||The endorsement code of the claim is missing. Use NDEC when none "
               "applies.|Claim.item.detail.programCode"},
        Broken{"release.owner", "None", "release", Where::only, "\"owner\"", "\"other\"",
               "error|invalid|||Required parameter owner is "
               "missing.|Parameters.parameter.where(name = 'owner')"},
        Broken{"release.agent", "None", "release", Where::only, "\"agent\"", "\"other\"",
               "fatal|invalid|https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode|"
               "INVALID_VALUE|Parameter with name agent not found|Parameters.parameter"},
        Broken{"release.agent", "Reference", "release", Where::only, "\"practitioner\": {",
               "\"practitioner\": {\"reference\": \"urn:x\",",
               "error|invalid|||PractitionerRole.practitioner should be populated with an "
               "identifier and a display.|Parameters.parameter.where(name = "
               "'agent').resource.practitioner"},
        Broken{"release.agent", "Telecom", "release", Where::only, "\"telecom\"", "\"other\"",
               "error|invalid|||Required field PractitionerRole.telecom is "
               "missing.|Parameters.parameter.where(name = 'agent').resource.telecom"},
        Broken{"task.intent", "Plan", "return", Where::only, "\"intent\": \"order\"",
               "\"intent\": \"plan\"", "error|value|||Task.intent must be order.|Task.intent"},
        Broken{"task.status", "Draft", "return", Where::only, "\"status\": \"rejected\"",
               "\"status\": \"draft\"",
               "error|value|||Task.status must be one of: in-progress, rejected.|Task.status"},
        Broken{"withdraw.code", "None", "withdraw", Where::only, "\"code\": {", "\"other\": {",
               "error|value|||Expected Task to have a value for code.|Task.code"},
        Broken{"withdraw.code", "Fulfill", "withdraw", Where::only, "\"code\": \"abort\"",
               "\"code\": \"fulfill\"", "error|value|||Task.code must be abort.|Task.code"},
        Broken{"task.reason", "Return", "return", Where::only,
               "EPS-task-dispense-return-status-reason", "other",
               "error|value|||Task.statusReason must have a coding of system "
               "https://fhir.nhs.uk/CodeSystem/"
               "EPS-task-dispense-return-status-reason.|Task.statusReason.coding.system"},
        Broken{"task.reason", "Withdraw", "withdraw", Where::only,
               "EPS-task-dispense-withdraw-reason", "other",
               "error|value|||Task.statusReason must have a coding of system "
               "https://fhir.nhs.uk/CodeSystem/"
               "EPS-task-dispense-withdraw-reason.|Task.statusReason.coding.system"}),
    [](const auto& tested) {
      std::string name = tested.param.rule + "_" + tested.param.change;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
      return name;
    });

/// Issues of a message, in full.
std::vector<std::string> told_by_rules(const std::string& text, Asking asking) {
  const auto checked = rules().check(typed(text), asking);
  std::vector<std::string> told;
  if (checked) return told;
  for (const Issue& issue : checked.error().issues) told.push_back(in_full(issue));
  return told;
}

TEST(EpsRulesTogether, AllThatIsWrongIsCollected) {
  std::string order = message_of("order");
  order = edited_first(order, "\"status\": \"active\"", "\"status\": \"draft\"");
  order = edited_first(order, "\"intent\": \"original-order\"", "\"intent\": \"plan\"");
  order = edited_first(order, "\"value\": \"FZZ99\"", "\"value\": \"FZZ98\"");
  EXPECT_THAT(
      told_by_rules(order, Asking::translation),
      testing::UnorderedElementsAre(testing::HasSubstr("MedicationRequest.status must be active."),
                                    testing::HasSubstr("MedicationRequest.intent must be"),
                                    testing::HasSubstr("dispenseRequest.performer")));
}

TEST(EpsRulesTogether, ABrokenProfileSilencesTheRestAsTheNationalServiceDoes) {
  std::string order = edited_first(message_of("order"), "\"code\": \"SLS\"", "\"code\": \"ZZZ\"");
  order = edited_first(order, "\"status\": \"active\"", "\"status\": \"draft\"");
  EXPECT_THAT(told_by_rules(order, Asking::translation),
              testing::ElementsAre(testing::HasSubstr("DM-prescription-endorsement")));
}

TEST(EpsRulesTogether, RepeatDispensingNeedsPeriodAndDuration) {
  std::string order = message_of("order");
  for (int item = 0; item < 2; ++item) {
    order = edited_first(order, "\"validityPeriod\"", "\"other\"");
    order = edited_first(order, "\"expectedSupplyDuration\"", "\"another\"");
  }
  EXPECT_THAT(told_by_rules(order, Asking::translation),
              testing::ElementsAre("error|value|||Expected MedicationRequest to have a value for "
                                   "dispenseRequest.validityPeriod.|" +
                                       mr("dispenseRequest.validityPeriod"),
                                   "error|value|||Expected MedicationRequest to have a value for "
                                   "dispenseRequest.expectedSupplyDuration.|" +
                                       mr("dispenseRequest.expectedSupplyDuration")));
}

TEST(EpsRulesTogether, AWrongCheckCharacterIsRefusedAndAnIdOfDigitsAloneHasNone) {
  const std::string order = message_of("order");
  const auto with_id = [&](std::string_view id) {
    return edited_first(
        edited_first(order, "\"8D1A4B-A99001-6F09AV\"", '"' + std::string(id) + '"'),
        "\"8D1A4B-A99001-6F09AV\"", '"' + std::string(id) + '"');
  };
  EXPECT_THAT(told_by_rules(with_id("8D1A4B-A99001-6F09AW"), Asking::translation),
              testing::ElementsAre("error|processing|" + kSpine +
                                   "|FAILURE_TO_PROCESS_MESSAGE|Unable to process message. "
                                   "Information missing or invalid - prescriptionID has invalid "
                                   "checksum|"));
  EXPECT_THAT(told_by_rules(with_id("8D1A4B-A99001"), Asking::translation), testing::SizeIs(1));
  EXPECT_THAT(told_by_rules(with_id("887228-510420-124913"), Asking::translation),
              testing::IsEmpty());
}

TEST(EpsRulesTogether, APrescriptionThatWasNotDispensedHasOneReason) {
  const auto with_reason = [](std::string text, const std::string& at, std::string_view code) {
    return edited_first(text, at,
                        R"({"url":"https://fhir.nhs.uk/StructureDefinition/)"
                        R"(Extension-DM-PrescriptionNonDispensingReason","valueCoding":{"code":")" +
                            std::string(code) + R"("}},)" + at + " ");
  };
  const std::string anchor =
      "{\n            \"url\": \"" + kFhir + "Extension-EPS-TaskBusinessStatus\"";
  std::string one = with_reason(message_of("dispense"), anchor, "0001");
  EXPECT_THAT(told_by_rules(one, Asking::translation), testing::IsEmpty());
  const auto second = one.rfind(anchor);
  EXPECT_THAT(told_by_rules(one.substr(0, second) + with_reason(one.substr(second), anchor, "0001"),
                            Asking::translation),
              testing::IsEmpty());
  EXPECT_THAT(told_by_rules(one.substr(0, second) + with_reason(one.substr(second), anchor, "0002"),
                            Asking::translation),
              testing::ElementsAre("error|invalid|" + kSpine +
                                   "|INVALID_VALUE|Expected all MedicationDispenses to have the "
                                   "same prescription non-dispensing reason.|" +
                                   md("extension('" + kFhir +
                                      "Extension-DM-PrescriptionNonDispensingReason')"
                                      ".valueCoding.code")));
}

TEST(EpsRulesTogether, FiveItemsAreTooMany) {
  std::string order = message_of("order");
  const std::string item =
      R"({"resource":{"resourceType":"MedicationRequest","medicationCodeableConcept":{"text":"x"}}},)";
  order = edited_first(order, "\"entry\": [", "\"entry\": [" + item + item + item);
  EXPECT_THAT(told_by_rules(order, Asking::translation),
              testing::ElementsAre("error|processing|||Bundle contains too many resources of type "
                                   "MedicationRequest. Expected at most 4.|Bundle.entry"));
}

TEST(EpsRulesTogether, WhatTheEndpointsRefuseIsTranslated) {
  const std::string order =
      edited_first(message_of("order"),
                   "\"practitioner\": {\n          \"reference\": "
                   "\"urn:uuid:11111111-0000-4000-8000-000000000041\"",
                   "\"practitioner\": {\n          \"identifier\": {\"value\": \"1\"}");
  EXPECT_THAT(told_by_rules(order, Asking::translation), testing::IsEmpty());
  // The role is the responsible party's as well, whose practitioner may be an identifier.
  EXPECT_THAT(told_by_rules(order, Asking::endpoint), testing::IsEmpty());
  std::string requester_only = order;
  for (int item = 0; item < 2; ++item) {
    requester_only = edited_first(requester_only, "Extension-DM-ResponsiblePractitioner", "Other");
  }
  EXPECT_THAT(told_by_rules(requester_only, Asking::translation), testing::IsEmpty());
  EXPECT_THAT(told_by_rules(requester_only, Asking::endpoint),
              testing::ElementsAre("error|invalid|||PractitionerRole.practitioner should be "
                                   "populated with a reference.|Bundle.entry.resource.ofType("
                                   "PractitionerRole).practitioner"));
}

TEST(EpsRulesTogether, MembersMayStandInAnyOrderAndStillBeTheSame) {
  const std::string order = edited_first(
      message_of("order"), "\"start\": \"2026-03-01\",\n            \"end\": \"2026-12-01\"",
      "\"end\": \"2026-12-01\",\n            \"start\": \"2026-03-01\"");
  EXPECT_THAT(told_by_rules(order, Asking::translation), testing::IsEmpty());
}

TEST(EpsRulesTogether, WhatIsComparedCountsAsRead) {
  const tree::Document order = typed(message_of("order"));
  tree::NodeSet reads;
  ASSERT_THAT(rules().check(order, Asking::translation, &reads), IsOk());
  const tree::Node* entry = order.root().child(order.find("entry"))->next_same()->next_same();
  const tree::Node* request = entry->child(order.find("resource"));
  EXPECT_TRUE(reads.contains(*request->child(order.find("authoredOn"))));
  EXPECT_TRUE(reads.contains(*request->child(order.find("status"))));
  EXPECT_FALSE(reads.contains(*request->child(order.find("dosageInstruction"))));
}

TEST(EpsRulesTogether, ManyEntriesAndIssuesStayBounded) {
  std::string entries;
  for (int at = 0; at < 5000; ++at) {
    entries += R"({"fullUrl":"urn:uuid:)" + std::to_string(at) +
               R"(","resource":{"resourceType":"MedicationRequest","intent":"plan","requester":)"
               R"({"reference":"urn:uuid:)" +
               std::to_string(5000 - at) + R"("}}},)";
  }
  const std::string order =
      edited_first(message_of("order"), "\"entry\": [", "\"entry\": [" + entries);
  EXPECT_THAT(told_by_rules(order, Asking::endpoint), testing::SizeIs(testing::Le(100)));
}

TEST(EpsRulesTogether, EveryRuleHasAnIdOfItsOwn) {
  std::set<std::string> ids;
  std::istringstream lines(rules().describe());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(ids.insert(line.substr(0, line.find('\t'))).second) << line;
  }
  EXPECT_GT(ids.size(), 20u);
}

}  // namespace
}  // namespace concord::eps::test
