#pragma once
/// What the operators mean for values. Source: hl7.org/fhirpath/N1, chapter 6.

#include <optional>
#include <string>

#include "fhir/core/decimal.h"
#include "fhir/path/context.h"
#include "fhir/path/detail/program.h"
#include "fhir/path/detail/temporal.h"
#include "fhir/path/value.h"

namespace concord::path::detail {

/// Integers and decimals; nothing for the rest.
std::optional<Decimal> number_of(const Value& value);

/// N1 section 6.1: nothing when the precision of dates or the units of quantities leave it open.
/// Elements without a System value are compared with all their children.
std::optional<bool> equal(EvalContext& context, const Value& a, const Value& b);
std::optional<bool> equal(EvalContext& context, const Collection& a, const Collection& b);
/// Membership and distinctness: equal, and known to be.
bool same(EvalContext& context, const Value& a, const Value& b);
/// N1 section 6.1.2; collections in any order.
bool equivalent(EvalContext& context, const Value& a, const Value& b);
bool equivalent(EvalContext& context, const Collection& a, const Collection& b);

/// Order of two System values; `incomparable` when the kinds do not fit together.
enum class Comparison : std::uint8_t { less, equal, greater, unknown, incomparable };
Comparison compare_values(const Value& a, const Value& b);

/// The result of an arithmetic operator on System values: an item, nothing (overflow, division by
/// zero), or that the operator has no meaning for them.
struct Computed {
  bool meaningful = true;
  std::optional<Value> value;
};
Computed compute(EvalContext& context, Code code, const Value& a, const Value& b);
Computed negate(EvalContext& context, const Value& a);

/// Items in order of first occurrence, each once.
Collection distinct(EvalContext& context, const Collection& items);

/// Finds members of a growing collection in constant time on average.
class Members {
 public:
  explicit Members(EvalContext& context) : context_(context) {}
  /// Whether an equal item was added before.
  bool contains(const Value& item);
  void add(const Value& item);

 private:
  std::uint64_t hash(const Value& item);
  struct Entry {
    std::uint64_t hash;
    Value value;
  };
  void place(std::uint32_t entry);
  EvalContext& context_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  ///< entry + 1; empty while there are few
};

}  // namespace concord::path::detail
