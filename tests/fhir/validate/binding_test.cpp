// Bindings by strength, codes in their own systems, and what CodeSystem, ValueSet and ConceptMap
// keep.

#include "tests/fhir/validate/rule_sets.h"

namespace concord::validate {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::initializer_list<std::string_view> kTerms{
    "erminology", "TERMINOLOGY", "UNABLE_TO",  "Unknown_Code", "UNKNOWN_CODE", "Coding_has",
    "Display_",   "DISPLAY",     "CODESYSTEM", "NO_CODE",      "VALUESET",     "CONCEPTMAP"};

const RuleSets& plain() {
  static const RuleSets sets({});
  return sets;
}

std::vector<std::string> said(std::string text) {
  return plain().findings(std::move(text), kTerms);
}

/// A Condition with one CodeableConcept under `name`.
std::string condition(std::string_view name, std::string_view concept_json) {
  return R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},")" +
         std::string(name) + "\":" + std::string(concept_json) + "}";
}
std::string coding(std::string_view system, std::string_view code, std::string_view rest = {}) {
  return R"({"coding":[{"system":")" + std::string(system) + R"(","code":")" + std::string(code) +
         "\"" + std::string(rest) + "}]}";
}

constexpr std::string_view kClinical = "http://terminology.hl7.org/CodeSystem/condition-clinical";

TEST(Binding, ACodeOutsideARequiredSetIsTwoErrors) {
  EXPECT_THAT(said(R"({"resourceType":"Patient","gender":"m"})"),
              ElementsAre("error UNABLE_TO_INFER_CODESYSTEM Patient.gender",
                          "error Terminology_TX_NoValid_16 Patient.gender"));
  EXPECT_THAT(said(R"({"resourceType":"Patient","gender":"male"})"), IsEmpty());
  EXPECT_THAT(said(R"({"resourceType":"Patient","_gender":{"extension":[
      {"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}})"),
              ElementsAre("error Terminology_TX_Code_ValueSet_MISSING Patient.gender"));
}

TEST(Binding, RequiredConceptsNeedOneRightCoding) {
  EXPECT_THAT(said(condition("clinicalStatus", coding(kClinical, "active"))), IsEmpty());
  EXPECT_THAT(said(condition("clinicalStatus", coding(kClinical, "bogus"))),
              ElementsAre("error Terminology_TX_NoValid_1_CC Condition.clinicalStatus",
                          "error Unknown_Code_in_Version Condition.clinicalStatus.coding[0].code"));
  EXPECT_THAT(said(condition("clinicalStatus", R"({"text":"active"})")),
              ElementsAre("error Terminology_TX_Code_ValueSet Condition.clinicalStatus"));
  // One is right; that the other's system is unknown is worth a warning.
  EXPECT_THAT(
      said(condition("clinicalStatus",
                     R"({"coding":[{"system":"http://example.org/x","code":"a"},{"system":")" +
                         std::string(kClinical) + R"(","code":"active"}]})")),
      ElementsAre("warning UNKNOWN_CODESYSTEM Condition.clinicalStatus.coding[0].system"));
  // An unknown system of HL7 is an error where the binding is required.
  EXPECT_THAT(said(condition("clinicalStatus",
                             coding("http://terminology.hl7.org/CodeSystem/none", "active"))),
              ElementsAre("error Terminology_TX_NoValid_1_CC Condition.clinicalStatus",
                          "error UNKNOWN_CODESYSTEM Condition.clinicalStatus.coding[0].system"));
}

TEST(Binding, AWrongDisplayIsAnError) {
  EXPECT_THAT(
      said(condition("clinicalStatus", coding(kClinical, "active", R"(,"display":"aCTIVE")"))),
      IsEmpty());
  EXPECT_THAT(
      said(condition("clinicalStatus", coding(kClinical, "active", R"(,"display":"Gone")"))),
      Contains("error Display_Name_for__should_be_one_of__instead_of "
               "Condition.clinicalStatus.coding[0].display"));
  EXPECT_THAT(
      said(condition("clinicalStatus", coding(kClinical, "active", R"(,"display":" Active")"))),
      Contains("error Display_Name_WS_for__should_be_one_of__instead_of "
               "Condition.clinicalStatus.coding[0].display"));
}

TEST(Binding, ExtensibleSetsWarn) {
  const std::string patient = R"({"resourceType":"Patient","contact":[{"relationship":[)";
  EXPECT_THAT(said(patient + coding("http://terminology.hl7.org/CodeSystem/v2-0131", "N") + "]}]}"),
              IsEmpty());
  EXPECT_THAT(
      said(patient + coding("http://hl7.org/fhir/administrative-gender", "male") + "]}]}"),
      ElementsAre("warning Terminology_TX_NoValid_2_CC Patient.contact[0].relationship[0]"));
  EXPECT_THAT(
      said(patient + R"({"text":"friend"}]}]})"),
      ElementsAre("warning Terminology_TX_Code_ValueSet_Ext Patient.contact[0].relationship[0]"));
}

TEST(Binding, CodesAreCheckedWhateverTheStrength) {
  // Condition.code is bound as an example.
  EXPECT_THAT(said(condition("code", coding("http://hl7.org/fhir/administrative-gender", "m"))),
              ElementsAre("error Unknown_Code_in_Version Condition.code.coding[0].code"));
  EXPECT_THAT(said(condition("code", coding("http://snomed.info/sct", "22298006"))), IsEmpty());
  EXPECT_THAT(
      said(condition("code", R"({"coding":[{"code":"x"}]})")),
      ElementsAre("warning Coding_has_no_system__cannot_validate Condition.code.coding[0]"));
  EXPECT_THAT(said(condition("code", coding("http://example.org/none", "x"))),
              ElementsAre("warning UNKNOWN_CODESYSTEM Condition.code.coding[0].system"));
}

TEST(Binding, ACodingsSystemHasItsOwnRules) {
  const auto tag = [](std::string_view system) {
    return R"({"resourceType":"Patient","meta":{"tag":[{"system":")" + std::string(system) +
           R"(","code":"x"}]}})";
  };
  EXPECT_THAT(said(tag("relative")),
              Contains("error Terminology_TX_System_Relative Patient.meta.tag[0]"));
  EXPECT_THAT(said(tag("http://hl7.org/fhir/ValueSet/administrative-gender")),
              Contains("error Terminology_TX_System_ValueSet2 Patient.meta.tag[0]"));
  EXPECT_THAT(said(tag("http://hl7.org/fhir/none")),
              Contains("error Terminology_TX_System_Unknown Patient.meta.tag[0]"));
  EXPECT_THAT(said(tag("http://loinc.org/x")),
              Contains("error Terminology_TX_System_Invalid Patient.meta.tag[0]"));
  EXPECT_THAT(said(tag("https://loinc.org")),
              Contains("error TERMINOLOGY_TX_SYSTEM_HTTPS Patient.meta.tag[0]"));
  EXPECT_THAT(said(tag("http://somewhere.test/x")),
              ElementsAre("information UNKNOWN_CODESYSTEM Patient.meta.tag[0].system"));
  EXPECT_THAT(said(R"({"resourceType":"Patient","meta":{"tag":[{"code":"x"}]}})"),
              ElementsAre("warning TERMINOLOGY_TX_SYSTEM_NO_CODE Patient.meta.tag[0]"));
}

TEST(Binding, ASupplementIsNoSystem) {
  const RuleSets sets({R"({"resourceType":"CodeSystem","status":"active",
      "url":"http://example.org/cs/more","content":"supplement",
      "supplements":"http://hl7.org/fhir/administrative-gender"})"});
  EXPECT_THAT(sets.findings(condition("code", coding("http://example.org/cs/more", "x")), kTerms),
              ElementsAre("error CODESYSTEM_CS_NO_SUPPLEMENT Condition.code.coding[0].system"));
}

// ---- authoring

TEST(CodeSystems, CountsAndContentMustAgree) {
  const auto system = [](std::string_view rest) {
    return R"({"resourceType":"CodeSystem","status":"active","url":"http://example.org/cs",
      "caseSensitive":true,)" +
           std::string(rest) + "}";
  };
  EXPECT_THAT(said(system(R"("content":"complete","count":1,"concept":[{"code":"a"}])")),
              IsEmpty());
  EXPECT_THAT(said(system(R"("content":"complete","count":2,"concept":[{"code":"a"}])")),
              ElementsAre("error CODESYSTEM_CS_COUNT_COMPLETE_WRONG CodeSystem.count"));
  EXPECT_THAT(said(system(R"("content":"not-present","concept":[{"code":"a"}])")),
              ElementsAre("error CODESYSTEM_CS_COUNT_NO_CONTENT_ALLOWED CodeSystem.concept[0]"));
  EXPECT_THAT(said(system(R"("content":"complete")")),
              ElementsAre("warning CODESYSTEM_CS_COMPLETE_AND_EMPTY CodeSystem"));
  EXPECT_THAT(
      said(system(
          R"("content":"complete","concept":[{"code":"a","concept":[{"code":"a"}]}],"hierarchyMeaning":"is-a")")),
      ElementsAre("error CODESYSTEM_DUPLICATE_CODE CodeSystem.concept[0].concept[0]"));
}

TEST(CodeSystems, PropertiesMustBeDefinedAndOfTheirType) {
  const auto system = [](std::string_view definition, std::string_view use) {
    return R"({"resourceType":"CodeSystem","status":"active","url":"http://example.org/cs",
      "caseSensitive":true,"content":"complete","property":[)" +
           std::string(definition) + R"(],"concept":[{"code":"a","property":[)" + std::string(use) +
           "]}]}";
  };
  const std::string parent =
      R"({"code":"parent","uri":"http://hl7.org/fhir/concept-properties#parent","type":"code"})";
  EXPECT_THAT(said(system(parent, R"({"code":"parent","valueCode":"gone"})")),
              ElementsAre("error CODESYSTEM_PROPERTY_BAD_INTERNAL_REFERENCE "
                          "CodeSystem.concept[0].property[0]"));
  EXPECT_THAT(
      said(system(parent, R"({"code":"parent","valueString":"a"})")),
      ElementsAre("error CODESYSTEM_PROPERTY_WRONG_TYPE CodeSystem.concept[0].property[0]"));
  EXPECT_THAT(
      said(system(parent, R"({"code":"other","valueString":"a"})")),
      ElementsAre("warning CODESYSTEM_PROPERTY_UNDEFINED CodeSystem.concept[0].property[0]"));
  EXPECT_THAT(
      said(system(
          R"({"code":"child","uri":"http://hl7.org/fhir/concept-properties#parent","type":"string"})",
          R"({"code":"child","valueString":"a"})")),
      ElementsAre("error CODESYSTEM_PROPERTY_URI_CODE_MISMATCH CodeSystem.property[0]",
                  "error CODESYSTEM_PROPERTY_URI_TYPE_MISMATCH CodeSystem.property[0]"));
}

TEST(ValueSets, SystemsAndFiltersAreChecked) {
  const auto set = [](std::string_view include) {
    return R"({"resourceType":"ValueSet","status":"active","url":"http://example.org/vs","compose":{
      "include":[)" +
           std::string(include) + "]}}";
  };
  const std::string gender = R"("system":"http://hl7.org/fhir/administrative-gender")";
  EXPECT_THAT(said(set("{" + gender + "}")), IsEmpty());
  EXPECT_THAT(said(set(R"({"system":"#c1"})")),
              UnorderedElementsAre(
                  "error VALUESET_INCLUDE_CS_NOT_FOUND ValueSet.compose.include[0]",
                  "error VALUESET_INCLUDE_SYSTEM_ABSOLUTE_FRAG ValueSet.compose.include[0]"));
  EXPECT_THAT(said(set(R"({"system":"gender"})")),
              Contains("error VALUESET_INCLUDE_SYSTEM_ABSOLUTE ValueSet.compose.include[0]"));
  EXPECT_THAT(
      said(set("{" + gender + R"(,"concept":[{"code":"male"},{"code":"m"}]})")),
      ElementsAre(
          "error VALUESET_INCLUDE_INVALID_CONCEPT_CODE ValueSet.compose.include[0].concept[1]"));
  EXPECT_THAT(
      said(set("{" + gender + R"(,"filter":[{"property":"wings","op":"=","value":"2"}]})")),
      ElementsAre(
          "warning VALUESET_UNKNOWN_FILTER_PROPERTY ValueSet.compose.include[0].filter[0]"));
  EXPECT_THAT(
      said(set("{" + gender + R"(,"filter":[{"property":"concept","op":"is-a","value":"m"}]})")),
      ElementsAre(
          "error VALUESET_BAD_FILTER_VALUE_VALID_CODE ValueSet.compose.include[0].filter[0]"));
  EXPECT_THAT(said(set(R"({"valueSet":["http://example.org/vs/none"]})")),
              ElementsAre("warning VALUESET_REFERENCE_UNKNOWN "
                          "ValueSet.compose.include[0].valueSet[0]"));
}

TEST(ConceptMaps, CodesAreThoseOfTheirSystems) {
  EXPECT_THAT(said(R"({"resourceType":"ConceptMap","status":"active","group":[{
      "source":"http://hl7.org/fhir/administrative-gender",
      "target":"http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender",
      "element":[{"code":"male","target":[{"code":"M","equivalence":"equivalent"}]},
                 {"code":"man","target":[{"code":"UNK","equivalence":"equivalent"}]}]}]})"),
              ElementsAre("error CONCEPTMAP_GROUP_SOURCE_CODE_INVALID "
                          "ConceptMap.group[0].element[1].code",
                          "error CONCEPTMAP_GROUP_TARGET_CODE_INVALID "
                          "ConceptMap.group[0].element[1].target[0].code"));
}

}  // namespace
}  // namespace concord::validate
