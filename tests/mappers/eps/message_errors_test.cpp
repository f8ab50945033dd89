// What cannot be translated of cancellations, dispense notifications, claims, releases, returns and
// withdrawals, beyond what the rules say (rules_test.cpp): code and place of each issue, and what
// must not be left out in silence.

#include <gmock/gmock.h>

#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

using testing::HasSubstr;

/// A case with one thing wrong.
struct Wrong {
  std::string what;
  std::string input;  ///< name of the case
  std::string from, to;
  std::string code;
  std::string expression;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.what; }

std::string named(const testing::TestParamInfo<Wrong>& tested) { return tested.param.what; }

class EpsMessageErrors : public testing::TestWithParam<Wrong> {};

TEST_P(EpsMessageErrors, AreToldWithCodeAndPlace) {
  const Wrong& wrong = GetParam();
  const auto encoded = translate(edited_first(case_input(wrong.input), wrong.from, wrong.to));
  ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
  ASSERT_GE(encoded.error().issues.size(), 1u);
  const Issue& issue = encoded.error().issues.front();
  EXPECT_EQ(issue.detail_code, wrong.code) << told(issue);
  EXPECT_EQ(issue.expression, wrong.expression) << told(issue);
  EXPECT_GT(issue.position.line, 0u) << told(issue);
  EXPECT_FALSE(issue.text.empty());
}

const std::string kInvalid = "INVALID_VALUE";
const std::string kTooFew = "TOO_FEW_VALUES_SUBMITTED";
const std::string kTooMany = "TOO_MANY_VALUES_SUBMITTED";
const std::string kDispense = "Bundle.entry[1].resource";

INSTANTIATE_TEST_SUITE_P(
    Cancel, EpsMessageErrors,
    testing::Values(Wrong{"ReasonOfAnotherSystem", "cancel_for_another_prescriber",
                          "CodeSystem/medicationrequest-status-reason", "CodeSystem/other", kTooFew,
                          "Bundle.entry[1].resource.statusReason.coding"},
                    Wrong{"NoSdsUser", "cancel_for_another_prescriber", "Id/sds-user-id",
                          "Id/other", kTooFew, "Bundle.entry[4].resource.identifier"},
                    Wrong{"NoLongId", "cancel_for_another_prescriber",
                          "Extension-DM-PrescriptionId", "Extension-Other", kTooFew,
                          "Bundle.entry[1].resource.groupIdentifier.extension"},
                    Wrong{"TwoSdsUsers", "cancel_for_another_prescriber",
                          "https://fhir.hl7.org.uk/Id/gmc-number",
                          "https://fhir.nhs.uk/Id/sds-user-id", kTooMany,
                          "Bundle.entry[4].resource.identifier[1]"}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Dispense, EpsMessageErrors,
    testing::Values(
        Wrong{"NoRoleProfile", "dispense_repeat_issue", "Id/sds-role-profile-id", "Id/other",
              kTooFew, kDispense + ".contained[0].identifier"},
        Wrong{"NoDispenseItemNumber", "dispense_repeat_issue",
              "Id/prescription-dispense-item-number", "Id/other", kTooFew,
              kDispense + ".identifier"},
        Wrong{"NoStatusOfThePrescription", "dispense_repeat_issue",
              "Extension-EPS-TaskBusinessStatus", "Extension-Other", kTooFew,
              kDispense + ".extension"},
        Wrong{"TypeOfAnotherSystem", "dispense_repeat_issue", "CodeSystem/medicationdispense-type",
              "CodeSystem/other", kTooFew, kDispense + ".type.coding"},
        Wrong{"NoIssueNumber", "dispense_repeat_issue", "\"numberOfRepeatsIssued\"", "\"other\"",
              kTooFew, kDispense + ".contained[1].basedOn[0].extension[0].extension"},
        Wrong{"ContainedOrderMissing", "dispense_amendment", "\"reference\": \"#m1\"",
              "\"reference\": \"#m9\"", kTooFew, kDispense + ".authorizingPrescription[0]"},
        Wrong{"TimeIsNoTime", "dispense_amendment", "2026-03-02T11:30:00+00:00", "yesterday",
              kInvalid, kDispense + ".whenHandedOver"}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Claim, EpsMessageErrors,
    testing::Values(
        Wrong{"UnknownCharge", "claim_paid_without_exemption", "\"paid-once\"", "\"paid-often\"",
              kInvalid, "Claim.item[0].detail[0].programCode[0].coding[0].code"},
        Wrong{"NoCharge", "claim_paid_without_exemption", "CodeSystem/DM-prescription-charge",
              "CodeSystem/other", kTooFew, "Claim.item[0].detail[0].subDetail[0]"},
        Wrong{"NoStatusOfThePrescription", "claim_repeat_issue", "Extension-EPS-TaskBusinessStatus",
              "Extension-Other", kTooFew, "Claim.item[0].extension"},
        Wrong{"NoLongId", "claim_repeat_issue", "\"url\": \"UUID\"", "\"url\": \"other\"", kTooFew,
              "Claim.prescription.extension[0].extension"},
        Wrong{"NoItemReference", "claim_repeat_issue", "Extension-ClaimMedicationRequestReference",
              "Extension-Other", kTooFew, "Claim.item[0].detail[0].extension"},
        Wrong{"NoIdentity", "claim_repeat_issue", "https://tools.ietf.org/html/rfc4122",
              "urn:example:other", kTooFew, "Claim.identifier"},
        Wrong{"AllowedIsNoInteger", "claim_repeat_issue", "\"valueInteger\": 5",
              "\"valueUnsignedInt\": 5", kInvalid,
              "Claim.item[0].extension[1].extension[0].valueInteger"}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Release, EpsMessageErrors,
    testing::Values(Wrong{"TwoPrescriptions", "release_one_prescription",
                          "\"name\": \"status\",\n      \"valueCode\": \"accepted\"",
                          "\"name\": \"group-identifier\", \"valueIdentifier\": {\"value\": \"x\"}",
                          kTooMany, "Parameters.parameter[3]"}),
    named);

INSTANTIATE_TEST_SUITE_P(
    Task, EpsMessageErrors,
    testing::Values(
        // The published example of a withdrawal of repeat dispensing. Source: eps.md section 22
        // row 8.
        Wrong{"IssuedIsNoInteger", "withdraw_repeat_issue", "\"valueInteger\": 0",
              "\"valueUnsignedInt\": 0", kInvalid, "Task.extension[0].extension[1].valueInteger"},
        Wrong{"NoFocus", "return_acute", "\"focus\"", "\"encounter\"", kInvalid, "Task.focus"},
        Wrong{"RequesterMissing", "withdraw_acute", "\"reference\": \"#requester\"",
              "\"reference\": \"#nobody\"", kTooFew, "Task"}),
    named);

/// What changes the meaning of a message when it is left out.
class EpsMessageRefusals : public testing::TestWithParam<Wrong> {};

TEST_P(EpsMessageRefusals, StopTheMessage) {
  const Wrong& wrong = GetParam();
  const auto encoded = translate(edited_first(case_input(wrong.input), wrong.from, wrong.to));
  ASSERT_THAT(encoded, FailsWith(ErrorCode::unsupported));
  ASSERT_EQ(encoded.error().issues.size(), 1u) << to_string(encoded.error());
  EXPECT_EQ(encoded.error().issues.front().expression, wrong.expression);
  EXPECT_EQ(encoded.error().issues.front().detail_code, wrong.code);
}

INSTANTIATE_TEST_SUITE_P(
    Modifiers, EpsMessageRefusals,
    testing::Values(Wrong{"DispensedInError", "dispense_amendment", "\"status\": \"completed\"",
                          "\"status\": \"entered-in-error\"", "not-carried-modifier",
                          kDispense + ".status"},
                    Wrong{"CancelledClaim", "claim_repeat_issue", "\"status\": \"active\"",
                          "\"status\": \"cancelled\"", "not-carried-modifier", "Claim.status"},
                    Wrong{"Predetermination", "claim_repeat_issue", "\"use\": \"claim\"",
                          "\"use\": \"predetermination\"", "not-carried-modifier", "Claim.use"},
                    Wrong{"NotDone", "dispense_amendment", "\"intent\": \"order\"",
                          "\"intent\": \"order\", \"doNotPerform\": true", "not-carried-modifier",
                          kDispense + ".contained[1].doNotPerform"}),
    named);

TEST(EpsMessageKinds, AReleaseIsToldFromItsParameters) {
  EXPECT_EQ(translate(case_input("release_one_prescription"))->message_kind, "patient-release");
  EXPECT_EQ(translate(case_input("release_nominated"))->message_kind, "nominated-release");
}

TEST(EpsMessageIdentities, ComeFromTheCallerInOrder) {
  mappers::Parameters parameters = case_parameters();
  int next = 0;
  parameters.uuids = [&next] {
    return "00000000-0000-4000-8000-00000000000" + std::string(1, static_cast<char>('a' + next++));
  };
  const auto encoded = translate(case_input("release_nominated"), parameters);
  ASSERT_THAT(encoded, IsOk());
  EXPECT_THAT(
      encoded->bytes,
      HasSubstr(
          "xmlns=\"urn:hl7-org:v3\">\n  <id root=\"00000000-0000-4000-8000-00000000000A\"/>"));
  EXPECT_THAT(encoded->bytes, HasSubstr("<id root=\"00000000-0000-4000-8000-00000000000B\"/>"));
  EXPECT_EQ(encoded->message_id, "00000000-0000-4000-8000-00000000000a");
}

TEST(EpsMessageIdentities, OfTheirOwnChangeWithMessageAndTimeOnly) {
  const auto first = translate(case_input("release_nominated"));
  const auto again = translate(case_input("release_nominated"));
  mappers::Parameters later = case_parameters();
  later.now += std::chrono::seconds(1);
  const auto then = translate(case_input("release_nominated"), later);
  const auto other = translate(case_input("release_one_prescription"));
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(again, IsOk());
  ASSERT_THAT(then, IsOk());
  ASSERT_THAT(other, IsOk());
  EXPECT_EQ(first->bytes, again->bytes);
  EXPECT_NE(first->message_id, then->message_id);
  EXPECT_NE(first->message_id, other->message_id);
}

}  // namespace
}  // namespace concord::eps::test
