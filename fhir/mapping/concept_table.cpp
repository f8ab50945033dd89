#include "fhir/mapping/concept_table.h"

#include <algorithm>

namespace concord::mapping {
namespace {

std::string child_text(const tree::Document& document, const tree::Node& node,
                       std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  if (symbol == tree::Symbol::kNone) return {};
  const tree::Node* child = node.child(symbol);
  return child == nullptr ? std::string() : std::string(child->text());
}

template <typename Each>
void each_child(const tree::Document& document, const tree::Node& node, std::string_view name,
                Each&& each) {
  const tree::Symbol symbol = document.find(name);
  if (symbol == tree::Symbol::kNone) return;
  for (const tree::Node& child : node.children()) {
    if (child.name() == symbol) each(child);
  }
}

}  // namespace

void ConceptTable::order() {
  std::stable_sort(rows_.begin(), rows_.end(),
                   [](const Row& a, const Row& b) { return a.source_code < b.source_code; });
}

ConceptTable ConceptTable::from(const ast::Concepts& concepts) {
  ConceptTable table;
  for (const ast::ConceptRow& row : concepts.rows) {
    if (!row.equivalent) continue;
    table.rows_.push_back(
        {row.source_system, row.source_code, row.target_system, row.target_code, {}});
  }
  for (const ast::Concepts::Unmapped& rule : concepts.unmapped) {
    std::string target_system = rule.system;
    for (const ast::ConceptRow& row : concepts.rows) {
      if (!rule.provided && row.source_system == rule.system) target_system = row.target_system;
    }
    table.unmapped_.push_back({rule.system, target_system, rule.fixed, {}, rule.provided});
  }
  table.order();
  return table;
}

ConceptTable ConceptTable::from(const tree::Document& resource) {
  ConceptTable table;
  each_child(resource, resource.root(), "group", [&](const tree::Node& group) {
    const std::string source = child_text(resource, group, "source");
    const std::string target = child_text(resource, group, "target");
    each_child(resource, group, "element", [&](const tree::Node& element) {
      each_child(resource, element, "target", [&](const tree::Node& to) {
        const std::string relation = child_text(resource, to, "equivalence");
        if (relation == "unmatched" || relation == "disjoint") return;
        table.rows_.push_back({source, child_text(resource, element, "code"), target,
                               child_text(resource, to, "code"),
                               child_text(resource, to, "display")});
      });
    });
    each_child(resource, group, "unmapped", [&](const tree::Node& unmapped) {
      const std::string mode = child_text(resource, unmapped, "mode");
      if (mode != "provided" && mode != "fixed") return;
      const bool provided = mode == "provided";
      table.unmapped_.push_back({source, provided ? source : target,
                                 child_text(resource, unmapped, "code"),
                                 child_text(resource, unmapped, "display"), provided});
    });
  });
  table.order();
  return table;
}

ConceptTable::Target ConceptTable::translate(std::string_view system,
                                             std::string_view code) const noexcept {
  auto row = std::lower_bound(
      rows_.begin(), rows_.end(), code,
      [](const Row& known, std::string_view wanted) { return known.source_code < wanted; });
  for (; row != rows_.end() && row->source_code == code; ++row) {
    if (system.empty() || row->source_system.empty() || row->source_system == system) {
      return {row->system, row->code, row->display};
    }
  }
  for (const Unmapped& rule : unmapped_) {
    if (!system.empty() && rule.source_system != system) continue;
    if (rule.provided) return {rule.system, code, {}};
    return {rule.system, rule.fixed, rule.display};
  }
  return {};
}

}  // namespace concord::mapping
