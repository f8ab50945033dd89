// Extensions against their definitions, and references against what they may lead to.
#include "tests/fhir/validate/checking.h"

namespace concord::validate::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string extension(const std::string& name, const std::string& context,
                      const std::string& elements, const std::string& type = "element") {
  return profile(
      name, "Extension",
      R"({"id":"Extension.url","path":"Extension.url","fixedUri":"https://concord.example/)" +
          name + R"("})" + elements,
      R"("context":[{"type":")" + type + R"(","expression":")" + context + R"("}],)");
}

std::string simple(const std::string& name, const std::string& context) {
  return extension(name, context,
                   R"(,{"id":"Extension.extension","path":"Extension.extension","max":"0"},
                      {"id":"Extension.value[x]","path":"Extension.value[x]","min":1,
                       "type":[{"code":"string"}]})");
}

std::string patient(const std::string& extension_text, const std::string& more = {}) {
  return R"({"resourceType":"Patient","extension":[{"url":"https://concord.example/)" +
         extension_text + "}]" + more + "}";
}

TEST(Extensions, AreCheckedAgainstTheirDefinition) {
  const Checking use({simple("e", "Patient")});
  EXPECT_THAT(use.errors(patient(R"(e","valueString":"a")")), IsEmpty());
  EXPECT_THAT(use.errors(patient(R"(e","valueBoolean":true)")),
              ElementsAre("Extension_EXT_Type @Patient.extension[0]"));
  EXPECT_THAT(use.errors(patient(R"(e","extension":[{"url":"x","valueString":"a"}])")),
              testing::Contains("Extension_EXT_Simple_WRONG @Patient.extension[0]"));
}

TEST(Extensions, MayStandWhereTheirContextSays) {
  const Checking use({simple("on-name", "HumanName"), simple("on-resource", "Resource"),
                      simple("on-contact", "Patient.contact")});
  EXPECT_THAT(use.errors(patient(R"(on-name","valueString":"a")")),
              ElementsAre("Extension_EXTP_Context_Wrong @Patient"));
  EXPECT_THAT(use.errors(patient(R"(on-resource","valueString":"a")")), IsEmpty());
  EXPECT_THAT(use.errors(
                  R"({"resourceType":"Patient","name":[{"text":"x","extension":[
              {"url":"https://concord.example/on-name","valueString":"a"}]}],
              "contact":[{"name":{"text":"c"},"extension":[
              {"url":"https://concord.example/on-contact","valueString":"a"}]}]})"),
              IsEmpty());
}

TEST(Extensions, NestedOnesAreThoseOfTheDefinition) {
  const Checking use({extension(
      "c", "Patient",
      R"(,{"id":"Extension.extension","path":"Extension.extension","slicing":{"discriminator":
           [{"type":"value","path":"url"}],"rules":"open"}},
         {"id":"Extension.extension:part","path":"Extension.extension","sliceName":"part","min":1,
          "max":"1"},
         {"id":"Extension.extension:part.url","path":"Extension.extension.url","fixedUri":"part"},
         {"id":"Extension.extension:part.value[x]","path":"Extension.extension.value[x]",
          "type":[{"code":"string"}]},
         {"id":"Extension.value[x]","path":"Extension.value[x]","max":"0"})")});
  EXPECT_THAT(use.errors(patient(R"(c","extension":[{"url":"part","valueString":"a"}])")),
              IsEmpty());
  EXPECT_THAT(use.errors(patient(R"(c","extension":[{"url":"part","valueString":"a"},
                                    {"url":"other","valueString":"b"}])")),
              ElementsAre("Extension_EXT_SubExtension_Invalid @Patient.extension[0].extension[1]"));
  EXPECT_THAT(
      use.errors(patient(R"(c","extension":[{"url":"more","valueString":"a"}])")),
      testing::Contains("Validation_VAL_Profile_Minimum_SLICE @Patient.extension[0].extension"));
}

TEST(Extensions, UnknownOnesAreRefusedUnlessAllowed) {
  const Checking use({});
  const std::string unknown = patient(R"(nobody","valueString":"a")");
  EXPECT_THAT(use.errors(unknown),
              ElementsAre("Extension_EXT_Unknown_NotHere @Patient.extension[0]"));
  Options options = Options::reference();
  options.extension_domains = {"https://concord.example/"};
  EXPECT_THAT(use.errors(unknown, {}, options), IsEmpty());
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","extension":[{"valueString":"a"}]})"),
              testing::Contains("Extension_EXT_Url_NotFound @Patient.extension[0]"));
  EXPECT_THAT(
      use.errors(R"({"resourceType":"Patient","extension":[{"url":"x","valueString":"a"}]})"),
      testing::Contains("Extension_EXT_URL_Absolute @Patient.extension[0]"));
}

TEST(Extensions, ModifiersStandAsModifiersOnly) {
  const Checking use({extension("m", "Patient",
                                R"(,{"id":"Extension","path":"Extension","isModifier":true,
                                     "isModifierReason":"r"})"),
                      simple("e", "Patient")});
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","modifierExtension":[
                  {"url":"https://concord.example/e","valueString":"a"}]})"),
              ElementsAre("Extension_EXT_Modifier_Y @Patient.modifierExtension[0]"));
}

TEST(References, LeadToResourcesOfAnAllowedProfile) {
  const Checking use(
      {profile("gp", "Practitioner",
               R"({"id":"Practitioner.active","path":"Practitioner.active","min":1})"),
       profile("p", "Patient",
               R"({"id":"Patient.generalPractitioner","path":"Patient.generalPractitioner",
                   "type":[{"code":"Reference","targetProfile":["https://concord.example/gp"]}]})")});
  const auto with = [](const std::string& contained) {
    return R"({"resourceType":"Patient","contained":[)" + contained +
           R"(],"generalPractitioner":[{"reference":"#d"}]})";
  };
  EXPECT_THAT(use.errors(with(R"({"resourceType":"Practitioner","id":"d","active":true})"), {"p"}),
              IsEmpty());
  EXPECT_THAT(use.errors(with(R"({"resourceType":"Practitioner","id":"d"})"), {"p"}),
              ElementsAre("Reference_REF_CantMatchChoice @Patient.generalPractitioner[0]"));
  EXPECT_THAT(use.errors(with(R"({"resourceType":"Organization","id":"d","name":"x"})"), {"p"}),
              ElementsAre("Reference_REF_BadTargetType @Patient.generalPractitioner[0]"));
  EXPECT_THAT(use.errors(with(R"({"resourceType":"Location","id":"d"})")),
              ElementsAre("Reference_REF_BadTargetType @Patient.generalPractitioner[0]"))
      << "R4's own target types need no profile";
}

TEST(References, ProfilesThatLeadToOneAnotherEnd) {
  const auto circle = [](const std::string& name, const std::string& other) {
    return profile(name, "Patient",
                   R"({"id":"Patient.link.other","path":"Patient.link.other","type":[{"code":
                       "Reference","targetProfile":["https://concord.example/)" +
                       other + R"("]}]})");
  };
  const Checking use({circle("a", "b"), circle("b", "a")});
  const std::string bundle =
      R"({"resourceType":"Bundle","type":"collection","entry":[
        {"fullUrl":"urn:uuid:0d9a7a8e-0000-4000-8000-000000000001","resource":{"resourceType":"Patient",
         "meta":{"profile":["https://concord.example/a"]},
         "link":[{"type":"refer","other":{"reference":"urn:uuid:0d9a7a8e-0000-4000-8000-000000000002"}}]}},
        {"fullUrl":"urn:uuid:0d9a7a8e-0000-4000-8000-000000000002","resource":{"resourceType":"Patient",
         "link":[{"type":"refer","other":{"reference":"urn:uuid:0d9a7a8e-0000-4000-8000-000000000001"}}]}}]})";
  EXPECT_THAT(use.errors(bundle), IsEmpty());
}

TEST(References, AggregationSaysWhereTheResourceMustBe) {
  const Checking use({profile(
      "p", "Patient",
      R"({"id":"Patient.managingOrganization","path":"Patient.managingOrganization","type":[{"code":
          "Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Organization"],
          "aggregation":["contained"]}]})")});
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","contained":[{"resourceType":"Organization",
                  "id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}})",
                         {"p"}),
              IsEmpty());
  EXPECT_THAT(use.errors(R"({"resourceType":"Patient","managingOrganization":
                             {"reference":"Organization/1"}})",
                         {"p"}),
              ElementsAre("Reference_REF_NotFound_Bundle @Patient.managingOrganization"));
}

}  // namespace
}  // namespace concord::validate::test
