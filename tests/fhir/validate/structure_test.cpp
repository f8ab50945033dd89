// Which elements there are, how they are written, how often, and what they hold.

#include <gmock/gmock.h>

#include "tests/fhir/validate/validating.h"

namespace concord::validate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kPatient = R"({
  "resourceType": "Patient",
  "id": "p1",
  "extension": [{"url": "https://concord.example/e", "valueCoding": {"system": "urn:x", "code": "1"}}],
  "active": true,
  "name": [{"family": "Example", "given": ["A", "B"]}],
  "gender": "female",
  "_birthDate": {"extension": [{"url": "https://concord.example/e", "valueString": "unknown"}]},
  "deceasedBoolean": false,
  "multipleBirthInteger": 2
})";

TEST(Structure, AGoodResourceHasNoFindings) {
  EXPECT_THAT(issues_of(std::string(kPatient)), IsEmpty());
}

TEST(Structure, AGoodResourceInXmlHasNoFindings) {
  EXPECT_THAT(
      issues_of(R"(<?xml version="1.0"?><Patient xmlns="http://hl7.org/fhir"><id value="p1"/>)"
                R"(<active value="true"/><name><family value="Example"/></name>)"
                R"(<deceasedBoolean value="false"/></Patient>)"),
      IsEmpty());
}

TEST(Structure, UnknownElementsAreErrorsWithPathAndPosition) {
  EXPECT_THAT(
      issues_of("{\"resourceType\": \"Patient\",\n  \"name\": [\n    {\"surname\": \"A\"}],\n"
                "  \"colour\": \"blue\"}"),
      ElementsAre("error 3:6 Patient.name[0].surname: the element is unknown [structure/structure]",
                  "error 4:3 Patient.colour: the element is unknown [structure/structure]"));
}

TEST(Structure, UnknownElementsInXmlAreErrors) {
  EXPECT_THAT(
      findings_of(R"(<Patient xmlns="http://hl7.org/fhir"><colour value="blue"/></Patient>)"),
      ElementsAre("error Patient.colour: the element is unknown [structure/structure]"));
}

TEST(Structure, WhatStandsBelowAnUnknownElementIsNotReportedAgain) {
  EXPECT_THAT(
      findings_of(R"({"resourceType": "Patient", "colour": {"a": {"b": 1}, "c": [{"d": 2}]}})"),
      ElementsAre("error Patient.colour: the element is unknown [structure/structure]"));
}

TEST(Structure, AChoiceMustNameOneOfItsTypes) {
  EXPECT_THAT(findings_of(R"({"resourceType": "Patient", "deceased": true})"),
              ElementsAre("error Patient.deceased: the name must say the type: deceasedBoolean, "
                          "deceasedDateTime [structure/structure]"));
  EXPECT_THAT(
      findings_of(R"({"resourceType": "Patient", "deceasedString": "x"})"),
      ElementsAre("error Patient.deceasedString: the element is unknown [structure/structure]"));
}

TEST(Structure, AChoiceStandsWithOneTypeOnly) {
  EXPECT_THAT(
      findings_of(
          R"({"resourceType": "Patient", "deceasedBoolean": true, "deceasedDateTime": "2020"})"),
      ElementsAre(
          "error Patient.deceased: may stand with one of its types only [Validation_VAL_Profile_Maximum/structure]"));
}

TEST(Structure, ArraysStandWhereAnElementMayRepeatAndNowhereElse) {
  EXPECT_THAT(
      findings_of(R"({"resourceType": "Patient", "name": {"family": "A"},
                              "birthDate": ["2020", "2021"]})"),
      ElementsAre("error Patient.name: must be an array [structure/structure]",
                  "error Patient.birthDate[0]: must not be an array [structure/structure]"));
}

TEST(Structure, PrimitivesKeepTheirJsonType) {
  EXPECT_THAT(
      findings_of(R"({"resourceType": "Patient", "active": "true", "birthDate": 2020,
                              "multipleBirthInteger": "2", "gender": {"value": "male"}})"),
      ElementsAre("error Patient.active: must be written as a JSON boolean, not as a string "
                  "[structure/structure]",
                  "error Patient.birthDate: must be written as a JSON string, not as a number "
                  "[structure/structure]",
                  "error Patient.multipleBirth: must be written as a JSON number, not as a string "
                  "[structure/structure]",
                  "error Patient.gender: must be written as a JSON string, not as an object "
                  "[structure/structure]"));
}

TEST(Structure, ComplexElementsAreObjects) {
  EXPECT_THAT(
      findings_of(R"({"resourceType": "Patient", "name": ["A"], "maritalStatus": true})"),
      ElementsAre("error Patient.name[0]: must be an object, not a value [structure/structure]",
                  "error Patient.maritalStatus: must be an object, not a value "
                  "[structure/structure]"));
}

TEST(Structure, ResourcesStandWhereResourcesMay) {
  EXPECT_THAT(
      findings_of(R"({"resourceType": "Prescription"})"),
      ElementsAre("error Prescription: the resource type is none of R4 [structure/structure]"));
  EXPECT_THAT(findings_of(R"({"resourceType": "DomainResource"})"),
              ElementsAre("error DomainResource: an abstract type has no resources: DomainResource "
                          "[structure/structure]"));
  EXPECT_THAT(findings_of(R"({"resourceType": "Patient", "contained": [{"id": "x"}]})"),
              ElementsAre("error Patient.contained[0]: must be a resource, with a resourceType "
                          "[structure/structure]"));
  EXPECT_THAT(findings_of(R"({"resourceType": "Coding", "code": "x"})"),
              ElementsAre("error Coding: the resource type is none of R4 [structure/structure]"));
}

TEST(Cardinality, MissingElementsAreNamedWithTheirParent) {
  EXPECT_THAT(
      issues_of("{\"resourceType\": \"MedicationRequest\",\n\"status\": \"active\"}"),
      ElementsAre("error 1:1 MedicationRequest.intent: needs at least 1 [Validation_VAL_Profile_Minimum/required]",
                  "error 1:1 MedicationRequest.medication: needs at least 1 [Validation_VAL_Profile_Minimum/required]",
                  "error 1:1 MedicationRequest.subject: needs at least 1 [Validation_VAL_Profile_Minimum/required]"));
}

TEST(Cardinality, RepeatsInXmlAreCounted) {
  EXPECT_THAT(findings_of(R"(<Patient xmlns="http://hl7.org/fhir"><active value="true"/>)"
                          R"(<active value="false"/></Patient>)"),
              ElementsAre("error Patient.active: allows at most 1 [Validation_VAL_Profile_Maximum/structure]"));
}

TEST(PrimitiveFormat, NamesTheTypeAndNeverTheValue) {
  EXPECT_THAT(
      issues_of("{\"resourceType\": \"Patient\",\n \"birthDate\": \"2022-02-30\",\n"
                " \"multipleBirthInteger\": 1.5, \"id\": \"a_b\"}"),
      ElementsAre(
          "error 2:2 Patient.birthDate: is not a valid date [Type_Specific_Checks_DT_Date_Valid/value]",
          "error 3:2 Patient.multipleBirth: is not a valid integer [Type_Specific_Checks_DT_Integer_Valid/value]",
          "error 3:31 Patient.id: is not a valid id [Resource_RES_ID_Malformed_Chars/value]"));
}

TEST(PrimitiveFormat, TextsAreNotEmptyAndWithoutControlCharacters) {
  EXPECT_THAT(
      findings_of(R"({"resourceType": "Patient", "name": [
                  {"text": ""}, {"text": " \n"}, {"text": "a\u0001b"}, {"text": "a\tb\r\nc"}]})"),
      ElementsAre("error Patient.name[0].text: must not be empty [Type_Specific_Checks_DT_Primitive_NotEmpty/value]",
                  "warning Patient.name[1].text: holds white space only [Type_Specific_Checks_DT_String_WS_ALL/value]",
                  "warning Patient.name[2].text: holds control characters "
                  "[UNICODE_XML_BAD_CHARS/value]"));
}

TEST(PrimitiveFormat, TextsHaveABoundInCharacters) {
  const auto patient = [](std::string name) {
    return R"({"resourceType": "Patient", "name": [{"text": ")" + name + R"("}]})";
  };
  std::string accents;
  for (int i = 0; i < 1'048'576; ++i) accents += "\xC3\xA9";
  EXPECT_THAT(findings_of(patient(accents)), IsEmpty());
  EXPECT_THAT(findings_of(patient(accents + "x")),
              ElementsAre("error Patient.name[0].text: is longer than 1,048,576 characters "
                          "[Type_Specific_Checks_DT_String_Length/too-long]"));
}

TEST(RequiredBinding, CodesAreInTheValueSet) {
  EXPECT_THAT(findings_of(R"({"resourceType": "Patient", "gender": "femal"})"),
              ElementsAre("error Patient.gender: is not in the required value set "
                          "http://hl7.org/fhir/ValueSet/administrative-gender "
                          "[required-binding/code-invalid]"));
  Options warn;
  warn.bindings = Policy::warn;
  EXPECT_THAT(findings_of(R"({"resourceType": "Patient", "gender": "femal"})", warn),
              ElementsAre(testing::StartsWith("warning Patient.gender")));
  warn.bindings = Policy::accept;
  EXPECT_THAT(findings_of(R"({"resourceType": "Patient", "gender": "femal"})", warn), IsEmpty());
}

TEST(RequiredBinding, ConceptsPassWhenOneCodingIsInTheValueSet) {
  const auto allergy = [](std::string_view codings) {
    return R"({"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/1"},
               "clinicalStatus": {"coding": [)" +
           std::string(codings) + "]}}";
  };
  constexpr std::string_view kGood =
      R"({"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"})";
  constexpr std::string_view kOther = R"({"system": "urn:x", "code": "active"})";
  EXPECT_THAT(findings_of(allergy(kGood)), IsEmpty());
  EXPECT_THAT(findings_of(allergy(std::string(kOther) + "," + std::string(kGood))), IsEmpty());
  EXPECT_THAT(
      findings_of(allergy(kOther)),
      ElementsAre("error AllergyIntolerance.clinicalStatus: is not in the required value set "
                  "http://hl7.org/fhir/ValueSet/allergyintolerance-clinical "
                  "[required-binding/code-invalid]"));
}

TEST(RequiredBinding, ValueSetsThatCannotBeListedAreLeftAlone) {
  EXPECT_THAT(findings_of(R"({"resourceType": "Binary", "contentType": "application/x-made-up",
                              "data": "AAAA"})"),
              IsEmpty());
}

TEST(Extension, HasAValueOrExtensions) {
  EXPECT_THAT(
      findings_of(R"({"resourceType": "Patient", "extension": [
                  {"url": "urn:a"},
                  {"url": "urn:b", "valueString": "x", "extension": [{"url": "c", "valueString": "x"}]},
                  {"url": "d", "valueString": "x"},
                  {"valueString": "x"}]})"),
      ElementsAre("error Patient.extension[0]: needs a value or extensions (ext-1) "
                  "[extension/invariant]",
                  "error Patient.extension[1]: may not have both a value and extensions (ext-1) "
                  "[extension/invariant]",
                  "error Patient.extension[2].url: must be an absolute url [extension/value]",
                  "error Patient.extension[3].url: needs at least 1 [Validation_VAL_Profile_Minimum/required]"));
}

TEST(Contained, HaveIdsOfTheirOwnAndContainNothing) {
  EXPECT_THAT(
      findings_of(R"({"resourceType": "Patient", "contained": [
          {"resourceType": "Practitioner", "active": true},
          {"resourceType": "Practitioner", "id": "a", "contained": [
              {"resourceType": "Practitioner", "id": "b"}]},
          {"resourceType": "Organization", "id": "a",
           "meta": {"versionId": "1", "security": [{"code": "R"}]}}]})"),
      ElementsAre(
          "error Patient.contained[0].id: a contained resource needs an id [contained/required]",
          "error Patient.contained[1].contained[0]: a contained resource may not contain others "
          "(dom-2) [contained/invariant]",
          "error Patient.contained[2].id: another contained resource has this id "
          "[contained/duplicate]",
          "error Patient.contained[2].meta: a contained resource has no version of its own (dom-4) "
          "[contained/invariant]",
          "error Patient.contained[2].meta: a contained resource has no security labels (dom-5) "
          "[contained/invariant]"));
}

}  // namespace
}  // namespace concord::validate
