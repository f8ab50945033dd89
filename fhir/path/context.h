#pragma once
/// Everything an evaluation needs beside the expression: memory, clock, budget, variables.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/path/function_table.h"
#include "fhir/path/value.h"
#include "fhir/tree/node_set.h"

namespace concord::definitions {
class Definitions;
}

namespace concord::path {

/// Bounds of one evaluation. Past one of them: too_costly.
struct EvalLimits {
  std::uint64_t max_steps = 2'000'000;            ///< items visited and operations done
  std::size_t max_bytes = std::size_t{64} << 20;  ///< memory of intermediate and final results
};

/// What a host may plug in; each may be left empty. Calls come from the thread that evaluates, with
/// values that stay valid until the context is reset; what a hook captures must be safe on that
/// thread. A hook that is empty costs nothing.
struct Hooks {
  /// Polled now and then; true ends the evaluation with timeout (the deadline of the request).
  std::function<bool()> expired;
  /// A reference the document itself does not hold; no value when it cannot be resolved.
  std::function<std::optional<Value>(std::string_view reference)> resolve;
  /// memberOf(): whether a code, Coding, CodeableConcept or string is in the value set; no answer
  /// when that cannot be known. Without the hook memberOf() gives empty.
  std::function<Result<std::optional<bool>>(const Value& coded, std::string_view value_set)>
      member_of;
  /// subsumes() and subsumedBy(): whether the first code, Coding or CodeableConcept is the second
  /// or an ancestor of it; no answer when that cannot be known. Without the hook only the same code
  /// of the same system is known to be subsumed.
  std::function<Result<std::optional<bool>>(const Value& general, const Value& special)> subsumes;
  /// conformsTo() for profiles that are not plain resource or data types.
  std::function<Result<bool>(const Value& item, std::string_view profile)> conforms_to;
  /// slice(): whether an element belongs to the named slice of a profile. Errors: not_found (no
  /// such profile or slice). Without the hook slice() is an error.
  std::function<Result<bool>(const Value& item, std::string_view profile, std::string_view slice)>
      in_slice;
  /// elementDefinition(): the ElementDefinition an element was validated against; nothing when
  /// there is none. Without the hook elementDefinition() gives empty.
  std::function<Result<std::optional<Value>>(const Value& item)> element_definition;
  /// %terminologies: `operation` is expand, lookup, validateVS, validateCS, subsumes or translate,
  /// with its arguments as written. Without the hook these are errors.
  /// Source: hl7.org/fhir/R4B/fhirpath.html#txapi.
  std::function<Result<Collection>(std::string_view operation,
                                   std::span<const Collection> arguments)>
      terminologies;
  /// Receives what trace() sees.
  std::function<void(std::string_view name, const Collection& items)> trace;
};

/// One per thread, reused from evaluation to evaluation. Results stay valid until reset().
///
/// Between two documents call reset(): it forgets results, variables, focus resources and the index
/// resolve() built, and keeps memory for the next.
class EvalContext {
 public:
  explicit EvalContext(EvalLimits limits = {});
  ~EvalContext();
  EvalContext(EvalContext&&) noexcept;
  EvalContext& operator=(EvalContext&&) noexcept;

  /// now(), today() and timeOfDay() answer this instant, always the same within one context.
  Instant now{};
  /// Minutes east of UTC in which now() and today() are told; 0 writes "Z".
  std::int16_t now_offset_minutes = 0;
  Hooks hooks;
  /// When set, gets every element whose value an expression looked at. Null costs nothing.
  tree::NodeSet* reads = nullptr;

  void reset();

  /// %resource and %rootResource; when not set, they are found from the focus: the nearest resource
  /// around it, and the outermost one that is not a Bundle's entry container.
  void set_resource(Value resource) { resource_ = resource; }
  void set_root_resource(Value resource) { root_resource_ = resource; }

  const std::optional<Value>& resource() const noexcept { return resource_; }
  const std::optional<Value>& root_resource() const noexcept { return root_resource_; }

  /// Binds a variable declared at compile time (CompileContext::variables) by its index there.
  /// The items must stay valid while it is bound. Unbound variables are empty.
  void bind(std::size_t slot, const Collection& value);
  const Collection& bound(std::size_t slot) const noexcept;

  // ---- for functions -------------------------------------------------------------------------

  /// Evaluates a lambda with $this = `item`, $index = `index`; $total is kept.
  Result<Collection> call(const Lambda& lambda, const Value& item, std::size_t index = 0);
  /// The same with $this = the whole collection, and $index as where the function was called (iif).
  Result<Collection> call(const Lambda& lambda, const Collection& focus);
  /// Those items for which the criteria are true. Frees what the criteria allocated.
  Result<Collection> where(const Lambda& criteria, const Collection& input);
  /// Evaluates criteria for one item: true only when they give a single true. Frees what they
  /// allocated. Errors: invalid (not a boolean).
  Result<std::optional<bool>> test(const Lambda& criteria, const Value& item,
                                   std::size_t index = 0);
  void set_total(const Collection& total);
  const Collection& total() const noexcept;

  /// Counts work. False when the budget, memory or time is spent: leave with failure().
  bool spend(std::uint64_t steps = 1);
  /// The error that ended the evaluation; internal when there is none.
  Error failure() const;
  /// Bytes a text made by a function may have; past it leave with too_large().
  std::size_t max_text() const noexcept;
  Error too_large() const;

  /// Memory that lives until reset() (or rewind()). `bytes` counts against max_bytes; null when
  /// spent.
  void* allocate(std::size_t bytes, std::size_t alignment);
  /// A copy of `text` as a string value.
  Value string(std::string_view text);
  Value decimal(const Decimal& number);
  Value quantity(const Decimal& number, std::string_view unit, bool calendar);
  Value type_info(std::string_view space, std::string_view name);

  /// The System value of an item: an element's primitive value converted by its FHIR type, a
  /// Quantity element as a quantity; System values as they are. Nothing for elements without value.
  std::optional<Value> system_value(const Value& item);

  // Singleton evaluation (N1 section 4.5): no item gives nothing, more than one or an item of
  // another type gives the error invalid naming `what` ("argument of startsWith()").
  Result<std::optional<std::string_view>> one_string(const Collection& items,
                                                     std::string_view what);
  Result<std::optional<std::int64_t>> one_integer(const Collection& items, std::string_view what);
  Result<std::optional<bool>> one_boolean(const Collection& items, std::string_view what);
  Result<std::optional<Value>> one_system(const Collection& items, std::string_view what);

  /// The text of a value as toString() writes it. Nothing for elements without value and for types.
  std::optional<std::string_view> text_of(const Value& item);

  /// The target of a reference seen from `from`: "#id" in the resource around it, the entry of the
  /// Bundle by fullUrl (relative references against the base of the entry's own fullUrl), else
  /// hooks.resolve. Nothing when there is none.
  std::optional<Value> resolve(const Value& from, std::string_view reference);

  /// The FHIR type of an element ("Coding", "Bundle.entry"); from the annotation of the tree or,
  /// where it has none, from the definitions the running expression was compiled with. kNone when
  /// not known.
  tree::Symbol type_of(const Value& item);

  class State;  // of the evaluator; not for use
  State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
  std::optional<Value> resource_;
  std::optional<Value> root_resource_;
};

}  // namespace concord::path
