#include "fhir/mapping/concept_table.h"

#include <algorithm>

namespace concord::mapping {

using Mode = ast::Concepts::Unmapped::Mode;

ConceptTable ConceptTable::from(const ast::Concepts& concepts) {
  ConceptTable table;
  for (const ast::ConceptRow& row : concepts.rows) {
    table.rows_.push_back({row.source_system, row.source_code, row.target_system, row.target_code,
                           row.display, ast::translates(row.relation)});
  }
  for (const ast::Concepts::Unmapped& rule : concepts.unmapped) {
    std::string target_system = rule.mode == Mode::fixed ? rule.target_system : rule.system;
    if (rule.mode == Mode::fixed && target_system.empty()) {
      // A text names no system here: that of the other rows of the same source system.
      target_system = rule.system;
      for (const ast::ConceptRow& row : concepts.rows) {
        if (row.source_system == rule.system) target_system = row.target_system;
      }
    }
    table.unmapped_.push_back(
        {rule.system, std::move(target_system), rule.text, rule.display, rule.mode, nullptr});
  }
  std::stable_sort(table.rows_.begin(), table.rows_.end(),
                   [](const Row& a, const Row& b) { return a.source_code < b.source_code; });
  return table;
}

ConceptTable::Target ConceptTable::translate(std::string_view system, std::string_view code,
                                             std::size_t depth) const noexcept {
  constexpr std::size_t kMostMaps = 8;  // one standing in for another
  auto row = std::lower_bound(
      rows_.begin(), rows_.end(), code,
      [](const Row& known, std::string_view wanted) { return known.source_code < wanted; });
  bool refused = false;
  for (; row != rows_.end() && row->source_code == code; ++row) {
    if (!system.empty() && !row->source_system.empty() && row->source_system != system) continue;
    if (row->translates && !row->code.empty()) return {row->system, row->code, row->display};
    refused = true;
  }
  if (refused) return {};
  for (const Unmapped& rule : unmapped_) {
    if (!system.empty() && !rule.source_system.empty() && rule.source_system != system) continue;
    switch (rule.mode) {
      case Mode::provided:
        return {rule.system, code, {}};
      case Mode::fixed:
        return {rule.system, rule.text, rule.display};
      case Mode::other:
        if (rule.other == nullptr || depth >= kMostMaps) return {};
        return rule.other->translate(system, code, depth + 1);
    }
  }
  return {};
}

}  // namespace concord::mapping
