// What profiles say of elements: cardinality, types, fixed values and patterns, invariants, bounds.
#include "tests/fhir/validate/checking.h"

namespace concord::validate::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(Profiles, SayHowOftenAnElementStands) {
  const Checking use({profile("p", "Patient",
                              R"({"id":"Patient.name","path":"Patient.name","max":"1"},
                                 {"id":"Patient.birthDate","path":"Patient.birthDate","min":1},
                                 {"id":"Patient.photo","path":"Patient.photo","max":"0"})")});
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","birthDate":"1970-01-01"})", {"p"}),
              IsEmpty());
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","name":[{"text":"a"},{"text":"b"}],
                             "photo":[{"title":"x"}]})",
                         {"p"}),
              UnorderedElementsAre("Validation_VAL_Profile_Minimum @Patient.birthDate",
                                   "Validation_VAL_Profile_Maximum @Patient.name",
                                   "Validation_VAL_Profile_Maximum @Patient.photo"));
}

TEST(Profiles, AreTakenFromMetaAndReportedOnceWhenTheCallerAsksToo) {
  const Checking use({profile("p", "Patient",
                              R"({"id":"Patient.birthDate","path":"Patient.birthDate","min":1})")});
  const std::string claims =
      R"({"resourceType":"Patient","meta":{"profile":["https://concord.example/p"]}})";
  EXPECT_THAT(use.errors(claims), ElementsAre("Validation_VAL_Profile_Minimum @Patient.birthDate"));
  EXPECT_THAT(use.errors(claims, {"p"}),
              ElementsAre("Validation_VAL_Profile_Minimum @Patient.birthDate"));
}

TEST(Profiles, RepeatWhatTheBaseSaysUnlessTheCallerAskedForThem) {
  const Checking use({profile("e", "Encounter", R"({"id":"Encounter","path":"Encounter"})")});
  const std::string none = R"({"resourceType":"Encounter","status":"finished"})";
  const std::string claims =
      R"({"resourceType":"Encounter","meta":{"profile":["https://concord.example/e"]},
          "status":"finished"})";
  EXPECT_THAT(use.errors(none), ElementsAre("Validation_VAL_Profile_Minimum @Encounter.class"));
  EXPECT_THAT(use.errors(none, {"e"}),
              ElementsAre("Validation_VAL_Profile_Minimum @Encounter.class"));
  EXPECT_THAT(use.errors(claims), ElementsAre("Validation_VAL_Profile_Minimum @Encounter.class",
                                              "Validation_VAL_Profile_Minimum @Encounter.class"));
}

TEST(Profiles, ThatAreUnknownOrOfAnotherType) {
  const Checking use({profile("p", "Patient", R"({"id":"Patient","path":"Patient"})")});
  EXPECT_THAT(use.errors(R"({"resourceType":"Basic","code":{"text":"x"}})", {"p"}),
              ElementsAre("Validation_VAL_Profile_WrongType @Basic"));
  EXPECT_THAT(use.errors(R"({"resourceType":"Basic","code":{"text":"x"}})", {"nobody"}),
              ElementsAre("Validation_VAL_Unknown_Profile @Basic"));
  const Report report = use.report(
      R"({"resourceType":"Patient","meta":{"profile":["https://concord.example/nobody"]}})");
  EXPECT_TRUE(report.ok());
  ASSERT_FALSE(report.issues.empty());
  EXPECT_EQ(report.issues.front().detail_code, "VALIDATION_VAL_PROFILE_UNKNOWN");
}

TEST(Profiles, NarrowTheTypesOfAChoice) {
  const Checking one({profile("o", "Observation",
                              R"({"id":"Observation.value[x]","path":"Observation.value[x]",
                                  "type":[{"code":"Quantity"}]})")});
  const Checking two({profile("o", "Observation",
                              R"({"id":"Observation.value[x]","path":"Observation.value[x]",
                                  "type":[{"code":"Quantity"},{"code":"string"}]})")});
  const std::string observation =
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)";
  EXPECT_THAT(one.errors(observation + R"("valueString":"a"})", {"o"}),
              ElementsAre("Extension_PROF_Type @Observation.value"));
  EXPECT_THAT(one.errors(observation + R"("valueQuantity":{"value":1}})", {"o"}), IsEmpty());
  EXPECT_THAT(two.errors(observation + R"("valueBoolean":true})", {"o"}),
              ElementsAre("Validation_VAL_Profile_NoType @Observation.value"));
}

TEST(Profiles, FixValuesExactly) {
  const Checking use(
      {profile("p", "Patient",
               R"({"id":"Patient.gender","path":"Patient.gender","fixedCode":"female"},
                  {"id":"Patient.maritalStatus","path":"Patient.maritalStatus",
                   "fixedCodeableConcept":{"coding":[{"system":"urn:a","code":"M"}]}})")});
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","gender":"female","maritalStatus":
                             {"coding":[{"system":"urn:a","code":"M"}]}})",
                         {"p"}),
              IsEmpty());
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","gender":"male"})", {"p"}),
              ElementsAre("_DT_Fixed_Wrong @Patient.gender"));
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","maritalStatus":
                             {"coding":[{"system":"urn:a","code":"M"}],"text":"more"}})",
                         {"p"}),
              ElementsAre("Profile_VAL_NotAllowed @Patient.maritalStatus.text"));
  EXPECT_THAT(
      use.errors(R"({"resourceType":"Patient","maritalStatus":{"coding":[{"code":"M"}]}})", {"p"}),
      ElementsAre("Profile_VAL_MissingElement @Patient.maritalStatus.coding[0]"));
}

TEST(Profiles, PatternsAskForAPart) {
  const Checking use({profile("p", "Patient",
                              R"({"id":"Patient.maritalStatus","path":"Patient.maritalStatus",
                   "patternCodeableConcept":{"coding":[{"system":"urn:a","code":"M"}]}})")});
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","maritalStatus":{"text":"more",
                   "coding":[{"system":"urn:b","code":"X"},{"system":"urn:a","code":"M"}]}})",
                         {"p"}),
              IsEmpty());
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","maritalStatus":
                             {"coding":[{"system":"urn:b","code":"M"}]}})",
                         {"p"}),
              ElementsAre("TYPE_CHECKS_PATTERN_CC @Patient.maritalStatus"));
}

TEST(Profiles, BoundPrimitiveValues) {
  const Checking use({profile("p", "Patient",
                              R"({"id":"Patient.language","path":"Patient.language","maxLength":2},
                  {"id":"Patient.birthDate","path":"Patient.birthDate","minValueDate":"2000-01-01"},
                  {"id":"Patient.multipleBirth[x]","path":"Patient.multipleBirth[x]",
                   "type":[{"code":"integer"}],"maxValueInteger":3})")});
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","language":"en","birthDate":"2001-02-03",
                             "multipleBirthInteger":3})",
                         {"p"}),
              IsEmpty());
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","language":"en-GB","birthDate":"1999-02-03",
                             "multipleBirthInteger":4})",
                         {"p"}),
              UnorderedElementsAre("Type_Specific_Checks_DT_Primitive_Length @Patient.language",
                                   "TYPE_SPECIFIC_CHECKS_DT_DT_LT @Patient.birthDate",
                                   "Type_Specific_Checks_DT_Integer_GT @Patient.multipleBirth"));
}

TEST(Profiles, AddInvariants) {
  const Checking use({profile("p", "Patient",
                              R"j({"id":"Patient","path":"Patient","constraint":[
                    {"key":"c-1","severity":"error","human":"h","expression":"name.exists()"},
                    {"key":"c-2","severity":"warning","human":"h","expression":"active.exists()"},
                    {"key":"c-3","severity":"error","human":"h","expression":"no such ("}]})j")});
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient"})", {"p"}),
              ElementsAre("INV_FAILED @Patient", "INV_FAILED @Patient"));
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","name":[{"text":"a"}]})", {"p"}),
              ElementsAre("INV_FAILED @Patient"))
      << "an expression that cannot be evaluated does not hold";
}

TEST(Profiles, OfTypesOneOfSeveralMustFit) {
  const Checking use(
      {profile("named", "HumanName",
               R"({"id":"HumanName.family","path":"HumanName.family","min":1})"),
       profile("said", "HumanName", R"({"id":"HumanName.text","path":"HumanName.text","min":1})"),
       profile("p", "Patient",
               R"({"id":"Patient.name","path":"Patient.name","type":[{"code":"HumanName","profile":[
                   "https://concord.example/named","https://concord.example/said"]}]})")});
  EXPECT_THAT(
      use.errors(R"({"resourceType":"Patient","name":[{"text":"a"},{"family":"b"}]})", {"p"}),
      IsEmpty());
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","name":[{"given":["a"]}]})", {"p"}),
              ElementsAre("Validation_VAL_Profile_NoMatch @Patient.name[0]",
                          "Validation_VAL_Profile_Minimum @Patient.name[0].family",
                          "Validation_VAL_Profile_Minimum @Patient.name[0].text"));
}

TEST(Profiles, ImposeOthers) {
  const Checking use(
      {profile("strict", "Patient", R"({"id":"Patient.gender","path":"Patient.gender","min":1})"),
       profile(
           "p", "Patient", R"({"id":"Patient","path":"Patient"})",
           R"("extension":[{"url":"http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile",
                   "valueCanonical":"https://concord.example/strict"}],)")});
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient"})", {"p"}),
              ElementsAre("Validation_VAL_Profile_Minimum @Patient.gender"));
}

TEST(ElementIds, AreUniqueWithinAResource) {
  const Checking use({});
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","name":[{"id":"a","text":"x"},
                             {"id":"a","text":"y"}]})"),
              ElementsAre("DUPLICATE_ID @Patient.name[1]"));
}

TEST(Options, AreReadFromTheManifestsWords) {
  const auto read = read_options(
      R"({"validateReference":"CHECK_VALID","security-checks":true,"examples":false,
          "best-practice":"warning","bundle-param":{"rule":"Patient:0","profile":"urn:x"},
          "allowed-extension-domain":["http://a","http://b"],"language":"en","fetcher":"standalone"})");
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->depth, Depth::full);
  EXPECT_EQ(read->validate_reference, ReferenceCheck::check_valid);
  EXPECT_TRUE(read->security_checks);
  EXPECT_FALSE(read->allow_examples);
  EXPECT_EQ(read->best_practice, BestPractice::warning);
  EXPECT_THAT(read->extension_domains, ElementsAre("http://a", "http://b"));
  ASSERT_EQ(read->bundle_rules.size(), 1U);
  EXPECT_EQ(read->bundle_rules[0].rule, "Patient:0");
  std::vector<std::string> unknown;
  EXPECT_TRUE(read_options(R"({"no-such-switch":1})", Options::reference(), &unknown));
  EXPECT_THAT(unknown, ElementsAre("no-such-switch"));
  EXPECT_FALSE(read_options(R"({"validateReference":"SOMETIMES"})"));
  EXPECT_FALSE(read_options("[]"));
}

}  // namespace
}  // namespace concord::validate::test
