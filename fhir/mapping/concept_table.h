#pragma once
/// A concept map as a table, for the transform `translate`. Internal to the room.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/mapping/ast.h"
#include "fhir/tree/document.h"

namespace concord::mapping {

/// Immutable once made: safe from any thread.
class ConceptTable {
 public:
  struct Target {
    std::string_view system, code, display;
    explicit operator bool() const noexcept { return !code.empty(); }
  };

  /// From a map's own `conceptmap`.
  static ConceptTable from(const ast::Concepts& concepts);
  /// From a ConceptMap resource (R4: group.element.target; equivalence unmatched and disjoint give
  /// nothing; group.unmapped provided and fixed).
  static ConceptTable from(const tree::Document& resource);

  /// What a code becomes; an empty `system` matches any. Empty when there is no row. The views live
  /// as long as the table and `code`.
  Target translate(std::string_view system, std::string_view code) const noexcept;

 private:
  struct Row {
    std::string source_system, source_code, system, code, display;
  };
  struct Unmapped {
    std::string source_system, system, fixed, display;
    bool provided = false;
  };
  void order();
  std::vector<Row> rows_;  ///< by source code, stable
  std::vector<Unmapped> unmapped_;
};

}  // namespace concord::mapping
