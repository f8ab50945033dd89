// Identifiers with check digits, by policy. NHS numbers are of the range 999 000 0000 to
// 999 999 9999, which is never issued.

#include <gmock/gmock.h>

#include "tests/fhir/validate/validating.h"

namespace concord::validate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Case {
  std::string name;
  Policy IdentifierPolicy::*policy;
  std::string good;
  std::string bad;
  std::string finding;  ///< after the severity
};

std::string identifier(std::string_view system, std::string_view value) {
  return R"({"resourceType": "Patient", "identifier": [{"system": ")" + std::string(system) +
         R"(", "value": ")" + std::string(value) + R"("}]})";
}

std::string snomed(std::string_view code) {
  return R"({"resourceType": "Medication", "code": {"coding": [
             {"system": "http://snomed.info/sct", "code": ")" +
         std::string(code) + R"("}]}})";
}

class Identifiers : public testing::TestWithParam<Case> {};

TEST_P(Identifiers, AreRefusedWarnedOfOrAcceptedByPolicy) {
  const Case& at = GetParam();
  EXPECT_THAT(findings_of(at.good), IsEmpty());
  EXPECT_THAT(findings_of(at.bad), ElementsAre("error " + at.finding));
  EXPECT_FALSE(report_on(at.bad).ok());
  Options options;
  options.identifiers.*at.policy = Policy::warn;
  EXPECT_THAT(findings_of(at.bad, options), ElementsAre("warning " + at.finding));
  EXPECT_TRUE(report_on(at.bad, options).ok());
  options.identifiers.*at.policy = Policy::accept;
  EXPECT_THAT(findings_of(at.bad, options), IsEmpty());
  // Each policy speaks for its own kind only.
  options.identifiers = IdentifierPolicy::all(Policy::accept);
  options.identifiers.*at.policy = Policy::refuse;
  EXPECT_THAT(findings_of(at.bad, options), ElementsAre("error " + at.finding));
}

INSTANTIATE_TEST_SUITE_P(
    All, Identifiers,
    testing::Values(
        Case{"NhsNumber", &IdentifierPolicy::nhs_number,
             identifier("https://fhir.nhs.uk/Id/nhs-number", "9990000018"),
             identifier("https://fhir.nhs.uk/Id/nhs-number", "9990000019"),
             "Patient.identifier[0].value: the check digit of the NHS number does not match "
             "[nhs-number/value]"},
        Case{"OdsCode", &IdentifierPolicy::ods_code,
             identifier("https://fhir.nhs.uk/Id/ods-organization-code", "A83008"),
             identifier("https://fhir.nhs.uk/Id/ods-organization-code", "a83 008"),
             "Patient.identifier[0].value: an ODS code has 1 to 12 characters of A-Z and 0-9 "
             "[ods-code/value]"},
        Case{"PrescriptionId", &IdentifierPolicy::prescription_id,
             identifier("https://fhir.nhs.uk/Id/prescription-order-number", "24F5DA-A83008-7EFE6Z"),
             identifier("https://fhir.nhs.uk/Id/prescription-order-number", "24F5DA-A83008-7EFE6Y"),
             "Patient.identifier[0].value: the check character of the prescription id does not "
             "match [prescription-id/value]"},
        Case{"SnomedCode", &IdentifierPolicy::snomed_code, snomed("15517911000001104"),
             snomed("15517911000001105"),
             "Medication.code.coding[0].code: the check digit of the SNOMED CT identifier does not "
             "match [snomed-code/value]"}),
    [](const auto& at) { return at.param.name; });

TEST(IdentifierPolicy, OtherSystemsAreNotLookedAt) {
  EXPECT_THAT(findings_of(identifier("https://concord.example/Id/own", "not a number")), IsEmpty());
  EXPECT_THAT(findings_of(R"({"resourceType": "Patient", "identifier": [{"value": "1"},
                              {"system": "https://fhir.nhs.uk/Id/nhs-number"}]})"),
              IsEmpty());
}

TEST(IdentifierPolicy, IsReadFromItsName) {
  EXPECT_EQ(policy_from("refuse"), Policy::refuse);
  EXPECT_EQ(policy_from("warn"), Policy::warn);
  EXPECT_EQ(policy_from("accept"), Policy::accept);
  EXPECT_EQ(policy_from("Refuse"), std::nullopt);
  EXPECT_EQ(policy_from(""), std::nullopt);
}

}  // namespace
}  // namespace concord::validate
