// Types, elements, and what a name means below a type.

#include <gmock/gmock.h>

#include "tests/fhir/definitions/loaded.h"

namespace concord::definitions {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> chain(std::string_view name) {
  std::vector<std::string> found;
  for (const Type* at = &type(name); at != nullptr; at = at->base()) found.emplace_back(at->text());
  return found;
}

TEST(Types, KnowWhatTheyAreDerivedFrom) {
  EXPECT_THAT(chain("code"), ElementsAre("code", "string", "Element"));
  EXPECT_THAT(chain("Patient"), ElementsAre("Patient", "DomainResource", "Resource"));
  EXPECT_THAT(chain("Bundle"), ElementsAre("Bundle", "Resource"));
  EXPECT_THAT(chain("Bundle.entry"), ElementsAre("Bundle.entry", "BackboneElement", "Element"));
  EXPECT_THAT(chain("Timing.repeat"), ElementsAre("Timing.repeat", "Element"));
  EXPECT_THAT(chain("Age"), ElementsAre("Age", "Quantity", "Element"));
  EXPECT_TRUE(type("code").is(type("string")));
  EXPECT_FALSE(type("string").is(type("code")));
}

TEST(Types, AreOfFourKinds) {
  EXPECT_EQ(type("dateTime").kind(), TypeKind::primitive);
  EXPECT_EQ(type("Coding").kind(), TypeKind::complex);
  EXPECT_EQ(type("MedicationRequest.dispenseRequest").kind(), TypeKind::backbone);
  EXPECT_EQ(type("MedicationRequest").kind(), TypeKind::resource);
  EXPECT_TRUE(type("DomainResource").is_abstract());
  EXPECT_FALSE(type("Patient").is_abstract());
}

TEST(Types, AreFoundByNameSymbolAndUrl) {
  const Definitions& d = r4().definitions;
  const Type* patient = d.type("http://hl7.org/fhir/StructureDefinition/Patient");
  ASSERT_NE(patient, nullptr);
  EXPECT_EQ(patient, d.type("Patient"));
  EXPECT_EQ(patient, d.type(patient->name()));
  EXPECT_EQ(patient, d.types()[patient->index()]);
  EXPECT_EQ(d.type("status"), nullptr) << "a name, but of no type";
  EXPECT_EQ(d.type("http://example.org/nothing"), nullptr);
  EXPECT_EQ(d.type(tree::Symbol::kLast), nullptr);
  EXPECT_EQ(d.type(""), nullptr);
}

TEST(Types, EveryNameLeadsBackToItsElementInEveryType) {
  std::size_t names = 0;
  for (const Type* at : r4().definitions.types()) {
    for (const Element& element : at->elements()) {
      EXPECT_EQ(element.owner, at);
      ASSERT_FALSE(element.types.empty()) << element.path;
      EXPECT_EQ(at->child(element.name).element, &element) << element.path;
      for (const ElementType& choice : element.types) {
        const Child found = at->child(choice.name);
        EXPECT_EQ(found.element, &element) << element.path;
        if (element.is_choice) {
          EXPECT_EQ(found.type, choice.type) << element.path;
        }
        ++names;
      }
    }
    EXPECT_FALSE(at->child(tree::Symbol::kNone));
    EXPECT_FALSE(at->child(tree::Symbol::kLast));
  }
  EXPECT_GT(names, 8000u);
}

TEST(Elements, ChoiceNamesGiveTheElementAndTheChosenType) {
  const Child coding = child("Extension", "valueCoding");
  ASSERT_TRUE(coding);
  EXPECT_EQ(coding.element->path, "Extension.value[x]");
  EXPECT_EQ(coding.type, &type("Coding"));
  const Child any = child("Extension", "value");
  EXPECT_EQ(any.element, coding.element);
  EXPECT_EQ(any.type, nullptr);
  EXPECT_EQ(any.element->types.size(), 50u);
  EXPECT_EQ(child("MedicationRequest", "medicationCodeableConcept").type, &type("CodeableConcept"));
  EXPECT_EQ(child("Dosage", "asNeededBoolean").type, &type("boolean"));
  EXPECT_FALSE(child("MedicationRequest", "medicationString"));
}

TEST(Elements, InPlaceChildrenAndContentReferencesGiveTheirOwnType) {
  EXPECT_EQ(child("Bundle", "entry").type, &type("Bundle.entry"));
  const Child link = child("Bundle.entry", "link");
  ASSERT_TRUE(link);
  EXPECT_EQ(link.type, &type("Bundle.link"));
  EXPECT_EQ(link.element->content_reference, "#Bundle.link");
  EXPECT_EQ(child("Questionnaire.item", "item").type, &type("Questionnaire.item"));
  EXPECT_EQ(child("Bundle.entry", "resource").type, &type("Resource"));
}

TEST(Elements, CarryCardinalityOrderAndMarks) {
  const Element& entry = *child("Bundle", "entry").element;
  EXPECT_EQ(entry.min, 0u);
  EXPECT_EQ(entry.max, Element::kUnbounded);
  EXPECT_TRUE(entry.is_array);
  const Element& kind = *child("Bundle", "type").element;
  EXPECT_EQ(kind.min, 1u);
  EXPECT_EQ(kind.max, 1u);
  EXPECT_FALSE(kind.is_array);
  EXPECT_TRUE(kind.is_summary);
  EXPECT_LT(kind.order, entry.order);
  EXPECT_TRUE(child("Patient", "active").element->is_modifier);
  EXPECT_EQ(child("Coding", "id").element->representation, Representation::attribute);
  EXPECT_EQ(child("Extension", "url").element->representation, Representation::attribute);
  EXPECT_EQ(child("Patient", "id").element->representation, Representation::element);
  EXPECT_EQ(child("Patient", "id").type, &type("id"));
  EXPECT_EQ(child("Coding", "id").type, &type("string"));
}

TEST(Elements, CarryBindingsTargetsAndInvariants) {
  const Binding& gender = child("Patient", "gender").element->binding;
  EXPECT_EQ(gender.strength, BindingStrength::required);
  EXPECT_EQ(gender.value_set, "http://hl7.org/fhir/ValueSet/administrative-gender");
  EXPECT_EQ(gender.version, "4.0.1");
  EXPECT_EQ(child("Patient", "name").element->binding.strength, BindingStrength::none);
  EXPECT_THAT(child("Patient", "managingOrganization").element->types[0].target_profiles,
              ElementsAre("http://hl7.org/fhir/StructureDefinition/Organization"));
  std::vector<std::string_view> keys;
  for (const Invariant* rule : type("Period").invariants()) keys.push_back(rule->key);
  EXPECT_THAT(keys, testing::Contains("per-1"));
  const auto contact = child("Patient", "contact").element->invariants;
  const auto rule = std::find_if(contact.begin(), contact.end(),
                                 [](const Invariant* at) { return at->key == "pat-1"; });
  ASSERT_NE(rule, contact.end());
  EXPECT_EQ((*rule)->severity, Severity::error);
  EXPECT_THAT(std::string((*rule)->expression), testing::HasSubstr("name.exists()"));
}

TEST(Elements, PrimitivesHaveNoValueChildButAForm) {
  EXPECT_FALSE(child("string", "value"));
  EXPECT_TRUE(child("string", "extension"));
  EXPECT_EQ(type("id").regex(), R"([A-Za-z0-9\-\.]{1,64})");
  EXPECT_EQ(type("decimal").value_kind(), tree::Kind::number);
  EXPECT_EQ(type("positiveInt").value_kind(), tree::Kind::number);
  EXPECT_EQ(type("boolean").value_kind(), tree::Kind::boolean);
  EXPECT_EQ(type("dateTime").value_kind(), tree::Kind::string);
  EXPECT_EQ(type("Coding").value_kind(), tree::Kind::element);
}

TEST(Definitions, LoadIntoSymbolsThatHoldOtherNamesAlready) {
  tree::Symbols symbols;
  symbols.intern("somethingElse");
  symbols.intern("Patient");
  const auto loaded = Definitions::r4(symbols);
  ASSERT_THAT(loaded, IsOk());
  ASSERT_NE((*loaded).type("Patient"), nullptr);
  EXPECT_TRUE((*loaded).type("Patient")->child(symbols.find("birthDate")));
}

TEST(Definitions, TwoSetsLiveSideBySideInOneTableOfSymbols) {
  tree::Symbols symbols;
  auto first = Definitions::r4(symbols);
  auto second = Definitions::r4(symbols);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_NE((*first).type("Patient"), (*second).type("Patient"));
  const Definitions moved = *std::move(first);
  EXPECT_NE(moved.type("Patient"), nullptr);
}

}  // namespace
}  // namespace concord::definitions
