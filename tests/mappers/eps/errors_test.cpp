// What cannot be translated, and how that is said: code, place and text of each issue in full.

#include <gmock/gmock.h>

#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kRequest = "Bundle.entry[1].resource";

/// A case with one thing wrong.
struct Wrong {
  std::string what;
  std::string input;  ///< name of the case
  std::string from, to;
  std::string code;
  std::string expression;
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.what; }

class EpsErrors : public testing::TestWithParam<Wrong> {};

TEST_P(EpsErrors, AreToldWithCodeAndPlace) {
  const Wrong& wrong = GetParam();
  const auto encoded = translate(edited_first(case_input(wrong.input), wrong.from, wrong.to));
  ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
  ASSERT_EQ(encoded.error().issues.size(), 1u) << to_string(encoded.error());
  const Issue& issue = encoded.error().issues.front();
  EXPECT_EQ(issue.detail_code, wrong.code) << told(issue);
  EXPECT_EQ(issue.expression, wrong.expression) << told(issue);
  EXPECT_EQ(issue.severity, Severity::fatal);
  EXPECT_EQ(issue.code, "invalid");
  EXPECT_EQ(issue.detail_system, "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode");
  EXPECT_EQ(issue.wording, Wording::display);
  EXPECT_GT(issue.position.line, 0u) << told(issue);
  EXPECT_FALSE(issue.text.empty());
}

const std::string kMr = std::string(kRequest);
const std::string kPatientAt = "Bundle.entry[2].resource";
const std::string kRoleAt = "Bundle.entry[3].resource";
const std::string kPersonAt = "Bundle.entry[4].resource";
const std::string kOrgAt = "Bundle.entry[5].resource";

INSTANTIATE_TEST_SUITE_P(
    Values, EpsErrors,
    testing::Values(
        Wrong{"NameUse", "unsigned", "\"use\": \"usual\"", "\"use\": \"stage\"", "INVALID_VALUE",
              kPatientAt + ".name[0].use"},
        Wrong{"AddressUse", "unsigned", "\"use\": \"home\"", "\"use\": \"holiday\"",
              "INVALID_VALUE", kPatientAt + ".address[0].use"},
        Wrong{"TelecomUse", "unsigned",
              "\"value\": \"01632 960001\",\n            \"use\": \"work\"",
              "\"value\": \"01632 960001\",\n            \"use\": \"old\"", "INVALID_VALUE",
              kRoleAt + ".telecom[0].use"},
        Wrong{"Gender", "unsigned", "\"gender\": \"female\"", "\"gender\": \"f\"", "INVALID_VALUE",
              kPatientAt + ".gender"},
        Wrong{"GenderMissing", "unsigned", "\"gender\": \"female\",", "", "INVALID_VALUE",
              kPatientAt + ".gender"},
        Wrong{"BirthDateWithTime", "unsigned", "\"birthDate\": \"1961-04-09\"",
              "\"birthDate\": \"1961-04-09T00:00:00Z\"", "INVALID_VALUE",
              kPatientAt + ".birthDate"},
        Wrong{"BirthDateThatIsNoDay", "unsigned", "1961-04-09", "1961-02-30", "INVALID_VALUE",
              kPatientAt + ".birthDate"},
        Wrong{"NoNhsNumber", "unsigned", "https://fhir.nhs.uk/Id/nhs-number",
              "https://fhir.nhs.uk/Id/other-number", "TOO_FEW_VALUES_SUBMITTED",
              kPatientAt + ".identifier"},
        Wrong{"ValidityStart", "healthcare_service", "\"start\": \"2026-03-02\"",
              "\"start\": \"2 March 2026\"", "INVALID_VALUE",
              kMr + ".dispenseRequest.validityPeriod.start"},
        Wrong{"CourseOfTherapy", "unsigned", "\"code\": \"acute\"", "\"code\": \"sometimes\"",
              "INVALID_VALUE", kMr + ".courseOfTherapyType"},
        Wrong{"MixOfRepeatDispensing", "acute_beside_repeat", "\"code\": \"continuous\"",
              "\"code\": \"continuous-repeat-dispensing\"", "INVALID_VALUE",
              kMr + ".courseOfTherapyType"},
        Wrong{"NoItemNumber", "unsigned", "https://fhir.nhs.uk/Id/prescription-order-item-number",
              "https://fhir.nhs.uk/Id/another-number", "TOO_FEW_VALUES_SUBMITTED",
              kMr + ".identifier"},
        Wrong{"NoSnomedCode", "unsigned",
              "\"system\": \"http://snomed.info/sct\",\n              \"code\": \"322236009\"",
              "\"system\": \"urn:example:formulary\",\n              \"code\": \"322236009\"",
              "TOO_FEW_VALUES_SUBMITTED", kMr + ".medicationCodeableConcept.coding"},
        Wrong{"NoPrescriptionType", "unsigned", "Extension-DM-PrescriptionType",
              "Extension-DM-Other", "TOO_FEW_VALUES_SUBMITTED", kMr + ".extension"},
        Wrong{"NoSiteType", "unsigned", "Extension-DM-PerformerSiteType", "Extension-DM-Other",
              "TOO_FEW_VALUES_SUBMITTED", kMr + ".dispenseRequest.extension"},
        Wrong{"NoLongForm", "unsigned", "Extension-DM-PrescriptionId", "Extension-DM-Other",
              "TOO_FEW_VALUES_SUBMITTED", kMr + ".groupIdentifier.extension"},
        Wrong{"DurationInWeeks", "repeat_dispensing_based_on", "\"code\": \"d\"",
              "\"code\": \"wk\"", "INVALID_VALUE", kMr + ".dispenseRequest.expectedSupplyDuration"},
        Wrong{"NoRepeatsAllowed", "repeat_dispensing_based_on", "\"numberOfRepeatsAllowed\": 2,",
              "", "INVALID_VALUE", kMr + ".dispenseRequest.numberOfRepeatsAllowed"},
        Wrong{"NoEndOfPeriod", "repeat_dispensing_based_on",
              ",\n            \"end\": \"2026-08-17\"", "", "INVALID_VALUE",
              kMr + ".dispenseRequest.validityPeriod.end"},
        Wrong{"NoProfessionalCode", "unsigned", "https://fhir.hl7.org.uk/Id/gmc-number",
              "https://fhir.hl7.org.uk/Id/other-number", "TOO_FEW_VALUES_SUBMITTED",
              kPersonAt + ".identifier"},
        Wrong{"TwoProfessionalCodes", "unsigned", "https://fhir.nhs.uk/Id/sds-user-id",
              "https://fhir.hl7.org.uk/Id/nmc-number", "TOO_MANY_VALUES_SUBMITTED",
              kPersonAt + ".identifier[1]"},
        Wrong{"NoRoleProfile", "unsigned", "https://fhir.nhs.uk/Id/sds-role-profile-id",
              "https://fhir.nhs.uk/Id/other", "TOO_FEW_VALUES_SUBMITTED", kRoleAt + ".identifier"},
        Wrong{"OrganisationWithoutName", "unsigned", "\"name\": \"HARBOUR LANE SURGERY\",", "",
              "INVALID_VALUE", kOrgAt + ".name"},
        Wrong{
            "OrganisationWithoutOdsCode", "unsigned",
            "\"system\": \"https://fhir.nhs.uk/Id/ods-organization-code\",\n            \"value\": "
            "\"A99001\"\n          }\n        ],\n        \"type\"",
            "\"system\": \"urn:example:other\",\n            \"value\": "
            "\"A99001\"\n          }\n        ],\n        \"type\"",
            "TOO_FEW_VALUES_SUBMITTED", kOrgAt + ".identifier"},
        Wrong{"SignatureOfText", "no_nominated_pharmacy", "\"data\": \"PFNp", "\"data\": \"AAAA",
              "INVALID_VALUE", "Bundle.entry[6].resource.signature[0].data"},
        Wrong{"SignatureOfHalfAnElement", "no_nominated_pharmacy", "\"data\": \"",
              "\"data\": \"PGE+\", \"x\": \"", "INVALID_VALUE",
              "Bundle.entry[6].resource.signature[0].data"},
        Wrong{"TwoNotes", "controlled_drug", "\"text\": \"With food\"\n          }",
              "\"text\": \"With food\"}, {\"text\": \"Or without\"}", "TOO_MANY_VALUES_SUBMITTED",
              "Bundle.entry[2].resource.note[1]"},
        Wrong{"QuantityWithoutUnit", "unsigned",
              ",\n            \"unit\": \"tablet\",\n            \"system\": "
              "\"http://snomed.info/sct\",\n            \"code\": \"428673006\"",
              "", "INVALID_VALUE", kMr + ".dispenseRequest.quantity"}),
    [](const testing::TestParamInfo<Wrong>& tested) { return tested.param.what; });

TEST(EpsErrors, AMessageWithoutUuidHasNoIdentity) {
  EXPECT_EQ(
      only_issue(translate(edited(case_input("unsigned"), "https://tools.ietf.org/html/rfc4122",
                                  "urn:ietf:rfc:3986"))),
      "fatal TOO_FEW_VALUES_SUBMITTED Bundle.identifier: needs at least 1 of identifier");
}

TEST(EpsErrors, AnUnknownKindIsNotRepeatedInTheError) {
  const auto encoded = translate(edited(case_input("unsigned"), "\"code\": \"prescription-order\"",
                                        "\"code\": \"jane-doe-9990123411\""));
  ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
  EXPECT_THAT(to_string(encoded.error()), testing::Not(HasSubstr("jane")));
}

TEST(EpsErrors, ABundleWithoutMessageHeaderIsNoMessage) {
  const auto encoded = translate(R"({"resourceType":"Bundle","type":"collection"})");
  ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
  EXPECT_FALSE(
      World::get().mapper->recognises(typed(R"({"resourceType":"Bundle","type":"collection"})")));
  EXPECT_TRUE(World::get().mapper->recognises(typed(case_input("unsigned"))));
}

TEST(EpsErrors, AnotherResourceIsNoMessage) {
  const auto encoded = translate(R"({"resourceType":"Patient","active":true})");
  ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
}

TEST(EpsErrors, AMessageWithoutItemsSaysSo) {
  const auto encoded = translate(
      R"({"resourceType":"Bundle","type":"message","identifier":{"system":"https://tools.ietf.org/html/rfc4122","value":"c289bd6e-a10a-4c5a-b14c-8cbb3f4b5d44"},
          "entry":[{"resource":{"resourceType":"MessageHeader","eventCoding":{"code":"prescription-order"}}}]})");
  ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(encoded.error().issues.front().detail_code, "TOO_FEW_VALUES_SUBMITTED");
}

TEST(EpsErrors, NoErrorRepeatsAValueOfTheMessage) {
  for (const std::string_view secret : {"WREN", "HARBOUR", "9990123411", "Paracetamol", "ZZ99"}) {
    std::string input = case_input("unsigned");
    input = edited_first(input, "\"use\": \"home\"", "\"use\": \"" + std::string(secret) + "\"");
    const auto encoded = translate(input);
    ASSERT_FALSE(encoded.has_value());
    EXPECT_THAT(to_string(encoded.error()), testing::Not(HasSubstr(secret)));
    EXPECT_THAT(encoded.error().log_detail, testing::Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace concord::eps::test
