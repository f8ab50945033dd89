#pragma once
/// A concept map as a table, for the transform `translate`. Internal to the room.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/mapping/ast.h"

namespace concord::mapping {

/// Immutable once made and linked: safe from any thread.
class ConceptTable {
 public:
  struct Target {
    std::string_view system, code, display;
    explicit operator bool() const noexcept { return !code.empty(); }
  };
  /// What becomes of codes without a row.
  struct Unmapped {
    std::string source_system, system, text, display;
    ast::Concepts::Unmapped::Mode mode = ast::Concepts::Unmapped::Mode::provided;
    const ConceptTable* other = nullptr;  ///< of mode other, once linked
  };

  /// Of a map's own `conceptmap` or a ConceptMap resource. Rows that say that there is no
  /// translation (disjoint, unmatched) give none, and their codes are not unmapped either.
  static ConceptTable from(const ast::Concepts& concepts);

  /// What a code becomes; an empty `system` matches any. Empty when there is no row. The views live
  /// as long as the table and `code`.
  Target translate(std::string_view system, std::string_view code) const noexcept {
    return translate(system, code, 0);
  }

  /// The maps that other ones stand in for, to be linked by who knows them.
  std::vector<Unmapped>& unmapped() noexcept { return unmapped_; }

 private:
  struct Row {
    std::string source_system, source_code, system, code, display;
    bool translates = true;
  };
  Target translate(std::string_view system, std::string_view code,
                   std::size_t depth) const noexcept;
  std::vector<Row> rows_;  ///< by source code, stable
  std::vector<Unmapped> unmapped_;
};

}  // namespace concord::mapping
