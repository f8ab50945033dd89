// FHIRPath chapter 5.1, Existence: http://hl7.org/fhirpath/N1/#existence
#include "fhir/path/context.h"
#include "fhir/path/detail/operators.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

Result<Collection> fn_empty(EvalContext&, const Collection& input, Args) {
  return Collection::of(input.empty());
}

/// exists([criteria]) : Boolean. An empty input gives false, never an error.
Result<Collection> fn_exists(EvalContext& context, const Collection& input, Args args) {
  if (args.empty()) return Collection::of(!input.empty());
  std::size_t index = 0;
  for (const Value& item : input) {
    CONCORD_ASSIGN(const auto truth, context.test(args.lambda(0), item, index++));
    if (truth == true) return Collection::of(true);
  }
  return Collection::of(false);
}

/// all(criteria): true for an empty input; criteria without answer are not true.
Result<Collection> fn_all(EvalContext& context, const Collection& input, Args args) {
  std::size_t index = 0;
  for (const Value& item : input) {
    CONCORD_ASSIGN(const auto truth, context.test(args.lambda(0), item, index++));
    if (truth != true) return Collection::of(false);
  }
  return Collection::of(true);
}

/// allTrue() and its like: whether `kWanted` is met by every item (kEvery) or by one of them.
template <bool kWanted, bool kEvery>
Result<Collection> fn_truths(EvalContext& context, const Collection& input, Args) {
  bool result = kEvery;
  for (const Value& item : input) {
    CONCORD_ASSIGN(const auto value, context.one_boolean(Collection::of(item), "each item"));
    const bool met = value == kWanted;
    if (kEvery && !met) result = false;
    if (!kEvery && met) result = true;
  }
  return Collection::of(result);
}

Result<bool> is_subset(EvalContext& context, const Collection& part, const Collection& whole) {
  detail::Members members(context);
  for (const Value& item : whole) {
    if (!members.contains(item)) members.add(item);
  }
  bool all = true;
  for (const Value& item : part) all = all && members.contains(item);
  if (!context.spend()) return context.failure();
  return all;
}

Result<Collection> fn_subset_of(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const bool result, is_subset(context, input, args[0]));
  return Collection::of(result);
}

Result<Collection> fn_superset_of(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const bool result, is_subset(context, args[0], input));
  return Collection::of(result);
}

Result<Collection> fn_count(EvalContext&, const Collection& input, Args) {
  return Collection::of(Value::of(static_cast<std::int64_t>(input.size())));
}

Result<Collection> fn_distinct(EvalContext& context, const Collection& input, Args) {
  return input.size() < 2 ? input : detail::distinct(context, input);
}

Result<Collection> fn_is_distinct(EvalContext& context, const Collection& input, Args) {
  return Collection::of(detail::distinct(context, input).size() == input.size());
}

/// not(): nothing for nothing; a single item that is no boolean counts as true.
Result<Collection> fn_not(EvalContext& context, const Collection& input, Args) {
  if (input.empty()) return Collection();
  CONCORD_ASSIGN(const auto value, context.one_system(input, "the input of not()"));
  return Collection::of(value && value->tag() == Tag::boolean && !value->boolean());
}

constexpr FunctionRow kRows[] = {
    {.name = "empty",
     .handler = &fn_empty,
     .returns = Returns::boolean,
     .pure = true,
     .presence = Presence::none},
    {.name = "exists",
     .max = 1,
     .lazy = true,
     .handler = &fn_exists,
     .returns = Returns::boolean,
     .takes_criteria = true,
     .presence = Presence::any},
    {.name = "all",
     .min = 1,
     .max = 1,
     .lazy = true,
     .handler = &fn_all,
     .returns = Returns::boolean,
     .takes_criteria = true},
    {.name = "allTrue",
     .handler = &fn_truths<true, true>,
     .returns = Returns::boolean,
     .accepts = Accepts::boolean,
     .pure = true},
    {.name = "anyTrue",
     .handler = &fn_truths<true, false>,
     .returns = Returns::boolean,
     .accepts = Accepts::boolean,
     .pure = true},
    {.name = "allFalse",
     .handler = &fn_truths<false, true>,
     .returns = Returns::boolean,
     .accepts = Accepts::boolean,
     .pure = true},
    {.name = "anyFalse",
     .handler = &fn_truths<false, false>,
     .returns = Returns::boolean,
     .accepts = Accepts::boolean,
     .pure = true},
    {.name = "subsetOf",
     .min = 1,
     .max = 1,
     .handler = &fn_subset_of,
     .returns = Returns::boolean,
     .pure = true},
    {.name = "supersetOf",
     .min = 1,
     .max = 1,
     .handler = &fn_superset_of,
     .returns = Returns::boolean,
     .pure = true},
    {.name = "count", .handler = &fn_count, .returns = Returns::integer, .pure = true},
    {.name = "distinct", .handler = &fn_distinct, .returns = Returns::input, .pure = true},
    {.name = "isDistinct", .handler = &fn_is_distinct, .returns = Returns::boolean, .pure = true},
    {.name = "not", .handler = &fn_not, .returns = Returns::boolean, .pure = true},
};

}  // namespace

void register_existence(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
