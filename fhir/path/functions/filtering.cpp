// FHIRPath chapter 5.2, Filtering and projection:
// http://hl7.org/fhirpath/N1/#filtering-and-projection ofType(), is() and as() take the name of a
// type and are part of the compiler.
#include <algorithm>
#include <numeric>
#include <vector>

#include "fhir/path/context.h"
#include "fhir/path/detail/operators.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

Result<Collection> fn_where(EvalContext& context, const Collection& input, Args args) {
  return context.where(args.lambda(0), input);
}

Result<Collection> fn_select(EvalContext& context, const Collection& input, Args args) {
  Collection all;
  std::size_t index = 0;
  for (const Value& item : input) {
    CONCORD_ASSIGN(const Collection part, context.call(args.lambda(0), item, index++));
    if (!all.add_all(context, part)) return context.failure();
  }
  return all;
}

/// repeat(projection): what the projection gives, for the input and then for everything new it
/// gave; an item that was there already is not followed again, so that circles end.
Result<Collection> fn_repeat(EvalContext& context, const Collection& input, Args args) {
  Collection all;
  detail::Members seen(context);
  std::vector<Value> open(input.begin(), input.end());
  std::vector<Value> next;
  while (!open.empty()) {
    std::size_t index = 0;
    for (const Value& item : open) {
      CONCORD_ASSIGN(const Collection found, context.call(args.lambda(0), item, index++));
      for (const Value& value : found) {
        if (seen.contains(value)) continue;
        seen.add(value);
        next.push_back(value);
        if (!all.add(context, value)) return context.failure();
      }
    }
    if (!context.spend(open.size())) return context.failure();
    open.swap(next);
    next.clear();
  }
  return all;
}

/// repeatAll(projection): as repeat(), repeats kept; a circle ends when the budget is spent. Draft
/// of FHIRPath 3.0.
Result<Collection> fn_repeat_all(EvalContext& context, const Collection& input, Args args) {
  Collection all;
  std::vector<Value> open(input.begin(), input.end());
  std::vector<Value> next;
  while (!open.empty()) {
    std::size_t index = 0;
    for (const Value& item : open) {
      CONCORD_ASSIGN(const Collection found, context.call(args.lambda(0), item, index++));
      next.insert(next.end(), found.begin(), found.end());
      if (!all.add_all(context, found)) return context.failure();
    }
    if (!context.spend(open.size())) return context.failure();
    open.swap(next);
    next.clear();
  }
  return all;
}

/// sort([key, …]): by the items or by keys, each descending with a minus in front; items
/// without a key come first either way. Draft of FHIRPath 3.0.
Result<Collection> fn_sort(EvalContext& context, const Collection& input, Args args) {
  const std::size_t width = std::max<std::size_t>(args.size(), 1);
  std::vector<std::optional<Value>> keys;
  keys.reserve(input.size() * width);
  std::size_t index = 0;
  for (const Value& item : input) {
    if (args.empty()) {
      keys.push_back(context.system_value(item));
      continue;
    }
    for (std::size_t i = 0; i < width; ++i) {
      CONCORD_ASSIGN(const Collection key, context.call(args.lambda(i), item, index));
      CONCORD_ASSIGN(const auto value, context.one_system(key, "a key of sort()"));
      keys.push_back(value);
    }
    ++index;
  }
  bool comparable = true;
  const auto before = [&](std::size_t a, std::size_t b) {
    for (std::size_t i = 0; i < width; ++i) {
      const auto& x = keys[a * width + i];
      const auto& y = keys[b * width + i];
      const bool descending = !args.empty() && args.lambda(i).descending;
      if (!x || !y) {
        if (x.has_value() == y.has_value()) continue;
        return y.has_value();
      }
      const auto order = detail::compare_values(*x, *y);
      if (order == detail::Comparison::incomparable) comparable = false;
      if (order == detail::Comparison::less) return !descending;
      if (order == detail::Comparison::greater) return descending;
    }
    return false;
  };
  std::vector<std::size_t> order(input.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Partial orders (dates of unlike precision) are no strict weak order: a merge sort ends anyway.
  std::stable_sort(order.begin(), order.end(), before);
  if (!comparable) return make_error(ErrorCode::invalid, "sort() of items that have no order");
  if (!context.spend(input.size() * 8)) return context.failure();
  Collection sorted;
  for (const std::size_t at : order) {
    if (!sorted.add(context, input[at])) return context.failure();
  }
  return sorted;
}

constexpr FunctionRow kRows[] = {
    {.name = "where",
     .min = 1,
     .max = 1,
     .lazy = true,
     .handler = &fn_where,
     .returns = Returns::input,
     .takes_criteria = true,
     .intrinsic = Intrinsic::where},
    {.name = "select",
     .min = 1,
     .max = 1,
     .lazy = true,
     .handler = &fn_select,
     .returns = Returns::argument},
    {.name = "repeat", .min = 1, .max = 1, .lazy = true, .handler = &fn_repeat},
    {.name = "repeatAll", .min = 1, .max = 1, .lazy = true, .handler = &fn_repeat_all},
    {.name = "sort", .max = 8, .lazy = true, .handler = &fn_sort, .returns = Returns::input},
};

}  // namespace

void register_filtering(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
