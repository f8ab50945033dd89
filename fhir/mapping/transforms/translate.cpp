// translate(v, map, field): v (a code, Coding or CodeableConcept) through a concept map. `field` is
// code, system, display, coding or codeableConcept. No entry ends the run.
// Source: hl7.org/fhir/R4/valueset-map-transform.html.
#include "fhir/mapping/concept_table.h"
#include "fhir/mapping/transforms/registry.h"
#include "fhir/path/context.h"

namespace concord::mapping {
namespace {

std::string_view child_text(const path::Value& value, const tree::Node& node,
                            std::string_view name) {
  const tree::Symbol symbol = value.document().find(name);
  const tree::Node* child = symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
  return child == nullptr ? std::string_view() : child->text();
}

/// The translation of a Coding, or of the first coding of a CodeableConcept that has one.
ConceptTable::Target of_node(const path::Value& value, const ConceptTable& concepts) {
  const tree::Node& node = value.node();
  if (node.has_value()) return concepts.translate({}, node.text());
  const tree::Symbol coding = value.document().find("coding");
  const tree::Node* first = coding == tree::Symbol::kNone ? nullptr : node.child(coding);
  if (first == nullptr) {
    return concepts.translate(child_text(value, node, "system"), child_text(value, node, "code"));
  }
  for (const tree::Node* at = first; at != nullptr; at = at->next_same()) {
    const auto found =
        concepts.translate(child_text(value, *at, "system"), child_text(value, *at, "code"));
    if (found) return found;
  }
  return {};
}

Result<ConceptTable::Target> translated(transforms::Host& host, const path::Collection& argument,
                                        const ConceptTable& concepts) {
  ConceptTable::Target found;
  if (argument.size() == 1 && argument.front().is_node()) {
    found = of_node(argument.front(), concepts);
  } else {
    CONCORD_ASSIGN(const auto code, transforms::text_of(host, argument));
    if (code) found = concepts.translate({}, *code);
  }
  if (found) return found;
  Error error = make_error(ErrorCode::invalid, "a code without an entry in the concept map");
  error.issues.front().detail_code = "INVALID_VALUE";
  if (argument.front().is_node() && !host.is_target(argument.front())) {
    const path::Value& item = argument.front();
    error.issues.front().expression = item.document().path(item.node());
    error.issues.front().position = item.document().position(item.node());
  }
  return error;
}

Result<path::Collection> value(transforms::Host& host, transforms::Arguments arguments,
                               const ConceptTable* concepts) {
  if (arguments[0].empty()) return path::Collection();
  CONCORD_ASSIGN(const ConceptTable::Target found, translated(host, arguments[0], *concepts));
  std::optional<std::string_view> field = "code";
  if (arguments.size() == 3) {
    CONCORD_ASSIGN(field, transforms::text_of(host, arguments[2]));
  }
  std::string_view text = found.code;
  if (field == "system") text = found.system;
  if (field == "display") text = found.display;
  if (text.empty()) return path::Collection();
  return path::Collection::of(host.evaluation().string(text));
}

Result<bool> coding(transforms::Host& host, tree::Node& made, transforms::Arguments arguments,
                    const ConceptTable* concepts) {
  if (arguments[0].empty()) return false;
  CONCORD_ASSIGN(const ConceptTable::Target found, translated(host, arguments[0], *concepts));
  if (!found.system.empty() && !host.put(made, "system", found.system)) return false;
  if (!host.put(made, "code", found.code)) return false;
  return found.display.empty() || host.put(made, "display", found.display);
}

Result<bool> concept_of(transforms::Host& host, tree::Node& made, transforms::Arguments arguments,
                        const ConceptTable* concepts) {
  if (arguments[0].empty()) return false;
  tree::Node* inner = host.make(made, "coding");
  return inner == nullptr ? Result<bool>(false) : coding(host, *inner, arguments, concepts);
}

}  // namespace

void register_translate(transforms::Table& table) {
  table.add({.name = "translate",
             .min = 2,
             .max = 3,
             .type = "System.String",
             .value = &value,
             .concept_map = 1,
             .fields = "code system display"});
  table.add({.name = "translate",
             .min = 3,
             .max = 3,
             .type = "Coding",
             .fill = &coding,
             .concept_map = 1,
             .fields = "coding Coding"});
  table.add({.name = "translate",
             .min = 3,
             .max = 3,
             .type = "CodeableConcept",
             .fill = &concept_of,
             .concept_map = 1,
             .fields = "codeableConcept CodeableConcept"});
}

}  // namespace concord::mapping
