#include "conformance/runner/generator/recipes.h"

namespace concord::generator {

namespace {

constexpr Recipe kRecipes[] = {
    // ait-1
    {"AllergyIntolerance", "clinicalStatus",
     R"({"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]})"},
    // app-1, apr-1
    {"Appointment.participant", "actor", ""},
    {"AppointmentResponse", "actor", ""},
    // Media types are a grammar, not a list.
    {"Binary", "contentType", R"("text/plain")"},
    {"CapabilityStatement", "format", R"("json")"},
    // cpb-1, cpb-2, cpb-14
    {"CapabilityStatement", "kind", R"("requirements")"},
    {"CapabilityStatement", "description", ""},
    {"CapabilityStatement", "fhirVersion", R"("4.0.1")"},
    {"CapabilityStatement", "rest", R"([{"mode":"server"}])"},
    // ppc-1
    {"Consent", "policy", R"([{"uri":"http://example.org/generated/policy"}])"},
    // trd-3
    {"TriggerDefinition", "name", ""},
    // imr-1
    {"ImmunizationRecommendation.recommendation", "targetDisease", R"({"text":"Generated"})"},
    // ipn-1, org-1
    {"InsurancePlan", "name", ""},
    {"Organization", "name", ""},
    // lnk-1
    {"Linkage", "item",
     R"([{"type":"source","resource":{"display":"Generated"}},{"type":"alternate","resource":{"display":"Generated"}}])"},
    // msq-3
    {"MolecularSequence", "coordinateSystem", "0"},
    // att-1: data would need its type
    {"Attachment", "title", ""},
    // sdf-4, sdf-6 and what goes with them: a profile of Basic
    {"StructureDefinition", "kind", R"("resource")"},
    {"StructureDefinition", "type", R"("Basic")"},
    {"StructureDefinition", "baseDefinition", R"("http://hl7.org/fhir/StructureDefinition/Basic")"},
    {"StructureDefinition", "derivation", R"("constraint")"},
    {"StructureDefinition", "differential", R"({"element":[{"id":"Basic","path":"Basic"}]})"},
    // tcp-2, tcp-3
    {"TerminologyCapabilities", "kind", R"("requirements")"},
    {"TerminologyCapabilities", "description", ""},
    // A collection asks least of its entries.
    {"Bundle", "type", R"("collection")"},
};

}  // namespace

std::span<const Recipe> recipes() { return kRecipes; }

}  // namespace concord::generator
