// Another release of FHIR beside R4: STU3 from its published package, R4B and R5 in small.

#include "fhir/packages/release.h"

#include <gmock/gmock.h>

#include <memory>
#include <optional>

#include "fhir/definitions/annotate.h"
#include "fhir/definitions/r4_generated.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/packages/registry.h"
#include "fhir/path/expression.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/fhir/packages/loaded.h"
#include "tests/fhir/packages/packing.h"
#include "tests/support/files.h"

namespace concord::packages {
namespace {

namespace fs = std::filesystem;
using definitions::Definitions;
using testing::ElementsAre;
using testing::NotNull;

/// STU3 with symbols shared with R4, as a gateway would hold both.
class Stu3 : public testing::Test {
 protected:
  struct Both {
    tree::Symbols symbols;
    Definitions r4 = *Definitions::r4(symbols);
    std::optional<Definitions> stu3;
  };
  static void SetUpTestSuite() {
    const auto corpus = test::corpus("fhir");
    if (!corpus) return;
    both = std::make_unique<Both>();
    auto loaded =
        load_release(*corpus / "packages/hl7.fhir.core-3.0.1-conformance.tgz", both->symbols);
    ASSERT_THAT(loaded, IsOk());
    both->stu3 = *std::move(loaded);
  }
  static void TearDownTestSuite() { both.reset(); }
  void SetUp() override {
    if (both == nullptr) GTEST_SKIP() << "the FHIR corpus is absent";
  }

  const Definitions& stu3() const { return *both->stu3; }
  tree::Document read(std::string text) const {
    auto document = text.starts_with('<') ? xml::read_fhir(std::move(text), both->symbols)
                                          : json::read(std::move(text), both->symbols);
    EXPECT_THAT(document, IsOk());
    tree::Builder builder(*document);
    definitions::annotate(builder, stu3());
    return *std::move(document);
  }
  std::vector<std::string> path(std::string_view text, const tree::Document& document) const {
    static const path::FunctionTable functions = path::FunctionTable::standard();
    path::CompileContext compile{.symbols = both->symbols, .functions = functions};
    compile.definitions = &stu3();
    compile.focus_type = document.text(document.root().type());
    compile.strict = true;
    auto expression = path::Expression::compile(text, compile);
    if (!expression) return {"!" + to_string(expression.error())};
    path::EvalContext context;
    const auto found =
        expression->evaluate(context, path::Collection::of(document, document.root()));
    if (!found) return {"!" + to_string(found.error())};
    std::vector<std::string> texts;
    for (const path::Value& value : *found) {
      if (value.is_node()) texts.emplace_back(value.node().text());
      if (value.tag() == path::Tag::boolean) texts.emplace_back(value.boolean() ? "true" : "false");
      if (value.tag() == path::Tag::integer) texts.push_back(std::to_string(value.integer()));
    }
    return texts;
  }
  static std::unique_ptr<Both> both;
};
std::unique_ptr<Stu3::Both> Stu3::both;

constexpr const char* kAllergy =
    R"({"resourceType":"AllergyIntolerance","patient":{"reference":)"
    R"("Patient/1"},"verificationStatus":"confirmed","onsetAge":{"value":5.0,"unit":"a"},)"
    R"("category":["food"],"clinicalStatus":"active","assertedDate":"2014-10-09"})";

TEST_F(Stu3, TypesAreThoseOfThatReleaseAndR4StaysAsItWas) {
  EXPECT_EQ(stu3().fhir_version(), "3.0.1");
  const auto has = [](const Definitions& in, std::string_view type, std::string_view child) {
    const definitions::Type* found = in.type(type);
    return found != nullptr && static_cast<bool>(found->child(in.symbols().find(child)));
  };
  EXPECT_TRUE(has(stu3(), "AllergyIntolerance", "assertedDate"));
  EXPECT_FALSE(has(both->r4, "AllergyIntolerance", "assertedDate"));
  EXPECT_FALSE(has(stu3(), "AllergyIntolerance", "recordedDate"));
  EXPECT_TRUE(has(stu3(), "MedicationRequest", "medicationCodeableConcept"));
  EXPECT_THAT(stu3().type("DataElement"), NotNull());
  EXPECT_EQ(both->r4.type("DataElement"), nullptr);
  EXPECT_EQ(stu3().type("Patient")->base()->text(), "DomainResource");
  EXPECT_EQ(stu3().type("code")->regex(), "[^\\s]+([\\s]?[^\\s]+)*");
  // 118 resources with the abstract ones, 35 data types, 18 primitives.
  std::size_t resources = 0, primitives = 0;
  for (const definitions::Type* type : stu3().types()) {
    resources += type->is_resource();
    primitives += type->is_primitive();
  }
  EXPECT_EQ(resources, 119u);
  EXPECT_EQ(primitives, 18u);
}

TEST_F(Stu3, JsonIsTypedByItsRelease) {
  const tree::Document document = read(kAllergy);
  const auto type_of = [&](std::string_view name) {
    const tree::Node* at = document.root().child(document.find(name));
    return at == nullptr ? std::string_view("absent") : document.text(at->type());
  };
  EXPECT_EQ(type_of("clinicalStatus"), "code");
  EXPECT_EQ(type_of("onsetAge"), "Age");
  EXPECT_EQ(type_of("assertedDate"), "dateTime");
  EXPECT_EQ(type_of("patient"), "Reference");
}

TEST_F(Stu3, XmlIsWrittenInTheOrderOfTheDefinitionAndComesBack) {
  tree::Document document = read(kAllergy);
  tree::Builder builder(document);
  definitions::put_in_order(builder, stu3());
  const auto xml = xml::write_fhir(document);
  ASSERT_THAT(xml, IsOk());
  EXPECT_THAT(
      *xml,
      testing::EndsWith(
          R"(<AllergyIntolerance xmlns="http://hl7.org/fhir"><clinicalStatus value="active"/>)"
          R"(<verificationStatus value="confirmed"/><category value="food"/><patient><reference value=")"
          R"(Patient/1"/></patient><onsetAge><value value="5.0"/><unit value="a"/></onsetAge>)"
          R"(<assertedDate value="2014-10-09"/></AllergyIntolerance>)"));
  const auto json = json::write(read(*xml));
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(*json, *json::write(document)) << "arrays and numbers come back";
}

TEST_F(Stu3, FhirPathKnowsItsElementsAndChoices) {
  const tree::Document document = read(kAllergy);
  EXPECT_THAT(path("AllergyIntolerance.onset.value", document), ElementsAre("5.0"));
  EXPECT_THAT(path("onset.ofType(Age).unit", document), ElementsAre("a"));
  EXPECT_THAT(path("onset is Age", document), ElementsAre("true"));
  EXPECT_THAT(path("clinicalStatus = 'active'", document), ElementsAre("true"));
  EXPECT_THAT(path("category.where($this = 'food').count()", document), ElementsAre("1"));
  EXPECT_THAT(path("recordedDate", document).at(0), testing::HasSubstr("recordedDate"))
      << "R4's element is unknown to STU3";
}

TEST_F(Stu3, EveryInvariantOfTheReleaseCompiles) {
  static const path::FunctionTable functions = path::FunctionTable::standard();
  std::size_t compiled = 0;
  std::vector<std::string> failed;
  for (const definitions::Type* type : stu3().types()) {
    for (const definitions::Invariant* rule : type->invariants()) {
      path::CompileContext compile{.symbols = both->symbols, .functions = functions};
      compile.definitions = &stu3();
      compile.focus_type = type->text();
      if (path::Expression::compile(rule->expression, compile)) {
        ++compiled;
      } else {
        failed.push_back(std::string(rule->key));
      }
    }
  }
  EXPECT_GT(compiled, 500u);
  EXPECT_THAT(failed, testing::IsEmpty());
}

TEST_F(Stu3, ARegistryOverItBringsItsTerminologyAndExtensions) {
  Registry registry(stu3());
  const auto corpus = test::corpus("fhir");
  ASSERT_THAT(registry.add(*corpus / "packages/hl7.fhir.core-3.0.1-conformance.tgz"), IsOk());
  const auto set = registry.value_set("http://hl7.org/fhir/ValueSet/allergy-clinical-status");
  ASSERT_TRUE(set);
  const auto extension =
      registry.structure("http://hl7.org/fhir/StructureDefinition/patient-birthTime");
  ASSERT_TRUE(extension);
  ASSERT_THAT(extension.table->contexts(), NotNull());
  EXPECT_EQ(extension.table->contexts()->Get(0)->type()->str(), "element");
  EXPECT_EQ(extension.table->contexts()->Get(0)->expression()->str(), "Patient.birthDate");
}

// ---- releases made up for these tests -----------------------------------------------------------

std::string element(std::string_view path, std::string_view type, std::string_view max = "1") {
  std::string text = R"({"id":")" + std::string(path) + R"(","path":")" + std::string(path) +
                     R"(","min":0,"max":")" + std::string(max) + R"(")";
  if (!type.empty()) text += R"(,"type":[{"code":")" + std::string(type) + R"("}])";
  return text + "}";
}

std::string type(std::string_view name, std::string_view kind, std::string_view base,
                 const std::vector<std::string>& elements) {
  std::string text = R"({"resourceType":"StructureDefinition","url":"http://hl7.org/fhir/)"
                     R"(StructureDefinition/)" +
                     std::string(name) + R"(","name":")" + std::string(name) +
                     R"(","status":"active","kind":")" + std::string(kind) +
                     R"(","abstract":false,"type":")" + std::string(name) + R"(")";
  if (!base.empty()) {
    text += R"(,"baseDefinition":"http://hl7.org/fhir/StructureDefinition/)" + std::string(base) +
            R"(","derivation":"specialization")";
  }
  text += R"(,"snapshot":{"element":[)" + element(name, "", "*");
  for (const std::string& one : elements) text += "," + one;
  return text + "]}}";
}

/// A release of five types.
std::vector<Packed> small_release(std::string_view id, std::string_view version) {
  return {
      {"package/package.json", manifest_text(id, version, "", version)},
      {"package/1.json", type("Base", "complex-type", "", {})},
      {"package/2.json", type("Element", "complex-type", "Base",
                              {element("Element.id", "http://hl7.org/fhirpath/System.String")})},
      {"package/3.json", type("string", "primitive-type", "Element",
                              {element("string.value", "http://hl7.org/fhirpath/System.String")})},
      {"package/4.json",
       type("integer64", "primitive-type", "Element",
            {element("integer64.value", "http://hl7.org/fhirpath/System.Integer")})},
      {"package/5.json", type("Resource", "resource", "Base", {element("Resource.id", "string")})},
      {"package/6.json",
       type("Thing", "resource", "Resource",
            {element("Thing.size", "integer64"), element("Thing.names", "string", "*")})},
      {"package/example.json", R"({"resourceType":"Thing","id":"StructureDefinition"})"}};
}

class SmallRelease : public testing::Test {
 protected:
  Result<Definitions> load(const std::vector<Packed>& files) {
    write_file(folder.path() / "core.tgz", tgz(files));
    return load_release(folder.path() / "core.tgz", symbols);
  }
  test::TemporaryFolder folder;
  tree::Symbols symbols;
};

TEST_F(SmallRelease, R4bAndR5LoadTheSameWay) {
  for (const auto& [id, version] :
       {std::pair("hl7.fhir.r4b.core", "4.3.0"), std::pair("hl7.fhir.r5.core", "5.0.0")}) {
    const auto loaded = load(small_release(id, version));
    ASSERT_THAT(loaded, IsOk());
    EXPECT_EQ(loaded->fhir_version(), version);
    const definitions::Type* thing = loaded->type("Thing");
    ASSERT_THAT(thing, NotNull());
    const auto size = thing->child(symbols.find("size"));
    ASSERT_TRUE(size);
    EXPECT_EQ(size.type->value_kind(), tree::Kind::string) << "JSON writes integer64 as text";
    EXPECT_TRUE(thing->child(symbols.find("names")).element->is_array);
  }
}

TEST_F(SmallRelease, AnUnpackedPackageLoadsToo) {
  for (const Packed& file : small_release("hl7.fhir.r5.core", "5.0.0")) {
    write_file(folder.path() / "r5" / file.path, file.bytes);
  }
  EXPECT_THAT(load_release(folder.path() / "r5", symbols), IsOk());
}

TEST_F(SmallRelease, APackageWithoutTypesIsNoCorePackage) {
  const auto loaded = load({{"package/package.json", manifest_text("a.b", "1.0.0")}});
  ASSERT_THAT(loaded, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(loaded.error().issues[0].text,
            "core.tgz: no core package of FHIR: it defines no Resource or no Element");
}

TEST_F(SmallRelease, ATypeThatDoesNotFitIsAnError) {
  auto files = small_release("hl7.fhir.r5.core", "5.0.0");
  files.push_back(
      {"package/7.json", type("Odd", "resource", "Resource", {element("Odd.x", "Nowhere")})});
  const auto loaded = load(files);
  ASSERT_THAT(loaded, FailsWith(ErrorCode::invalid));
  EXPECT_THAT(loaded.error().issues[0].text, testing::HasSubstr("Nowhere"));
}

TEST_F(SmallRelease, WhatIsNotThereIsNotFound) {
  EXPECT_THAT(load_release(folder.path() / "none.tgz", symbols), FailsWith(ErrorCode::not_found));
}

}  // namespace
}  // namespace concord::packages
