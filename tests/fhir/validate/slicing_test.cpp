// Slices: told apart by every kind of discriminator, counted, ordered, closed.
#include "tests/fhir/validate/checking.h"

namespace concord::validate::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Patient.identifier sliced: one slice "nhs" (1..1), discriminated as given.
std::string sliced(const std::string& discriminator, const std::string& slice_elements,
                   const std::string& rules = "open", const std::string& more = {}) {
  return profile("p", "Patient",
                 R"({"id":"Patient.identifier","path":"Patient.identifier","slicing":
                     {"discriminator":[)" +
                     discriminator + R"(],"rules":")" + rules + R"(")" + more +
                     R"(}},{"id":"Patient.identifier:nhs","path":"Patient.identifier",
                     "sliceName":"nhs","min":1,"max":"1"})" +
                     slice_elements);
}

std::string patient(const std::string& identifiers) {
  return R"({"resourceType":"Patient","identifier":[)" + identifiers + "]}";
}

constexpr const char* kNhs = R"({"system":"urn:nhs","value":"1"})";
constexpr const char* kOther = R"({"system":"urn:other","value":"2"})";

TEST(Slices, ByValue) {
  const Checking use({sliced(R"({"type":"value","path":"system"})",
                             R"(,{"id":"Patient.identifier:nhs.system",
                                  "path":"Patient.identifier.system","fixedUri":"urn:nhs"})")});
  EXPECT_THAT(use.errors(patient(std::string(kOther) + "," + kNhs), {"p"}), IsEmpty());
  EXPECT_THAT(use.errors(patient(kOther), {"p"}),
              ElementsAre("Validation_VAL_Profile_Minimum_SLICE @Patient.identifier"));
  EXPECT_THAT(use.errors(patient(std::string(kNhs) + "," + kNhs), {"p"}),
              ElementsAre("Validation_VAL_Profile_Maximum @Patient.identifier"));
}

TEST(Slices, ClosedOnesAllowNoOthers) {
  const Checking use({sliced(R"({"type":"value","path":"system"})",
                             R"(,{"id":"Patient.identifier:nhs.system",
                                  "path":"Patient.identifier.system","fixedUri":"urn:nhs"})",
                             "closed")});
  EXPECT_THAT(use.errors(patient(std::string(kNhs) + "," + kOther), {"p"}),
              ElementsAre("Validation_VAL_Profile_NotSlice @Patient.identifier[1]"));
}

TEST(Slices, ByPattern) {
  const Checking use(
      {sliced(R"({"type":"pattern","path":"type"})",
              R"(,{"id":"Patient.identifier:nhs.type","path":"Patient.identifier.type",
           "patternCodeableConcept":{"coding":[{"system":"urn:t","code":"NHS"}]}})")});
  EXPECT_THAT(use.errors(patient(R"({"value":"1","type":{"coding":[{"system":"urn:z","code":"Z"},
                                     {"system":"urn:t","code":"NHS","display":"d"}]}})"),
                         {"p"}),
              IsEmpty());
  EXPECT_THAT(use.errors(patient(R"({"value":"1","type":{"text":"NHS"}})"), {"p"}),
              ElementsAre("Validation_VAL_Profile_Minimum_SLICE @Patient.identifier"));
}

TEST(Slices, ByExistence) {
  const Checking use({sliced(R"({"type":"exists","path":"period"})",
                             R"(,{"id":"Patient.identifier:nhs.period",
                                  "path":"Patient.identifier.period","min":1})")});
  EXPECT_THAT(use.errors(patient(R"({"value":"1","period":{"start":"2020"}})"), {"p"}), IsEmpty());
  EXPECT_THAT(use.errors(patient(kNhs), {"p"}),
              ElementsAre("Validation_VAL_Profile_Minimum_SLICE @Patient.identifier"));
}

TEST(Slices, ByType) {
  const Checking use(
      {profile("o", "Observation",
               R"({"id":"Observation.value[x]","path":"Observation.value[x]","slicing":
          {"discriminator":[{"type":"type","path":"$this"}],"rules":"open"}},
         {"id":"Observation.value[x]:valueQuantity","path":"Observation.value[x]",
          "sliceName":"valueQuantity","min":0,"max":"1","type":[{"code":"Quantity"}]},
         {"id":"Observation.value[x]:valueQuantity.unit","path":"Observation.value[x].unit","min":1})")});
  const std::string observation =
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)";
  EXPECT_THAT(use.errors(observation + R"("valueString":"a"})", {"o"}), IsEmpty());
  EXPECT_THAT(use.errors(observation + R"("valueQuantity":{"value":1,"unit":"g"}})", {"o"}),
              IsEmpty());
  EXPECT_THAT(use.errors(observation + R"("valueQuantity":{"value":1}})", {"o"}),
              ElementsAre("Validation_VAL_Profile_Minimum @Observation.value.unit"));
}

TEST(Slices, ByProfileOfWhatAReferenceLeadsTo) {
  const Checking use(
      {profile(
           "gp", "Practitioner",
           R"({"id":"Practitioner.qualification","path":"Practitioner.qualification","min":1})"),
       profile(
           "p", "Patient",
           R"j({"id":"Patient.generalPractitioner","path":"Patient.generalPractitioner","slicing":
                    {"discriminator":[{"type":"profile","path":"resolve()"}],"rules":"open"}},
                   {"id":"Patient.generalPractitioner:gp","path":"Patient.generalPractitioner",
                    "sliceName":"gp","min":1,"max":"1","type":[{"code":"Reference","targetProfile":
                    ["https://concord.example/gp"]}]})j")});
  const auto with = [](const std::string& more) {
    return R"({"resourceType":"Patient","contained":[{"resourceType":"Practitioner","id":"d")" +
           more + R"(}],"generalPractitioner":[{"reference":"#d"}]})";
  };
  EXPECT_THAT(use.errors(with(R"(,"qualification":[{"code":{"text":"MB"}}])"), {"p"}), IsEmpty());
  EXPECT_THAT(use.errors(with(""), {"p"}),
              ElementsAre("Validation_VAL_Profile_Minimum_SLICE @Patient.generalPractitioner"));
}

TEST(Slices, InOrder) {
  const Checking use(
      {profile("p", "Patient",
               R"({"id":"Patient.identifier","path":"Patient.identifier","slicing":{"ordered":true,
          "discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
         {"id":"Patient.identifier:a","path":"Patient.identifier","sliceName":"a"},
         {"id":"Patient.identifier:a.system","path":"Patient.identifier.system","fixedUri":"urn:a"},
         {"id":"Patient.identifier:b","path":"Patient.identifier","sliceName":"b"},
         {"id":"Patient.identifier:b.system","path":"Patient.identifier.system","fixedUri":"urn:b"})")});
  EXPECT_THAT(use.errors(patient(R"({"system":"urn:a"},{"system":"urn:b"})"), {"p"}), IsEmpty());
  EXPECT_THAT(use.errors(patient(R"({"system":"urn:b"},{"system":"urn:a"})"), {"p"}),
              ElementsAre("Validation_VAL_Profile_SliceOrder @Patient.identifier[1]"));
}

TEST(Slices, OfWhichTwoFitAreAMistake) {
  const Checking use({profile("p", "Patient",
                              R"({"id":"Patient.identifier","path":"Patient.identifier","slicing":{
          "discriminator":[{"type":"pattern","path":"type"}],"rules":"open"}},
         {"id":"Patient.identifier:a","path":"Patient.identifier","sliceName":"a"},
         {"id":"Patient.identifier:a.type","path":"Patient.identifier.type",
          "patternCodeableConcept":{"coding":[{"code":"A"}]}},
         {"id":"Patient.identifier:b","path":"Patient.identifier","sliceName":"b"},
         {"id":"Patient.identifier:b.type","path":"Patient.identifier.type",
          "patternCodeableConcept":{"coding":[{"code":"B"}]}})")});
  EXPECT_THAT(use.errors(patient(R"({"type":{"coding":[{"code":"A"},{"code":"B"}]}})"), {"p"}),
              ElementsAre("Validation_VAL_Profile_MatchMultiple @Patient.identifier[0]"));
}

TEST(Slices, WithoutAnythingToTellThemApartCannotBeChecked) {
  const Checking use({sliced(R"({"type":"value","path":"system"})", "")});
  EXPECT_THAT(use.errors(patient(kNhs), {"p"}),
              ElementsAre("SLICING_CANNOT_BE_EVALUATED @Patient.identifier[0]"));
}

TEST(Slices, OfABundleByTheTypeOfItsResources) {
  const Checking use({profile("b", "Bundle",
                              R"({"id":"Bundle.entry","path":"Bundle.entry","slicing":{
          "discriminator":[{"type":"type","path":"resource"}],"rules":"closed"}},
         {"id":"Bundle.entry:patient","path":"Bundle.entry","sliceName":"patient","min":1,"max":"1"},
         {"id":"Bundle.entry:patient.resource","path":"Bundle.entry.resource","min":1,
          "type":[{"code":"Patient"}]})")});
  const auto bundle = [](const std::string& resource) {
    return R"({"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://a.example/)" +
           resource + R"(/1","resource":{"resourceType":")" + resource +
           R"(","id":"1","code":{"text":"x"}}}]})";
  };
  EXPECT_THAT(use.errors(bundle("Basic"), {"b"}),
              ElementsAre("Validation_VAL_Profile_Minimum_SLICE @Bundle.entry",
                          "Validation_VAL_Profile_NotSlice @Bundle.entry[0]"));
}

}  // namespace
}  // namespace concord::validate::test
