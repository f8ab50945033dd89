#pragma once
/// What is known about the patient, the parties and the past that the message itself does not say.
/// Read once before a decision and passed in, so that the same facts give the same decision.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::agreements {

enum class FactType : unsigned char { boolean, integer, decimal, string, date };

/// One fact an expression may name as `%facts.<name>`. A name outside the catalogue is an error
/// when an agreement is compiled, so a slip cannot become a rule that never fires.
struct FactKind {
  std::string_view name;
  FactType type;
  std::string_view meaning;  ///< with unit
};

/// The facts that exist, sorted by name.
std::span<const FactKind> fact_catalogue();

/// The kind of that name, or null.
const FactKind* find_fact(std::string_view name);

/// Facts for one decision. A plain value. What is not set is unknown: rules that need it become
/// indeterminate, they do not pass.
class Facts {
 public:
  /// `text` is the value as FHIR writes it: "true", "14", "2.5", "2026-04-01", or any string.
  /// Errors: not_found (no such fact in the catalogue), invalid (the text is not of its type).
  Result<void> set(std::string_view name, std::string text);

  const std::map<std::string, std::string, std::less<>>& values() const { return values_; }
  bool empty() const { return values_.empty(); }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace concord::agreements
