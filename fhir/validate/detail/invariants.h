#pragma once
// Invariants, compiled at their first use; the common ones without FHIRPath.

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fhir/core/error.h"
#include "fhir/definitions/definitions.h"
#include "fhir/path/expression.h"
#include "fhir/path/function_table.h"

namespace concord::validate::detail {

/// An invariant answered without FHIRPath: true when it holds.
using NativeInvariant = bool (*)(const tree::Document& document, const tree::Node& node);

/// One (key, expression, severity).
struct CompiledInvariant {
  std::string key, human, expression;
  Severity severity = Severity::error;
  bool best_practice = false;
  bool skipped = false;  ///< never evaluated: dom-3, which rules/contained checks
  NativeInvariant native = nullptr;

  /// Compiled at first use; null when it does not compile.
  mutable std::atomic<const path::Expression*> compiled{nullptr};
  mutable std::atomic<bool> failed{false};
  mutable std::unique_ptr<path::Expression> owned;
};

/// Every invariant met, once per (key, expression, severity). Thread-safe; what it hands out lives
/// as long as it does.
class Invariants {
 public:
  explicit Invariants(const definitions::Definitions& definitions);

  const CompiledInvariant* add(std::string_view key, std::string_view human,
                               std::string_view expression, bool warning, bool best_practice);
  const CompiledInvariant* add(const definitions::Invariant& invariant) {
    return add(invariant.key, invariant.human, invariant.expression,
               invariant.severity != Severity::error, invariant.best_practice);
  }
  /// The expression, compiled; null when it is none.
  const path::Expression* expression(const CompiledInvariant& invariant) const;
  /// Any other expression of a definition (contexts of extensions), kept; null when it is none.
  const path::Expression* expression(std::string_view text) const;

 private:
  const definitions::Definitions& definitions_;
  path::FunctionTable functions_;
  mutable std::mutex growing_;
  std::deque<CompiledInvariant> all_;
  std::unordered_map<std::string, const CompiledInvariant*> known_;
  mutable std::unordered_map<std::string, std::unique_ptr<path::Expression>> others_;
};

/// The expression to evaluate in place of one that was published wrong.
std::string repaired(std::string_view key, std::string_view expression);

/// Answers of the invariants that stand on nearly every element; null for all others.
NativeInvariant native_invariant(std::string_view key, std::string_view expression);

}  // namespace concord::validate::detail
