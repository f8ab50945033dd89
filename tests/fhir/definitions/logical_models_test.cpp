// Logical models of other formats, added beside R4.

#include <gmock/gmock.h>

#include "tests/fhir/definitions/loaded.h"

namespace concord::definitions {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

constexpr std::string_view kUrl = "https://concord.example/model/test/";
constexpr std::string_view kNamespace =
    R"({"url": "http://hl7.org/fhir/StructureDefinition/elementdefinition-namespace",
        "valueUri": ")";

/// A model with the given name and elements after the root.
std::string model(std::string_view name, std::string_view elements, std::string_view more = {}) {
  return R"({"resourceType": "StructureDefinition", "url": ")" + std::string(kUrl) +
         std::string(name) + R"(", "name": ")" + std::string(name) +
         R"(", "status": "active", "kind": "logical", "abstract": false, "type": ")" +
         std::string(kUrl) + std::string(name) + R"(", )" + std::string(more) +
         R"("derivation": "specialization", "differential": {"element": [{"path": ")" +
         std::string(name) + R"("})" + (elements.empty() ? "" : ", ") + std::string(elements) +
         "]}}";
}

std::string element(std::string_view path, std::string_view type, std::string_view more = {}) {
  return R"({"path": ")" + std::string(path) + R"(", "min": 0, "max": "1", )" + std::string(more) +
         R"("type": [{"code": ")" + std::string(type) + R"("}]})";
}

class LogicalModels : public testing::Test {
 protected:
  Result<void> add(const std::vector<std::string>& texts) {
    std::vector<tree::Document> documents;
    std::vector<Source> sources;
    std::vector<std::string> files;
    for (const std::string& text : texts) {
      auto document = json::read(text, loaded_.symbols);
      if (!document) return std::move(document).error();
      documents.push_back(*std::move(document));
      files.push_back("model" + std::to_string(files.size()) + ".json");
    }
    for (std::size_t i = 0; i < documents.size(); ++i) sources.push_back({files[i], &documents[i]});
    return loaded_.definitions.add(sources);
  }
  const Type* type(std::string_view name) {
    return loaded_.definitions.type(std::string(kUrl) + std::string(name));
  }
  tree::Symbol symbol(std::string_view name) { return loaded_.symbols.find(name); }
  void expect_issue(const Result<void>& result, ErrorCode code, std::string_view expression,
                    std::string_view text) {
    ASSERT_THAT(result, FailsWith(code));
    ASSERT_EQ(result.error().issues.size(), 1u) << to_string(result.error());
    EXPECT_EQ(result.error().issues[0].expression, expression);
    EXPECT_EQ(result.error().issues[0].text, text);
  }
  Loaded loaded_;
};

TEST_F(LogicalModels, ReferToOneAnotherAndToTypesOfR4) {
  ASSERT_THAT(
      add({model(
               "LineItem",
               element("LineItem.id", std::string(kUrl) + "Identity") + ", " +
                   element("LineItem.quantity", "BackboneElement") + ", " +
                   element("LineItem.quantity.value", "string",
                           R"("representation": ["xmlAttr"], )") +
                   R"(, {"path": "LineItem.text", "min": 1, "max": "*", "type": [{"code": "string"}]})"),
           model("Identity",
                 element("Identity.root", "string", R"("representation": ["xmlAttr"], )"))}),
      IsOk());
  const Type* item = type("LineItem");
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(item->kind(), TypeKind::logical);
  EXPECT_TRUE(item->is_model());
  EXPECT_EQ(item->label(), "LineItem");
  EXPECT_EQ(item->child(symbol("id")).type, type("Identity"));
  const Type* quantity = item->child(symbol("quantity")).type;
  ASSERT_NE(quantity, nullptr);
  EXPECT_EQ(quantity->label(), "LineItem.quantity");
  EXPECT_EQ(quantity, type("LineItem#LineItem.quantity"));
  const Child value = quantity->child(symbol("value"));
  EXPECT_EQ(value.element->representation, Representation::attribute);
  EXPECT_EQ(value.type, loaded_.definitions.type("string"));
  const Element& text = *item->child(symbol("text")).element;
  EXPECT_TRUE(text.is_array);
  EXPECT_EQ(text.min, 1u);
  EXPECT_FALSE(quantity->child(symbol("extension"))) << "only what is listed";
}

TEST_F(LogicalModels, TakeTheChildrenOfABaseModelBeforeTheirOwn) {
  ASSERT_THAT(
      add({model("Coded",
                 element("Coded.displayName", "string") + ", " + element("Coded.code", "code"),
                 R"("baseDefinition": ")" + std::string(kUrl) + R"(Any", )"),
           model("Any", element("Any.nullFlavor", "code") + ", " + element("Any.code", "string"))}),
      IsOk());
  std::vector<std::string_view> names;
  for (const Element& at : type("Coded")->elements()) names.push_back(at.path);
  EXPECT_THAT(names, ElementsAre("Any.nullFlavor", "Coded.code", "Coded.displayName"));
  EXPECT_TRUE(type("Coded")->is(*type("Any")));
  EXPECT_EQ(type("Coded")->child(symbol("code")).type, loaded_.definitions.type("code"));
}

TEST_F(LogicalModels, CarryNamespacesFixedValuesAndContentReferences) {
  const std::string space = std::string(kNamespace) + "urn:hl7-org:v3\"}";
  const std::string other = std::string(kNamespace) + "http://www.w3.org/2000/09/xmldsig#\"}";
  ASSERT_THAT(
      add({model("Act",
                 R"({"path": "Act.classCode", "min": 1, "max": "1", "representation": ["xmlAttr"],
                     "type": [{"code": "code"}], "fixedCode": "SBADM"}, )" +
                     element("Act.signature", "string", R"("extension": [)" + other + "], ") +
                     R"(, {"path": "Act.part", "min": 0, "max": "*", "type": [{"code": "Element"}]},
                        {"path": "Act.part.note", "type": [{"code": "string"}],
                         "representation": ["xmlText"], "defaultValueString": "none"},
                        {"path": "Act.part.part", "max": "*", "contentReference": "#Act.part"})",
                 R"("extension": [)" + space + "], ")}),
      IsOk());
  const Type* act = type("Act");
  EXPECT_EQ(loaded_.symbols.text(act->xml_namespace()), "urn:hl7-org:v3");
  const Element& code = *act->child(symbol("classCode")).element;
  EXPECT_EQ(code.fixed.rule, FixedValue::Rule::fixed);
  EXPECT_EQ(code.fixed.type, "code");
  EXPECT_EQ(code.fixed.value, "SBADM");
  EXPECT_EQ(code.xml_namespace, tree::Symbol::kNone);
  EXPECT_EQ(loaded_.symbols.text(act->child(symbol("signature")).element->xml_namespace),
            "http://www.w3.org/2000/09/xmldsig#");
  const Type* part = act->child(symbol("part")).type;
  EXPECT_EQ(part->child(symbol("part")).type, part);
  EXPECT_EQ(loaded_.symbols.text(part->xml_namespace()), "urn:hl7-org:v3");
  const Element& note = *part->child(symbol("note")).element;
  EXPECT_EQ(note.representation, Representation::text);
  EXPECT_EQ(note.default_value, "none");
}

TEST_F(LogicalModels, EachMistakeIsNamedWithFileAndElement) {
  expect_issue(add({model("A", element("A.b", "Nothing"))}), ErrorCode::invalid, "A.b",
               "model0.json: the type is unknown: Nothing");
  expect_issue(add({model("A", element("A.b.c", "string"))}), ErrorCode::invalid, "A.b.c",
               "model0.json: the element does not follow its parent");
  expect_issue(add({model("A", element("A.b", "string") + ", " + element("A.b", "string"))}),
               ErrorCode::invalid, "A.b", "model0.json: the name is taken by another element");
  expect_issue(add({model("A", R"({"path": "A.b"})")}), ErrorCode::invalid, "A.b",
               "model0.json: the element has no type, no children and no contentReference");
  expect_issue(add({model("A", R"({"path": "A.b", "contentReference": "#A.z"})")}),
               ErrorCode::invalid, "A.b", "model0.json: contentReference leads nowhere");
  expect_issue(
      add({model("A", R"({"path": "A.b", "type": [{"code": "string"}, {"code": "code"}]})")}),
      ErrorCode::invalid, "A.b", "model0.json: several types need a name that ends in [x]");
  expect_issue(add({model("A", R"({"path": "A.b", "min": 2, "type": [{"code": "string"}]})")}),
               ErrorCode::invalid, "A.b", "model0.json: min is greater than max");
  expect_issue(add({model("A", {}, R"("baseDefinition": "https://concord.example/absent", )")}),
               ErrorCode::invalid, "A",
               "model0.json: baseDefinition is unknown: https://concord.example/absent");
  expect_issue(
      add({model("A", {}, R"("baseDefinition": "https://concord.example/model/test/A", )")}),
      ErrorCode::invalid, "A", "model0.json: the type is derived from itself");
  expect_issue(add({model("A", {}), model("A", {})}), ErrorCode::conflict, "A",
               "model1.json: the url is defined already");
  expect_issue(add({R"({"resourceType": "Patient", "active": true})"}), ErrorCode::invalid, "",
               "model0.json: not a StructureDefinition");
  const auto count =
      add({model("A", R"({"path": "A.b", "max": "many", "type": [{"code": "string"}]})")});
  ASSERT_THAT(count, FailsWith(ErrorCode::invalid));
  EXPECT_THAT(count.error().issues[0].text, HasSubstr("model0.json: min or max is no count"));
}

TEST_F(LogicalModels, ABatchWithAMistakeLeavesNothingBehind) {
  const std::size_t before = loaded_.definitions.types().size();
  EXPECT_THAT(
      add({model("Good", element("Good.a", "string")), model("Bad", element("Bad.a", "Nothing"))}),
      FailsWith(ErrorCode::invalid));
  EXPECT_EQ(loaded_.definitions.types().size(), before);
  EXPECT_EQ(type("Good"), nullptr);
  EXPECT_THAT(add({model("Good", element("Good.a", "string"))}), IsOk());
}

/// A profile of the model A, whose elements are given.
std::string profile(std::string_view elements) {
  std::string text =
      model("P", {}, R"("baseDefinition": "https://concord.example/model/test/A", )");
  const std::string own = R"("differential": {"element": [)";
  text.replace(text.find("specialization"), 14, "constraint");
  return text.substr(0, text.find(own) + own.size()) + std::string(elements) + "]}}";
}

TEST_F(LogicalModels, ProfilesOfModelsAreTypesDerivedFromThem) {
  ASSERT_THAT(
      add({model("A",
                 element("A.kind", "code", R"("representation": ["xmlAttr"], )") + ", " +
                     element("A.gone", "string") +
                     R"(, {"path": "A.item", "min": 0, "max": "*", "type": [{"code": "Coding"}]})"),
           profile(R"({"path": "A.kind", "min": 1, "fixedCode": "x"},
                      {"path": "A.gone", "max": "0"},
                      {"path": "A.item", "min": 1},
                      {"id": "A.item:one", "path": "A.item", "sliceName": "one", "max": "1"},
                      {"path": "A.item.code", "min": 1})")}),
      IsOk());
  const Type* made = type("P");
  ASSERT_NE(made, nullptr);
  EXPECT_TRUE(made->is(*type("A")));
  ASSERT_EQ(made->elements().size(), 2u);
  const Element& kind = made->elements()[0];
  EXPECT_EQ(kind.representation, Representation::attribute);
  EXPECT_EQ(kind.fixed.value, "x");
  EXPECT_EQ(kind.min, 1u);
  EXPECT_EQ(kind.types[0].type->text(), "code");
  const Element& item = made->elements()[1];
  EXPECT_EQ(item.min, 1u);
  EXPECT_EQ(item.max, Element::kUnbounded);
  EXPECT_TRUE(item.is_array);
}

TEST_F(LogicalModels, ADifferentialNeedNotListItsRoot) {
  ASSERT_THAT(add({model("A", element("A.b", "string")), profile(R"({"path": "A.b", "min": 1})")}),
              IsOk());
  ASSERT_EQ(type("P")->elements().size(), 1u);
  EXPECT_EQ(type("P")->label(), "A");
}

TEST_F(LogicalModels, ElementsOfTypesNobodyBroughtMayBeLeftOut) {
  auto document = json::read(
      model("A", element("A.b", "string") + ", " + element("A.c", "Nowhere")), loaded_.symbols);
  ASSERT_THAT(document, IsOk());
  const Source source{"a.json", &*document};
  ASSERT_THAT(loaded_.definitions.add({&source, 1}, UnknownTypes::leave_out), IsOk());
  ASSERT_EQ(type("A")->elements().size(), 1u);
  EXPECT_EQ(type("A")->elements()[0].name, symbol("b"));
}

TEST_F(LogicalModels, TheNamespaceMayComeFromTheExtensionOfTheTools) {
  ASSERT_THAT(add({model("A", element("A.b", "string"),
                         R"("extension": [{"url":
                         "http://hl7.org/fhir/tools/StructureDefinition/xml-namespace",
                         "valueUri": "urn:x"}], )")}),
              IsOk());
  EXPECT_EQ(type("A")->xml_namespace(), symbol("urn:x"));
}

TEST_F(LogicalModels, ProfilesOfOtherTypesAreUnsupported) {
  EXPECT_THAT(add({R"({"resourceType": "StructureDefinition", "url": "https://concord.example/p",
                       "kind": "resource", "type": "Patient", "derivation": "constraint",
                       "snapshot": {"element": [{"path": "Patient"}]}})"}),
              FailsWith(ErrorCode::unsupported));
}

}  // namespace
}  // namespace concord::definitions
