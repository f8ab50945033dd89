#pragma once
/// The functions an expression may call. Filled at start, then only read: safe from any thread.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/path/value.h"

namespace concord::path {

class EvalContext;

/// An argument that is not evaluated yet: the criteria of where(), the projection of select().
/// EvalContext::call() evaluates it. Made by the compiler only.
struct Lambda {
  const void* program = nullptr;
  std::uint32_t entry = 0;
  bool descending =
      false;  ///< was written with a minus in front, which `entry` does not hold (sort)
};

/// The arguments of one call. Lazy functions see lambdas, the others evaluated collections.
class Args {
 public:
  Args() = default;
  explicit Args(std::span<const Collection> values) : values_(values) {}
  explicit Args(std::span<const Lambda> lambdas, const void* constant = nullptr)
      : lambdas_(lambdas), constant_(constant) {}
  Args(std::span<const Collection> values, const void* constant)
      : values_(values), constant_(constant) {}

  std::size_t size() const noexcept { return values_.empty() ? lambdas_.size() : values_.size(); }
  bool empty() const noexcept { return size() == 0; }
  /// An evaluated argument; not in lazy functions.
  const Collection& operator[](std::size_t index) const noexcept { return values_[index]; }
  /// An argument to evaluate with EvalContext::call(); in lazy functions.
  const Lambda& lambda(std::size_t index) const noexcept { return lambdas_[index]; }
  /// What `prepare` made of the constant arguments at compile time, or null.
  const void* prepared() const noexcept { return constant_; }

 private:
  std::span<const Collection> values_;
  std::span<const Lambda> lambdas_;
  const void* constant_ = nullptr;
};

/// Computes one call. `input` is the collection left of the dot (the focus for a call that starts
/// an expression). An empty result is `Collection()`. It must not keep anything, must not throw,
/// and counts its work with EvalContext::spend() when that is more than linear in its input.
using Handler = Result<Collection> (*)(EvalContext& context, const Collection& input, Args args);

/// Makes something once from the constant arguments of a call (a compiled pattern), for
/// Args::prepared(). An argument that is not constant is null. A null result: nothing to prepare.
/// Errors end the compilation of the expression (invalid: a pattern that is none).
using Prepare =
    Result<std::shared_ptr<const void>> (*)(std::span<const Collection* const> arguments);

/// What the compiler may assume of a result.
enum class Returns : std::uint8_t {
  unknown,
  input,          ///< items of the input collection
  input_item,     ///< at most one item of the input collection
  argument,       ///< what the first argument gives, for each input item
  either,         ///< what the second or third argument gives (iif)
  with_argument,  ///< items of the input collection and of the first argument
  extensions,     ///< Extension elements
  any_elements,   ///< elements of any type, in no defined order
  type_info,
  strings,  ///< any number of strings
  boolean,  // this and the following: at most one item of that System type
  integer,
  long_integer,
  decimal,
  string,
  date,
  date_time,
  time,
  quantity,
};

/// A function without arguments that only asks whether there is an item: the compiler looks no
/// further than the first.
enum class Presence : std::uint8_t { not_asked, any, none };

/// A function the evaluator does itself, without a call; `handler` does the same for others.
enum class Intrinsic : std::uint8_t { none, where, iif };

/// What the compiler demands of the input in strict mode.
enum class Accepts : std::uint8_t {
  any,
  string,  ///< a String, or a FHIR primitive that converts to one
  number,  ///< Integer, Decimal, Quantity
  boolean,
  temporal,  ///< Date, DateTime, Time, Decimal or Quantity (the boundary functions)
  node,      ///< an element; a System value has no use
};

/// One function.
struct FunctionRow {
  std::string_view name;
  std::uint8_t min = 0;  ///< least number of arguments
  std::uint8_t max = 0;  ///< most
  bool lazy = false;     ///< arguments are passed unevaluated, with $this bound by the function
  Handler handler = nullptr;
  Returns returns = Returns::unknown;
  Accepts accepts = Accepts::any;
  /// The same of every argument, where they are evaluated before the call.
  Accepts argument = Accepts::any;
  /// Same input and arguments, same answer, whatever the context: may be computed at compile time
  /// when input and arguments are constant.
  bool pure = false;
  bool needs_order = false;     ///< has no meaning for input in no defined order (children())
  bool takes_criteria = false;  ///< the first argument must give a boolean
  Prepare prepare = nullptr;
  Presence presence = Presence::not_asked;
  Intrinsic intrinsic = Intrinsic::none;
  std::string_view documentation = {};
};

/// Names to rows. Adding a name again replaces the row, so that a later table overlays the
/// standard.
class FunctionTable {
 public:
  /// All functions of this room (functions/*.cpp).
  static FunctionTable standard();

  /// `rows` and the texts in them must outlive the table (constexpr arrays do).
  void add(std::span<const FunctionRow> rows);
  void add(const FunctionRow& row) { add(std::span(&row, 1)); }

  /// Null when there is no such function.
  const FunctionRow* find(std::string_view name) const noexcept;

  /// Sorted by name.
  std::vector<const FunctionRow*> rows() const;

 private:
  std::vector<FunctionRow> rows_;
};

}  // namespace concord::path
