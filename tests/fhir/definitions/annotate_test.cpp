// Types on the nodes of a tree.

#include "fhir/definitions/annotate.h"

#include <gmock/gmock.h>

#include "fhir/json/writer.h"
#include "fhir/xml/reader.h"
#include "tests/fhir/definitions/loaded.h"

namespace concord::definitions {
namespace {

using testing::ElementsAre;

constexpr std::string_view kOrder = R"({
  "resourceType": "Bundle", "type": "message", "entry": [
    {"fullUrl": "urn:uuid:1", "resource": {
      "resourceType": "MedicationRequest", "status": "active", "intent": "order",
      "contained": [{"resourceType": "Practitioner", "id": "p", "active": true}],
      "extension": [{"url": "https://concord.example/e", "valueCoding": {"code": "1"}}],
      "medicationCodeableConcept": {"text": "x"},
      "subject": {"reference": "Patient/1"},
      "dispenseRequest": {"quantity": {"value": 28.0}, "numberOfRepeatsAllowed": 0},
      "dosageInstruction": [{"timing": {"repeat": {"frequency": 1}}, "asNeededBoolean": false}]}},
    {"link": [{"relation": "self", "url": "urn:x"}]}
  ]})";

/// "path: type" of every node, in document order.
void list(const tree::Document& document, const tree::Node& node, std::vector<std::string>& out) {
  for (const tree::Node& child : node.children()) {
    out.push_back(document.path(child) + ": " + std::string(document.text(child.type())));
    list(document, child, out);
  }
}

std::vector<std::string> annotated(std::string_view text) {
  auto document = json::read(std::string(text), r4().symbols);
  if (!document) {
    ADD_FAILURE() << to_string(document.error());
    return {};
  }
  tree::Builder builder(*document);
  annotate(builder, r4().definitions);
  std::vector<std::string> lines;
  list(*document, (*document).root(), lines);
  return lines;
}

TEST(Annotate, GivesEveryNodeItsType) {
  EXPECT_THAT(
      annotated(kOrder),
      ElementsAre(
          "Bundle.type: code", "Bundle.entry[0]: Bundle.entry", "Bundle.entry[0].fullUrl: uri",
          "Bundle.entry[0].resource: MedicationRequest", "Bundle.entry[0].resource.status: code",
          "Bundle.entry[0].resource.intent: code",
          "Bundle.entry[0].resource.contained[0]: Practitioner",
          "Bundle.entry[0].resource.contained[0].id: id",
          "Bundle.entry[0].resource.contained[0].active: boolean",
          "Bundle.entry[0].resource.extension[0]: Extension",
          "Bundle.entry[0].resource.extension[0].url: uri",
          "Bundle.entry[0].resource.extension[0].valueCoding: Coding",
          "Bundle.entry[0].resource.extension[0].valueCoding.code: code",
          "Bundle.entry[0].resource.medicationCodeableConcept: CodeableConcept",
          "Bundle.entry[0].resource.medicationCodeableConcept.text: string",
          "Bundle.entry[0].resource.subject: Reference",
          "Bundle.entry[0].resource.subject.reference: string",
          "Bundle.entry[0].resource.dispenseRequest: MedicationRequest.dispenseRequest",
          "Bundle.entry[0].resource.dispenseRequest.quantity: Quantity",
          "Bundle.entry[0].resource.dispenseRequest.quantity.value: decimal",
          "Bundle.entry[0].resource.dispenseRequest.numberOfRepeatsAllowed: unsignedInt",
          "Bundle.entry[0].resource.dosageInstruction[0]: Dosage",
          "Bundle.entry[0].resource.dosageInstruction[0].timing: Timing",
          "Bundle.entry[0].resource.dosageInstruction[0].timing.repeat: Timing.repeat",
          "Bundle.entry[0].resource.dosageInstruction[0].timing.repeat.frequency: positiveInt",
          "Bundle.entry[0].resource.dosageInstruction[0].asNeededBoolean: boolean",
          "Bundle.entry[1]: Bundle.entry", "Bundle.entry[1].link[0]: Bundle.link",
          "Bundle.entry[1].link[0].relation: string", "Bundle.entry[1].link[0].url: uri"));
}

TEST(Annotate, LeavesUnknownElementsAndAllBelowThemUntyped) {
  EXPECT_THAT(annotated(R"({"resourceType": "Patient", "madeUp": {"status": "x"},
                           "deceased": true, "deceasedString": "no", "active": true})"),
              ElementsAre("Patient.madeUp: ", "Patient.madeUp.status: ", "Patient.deceased: ",
                          "Patient.deceasedString: ", "Patient.active: boolean"));
}

TEST(Annotate, LeavesResourcesOfUnknownTypeAlone) {
  EXPECT_THAT(annotated(R"({"resourceType": "Prescription", "status": "x"})"),
              ElementsAre("Prescription.status: "));
  EXPECT_THAT(annotated(R"({"resourceType": "Patient",
                           "contained": [{"resourceType": "Prescription", "status": "x"}]})"),
              ElementsAre("Patient.contained[0]: Prescription", "Patient.contained[0].status: "));
}

TEST(Annotate, GivesTreesFromXmlTheKindsAndArraysOfJson) {
  auto document = xml::read_fhir(
      R"(<Patient xmlns="http://hl7.org/fhir"><active value="true"/><name><family value="A"/></name>)"
      R"(<multipleBirthInteger value="2"/></Patient>)",
      r4().symbols);
  ASSERT_THAT(document, IsOk());
  tree::Builder builder(*document);
  annotate(builder, r4().definitions);
  const auto written = json::write(*document);
  ASSERT_THAT(written, IsOk());
  EXPECT_EQ(*written, R"({"resourceType":"Patient","active":true,"name":[{"family":"A"}],)"
                      R"("multipleBirthInteger":2})");
}

TEST(Annotate, DoesNotHideWhatJsonWroteWrong) {
  auto document = json::read(
      R"({"resourceType": "Patient", "active": "true", "name": {"family": "A"}})", r4().symbols);
  ASSERT_THAT(document, IsOk());
  tree::Builder builder(*document);
  annotate(builder, r4().definitions);
  const tree::Node& root = (*document).root();
  EXPECT_EQ(root.child(r4().symbols.find("active"))->kind(), tree::Kind::string);
  EXPECT_FALSE(root.child(r4().symbols.find("name"))->is(tree::Flag::in_array));
}

TEST(Annotate, TypesOnePartOfATreeThatWasBuilt) {
  tree::Document document(r4().symbols);
  tree::Builder builder(document);
  tree::Node* dosage = builder.append(builder.root(), r4().symbols.find("dosageInstruction"));
  tree::Node* sequence = builder.append(*dosage, r4().symbols.find("sequence"));
  builder.set_copy(*sequence, "1");
  builder.append(*dosage, r4().symbols.find("additionalInstruction"));
  annotate(builder, *dosage, type("Dosage"), r4().definitions);
  EXPECT_EQ(dosage->type(), type("Dosage").name());
  EXPECT_EQ(sequence->kind(), tree::Kind::number);
  EXPECT_TRUE(sequence->next_sibling()->is(tree::Flag::in_array));
}

TEST(Annotate, DepthCostsNoStack) {
  tree::Document document(r4().symbols, {.max_nodes = 300'000});
  tree::Builder builder(document);
  builder.set_type(builder.root(), type("Questionnaire").name());
  builder.set_flag(builder.root(), tree::Flag::resource);
  tree::Node* at = &builder.root();
  for (int i = 0; i < 200'000; ++i) at = builder.append(*at, r4().symbols.find("item"));
  annotate(builder, r4().definitions);
  EXPECT_EQ(at->type(), type("Questionnaire.item").name());
}

TEST(Expression, IsFhirPathWithIndicesAndTheBaseNamesOfChoices) {
  auto document = json::read(std::string(kOrder), r4().symbols);
  ASSERT_THAT(document, IsOk());
  tree::Builder builder(*document);
  annotate(builder, r4().definitions);
  const auto& symbols = r4().symbols;
  const tree::Node* resource =
      (*document).root().child(symbols.find("entry"))->child(symbols.find("resource"));
  const tree::Node* value =
      resource->child(symbols.find("extension"))->child(symbols.find("valueCoding"));
  EXPECT_EQ(expression(*document, *value, r4().definitions),
            "Bundle.entry[0].resource.extension[0].value");
  EXPECT_EQ(expression(*document, (*document).root(), r4().definitions), "Bundle");
}

}  // namespace
}  // namespace concord::definitions
