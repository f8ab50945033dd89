// ConceptMap/$translate, for the type and for one map.
// Source: hl7.org/fhir/R4/conceptmap-operation-translate.html.
#include "fhir/terminology/terminology.h"
#include "gateway/api/api.h"
#include "gateway/api/code_answer.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/parameters.h"

namespace concord::api {
namespace {

using terminology::Code;
using terminology::TranslateOptions;
using terminology::Translation;
using tree::Node;

constexpr std::string_view kTypes[] = {"ConceptMap"};
constexpr std::string_view kDocumentation =
    "Translates a code, Coding or CodeableConcept by a concept map: named by url or id, or chosen "
    "by "
    "source and target value sets or targetsystem. reverse goes from target to source; dependency "
    "gives values for dependsOn.";
constexpr std::string_view kDefinition =
    "http://hl7.org/fhir/OperationDefinition/ConceptMap-translate";

constexpr Endpoint endpoint(std::string_view method, std::string_view path) {
  return terminology_operation(kTypes, method, path, "translate", kDefinition, kDocumentation);
}

constexpr Endpoint kRows[] = {endpoint("GET", "/FHIR/R4/ConceptMap/$translate"),
                              endpoint("POST", "/FHIR/R4/ConceptMap/$translate"),
                              endpoint("GET", "/FHIR/R4/ConceptMap/{id}/$translate"),
                              endpoint("POST", "/FHIR/R4/ConceptMap/{id}/$translate")};

constexpr std::string_view kParameters[] = {
    "url",    "conceptMap", "conceptMapVersion", "code",   "system",     "version",
    "source", "coding",     "codeableConcept",   "target", "dependency", "targetsystem",
    "reverse"};

Result<http::Response> translate(Call& call, const Services& use) {
  CONCORD_TRY(terminology_served(use));
  CONCORD_ASSIGN(const Inputs inputs, Inputs::read(call, use, kParameters));
  if (inputs.has("conceptMap")) {
    return bad_request("the parameter conceptMap is not supported", "not-supported");
  }
  CONCORD_ASSIGN(const CodeQuestion question, read_question(inputs, "version", {}));
  TranslateOptions options;
  if (const std::string_view id = call.path_value("id"); !id.empty()) {
    CONCORD_ASSIGN(const auto stored, use.stored_terms->stored("ConceptMap", id));
    if (stored) {
      options.map = canonical_of(*stored, stored->root());
    } else {
      CONCORD_ASSIGN(options.map, canonical_of("ConceptMap", id, use));
    }
  } else {
    options.map = inputs.text("url");
    const std::string_view version = inputs.text("conceptMapVersion");
    if (!options.map.empty() && !version.empty()) options.map.append("|").append(version);
  }
  options.source = inputs.text("source");
  options.target = inputs.text("target");
  options.target_system = inputs.text("targetsystem");
  CONCORD_ASSIGN(options.reverse, inputs.truth("reverse", false));
  for (const auto& parts : inputs.parts("dependency")) {
    std::string element;
    for (const auto& part : parts) {
      if (part.name == "element" && !part.codings.empty()) element = part.codings[0].code;
    }
    for (const auto& part : parts) {
      if (part.name != "concept") continue;
      for (const Code& code : part.codings) options.dependencies.emplace_back(element, code);
    }
  }
  if (options.map.empty() && options.source.empty() && options.target.empty() &&
      options.target_system.empty()) {
    return bad_request("url, an id, source, target or targetsystem must say which map is meant",
                       "required");
  }
  std::vector<CanonicalName> names = systems_of(question.codes);
  if (!options.map.empty()) names.push_back({"ConceptMap", options.map});
  CONCORD_ASSIGN(const Terms terms, use.stored_terms->over(std::move(names)));
  CONCORD_ASSIGN(const Translation found, terms->translate(question.codes, options));
  Outputs out(*use.symbols);
  out.truth("result", found.result);
  out.value("message", "valueString", found.message);
  for (const terminology::TranslationMatch& match : found.matches) {
    Node& node = out.parameter("match");
    out.value(node, "equivalence", "valueCode", match.equivalence);
    if (!match.code.empty()) {
      out.coding(node, "concept", match.system, match.version, match.code, match.display);
    }
    for (const auto& product : match.products) {
      Node& part = out.part(node, "product");
      out.value(part, "element", "valueUri", product.property);
      out.coding(part, "concept", product.system, {}, product.value, product.display);
    }
    out.value(node, "source", "valueUri", match.map);
  }
  return resource_response(200, out.out(), call);
}

}  // namespace

void register_concept_map(endpoints::Table& table) {
  for (const Endpoint& row : kRows) table.add(row, &translate);
}

}  // namespace concord::api
