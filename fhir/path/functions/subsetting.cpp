// FHIRPath chapter 5.3, Subsetting: http://hl7.org/fhirpath/N1/#subsetting
#include "fhir/path/context.h"
#include "fhir/path/detail/operators.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

Result<Collection> fn_single(EvalContext&, const Collection& input, Args) {
  if (input.size() > 1) return make_error(ErrorCode::invalid, "single() found several items");
  return input;
}

Result<Collection> fn_first(EvalContext&, const Collection& input, Args) {
  return input.empty() ? input : Collection::of(input.front());
}

Result<Collection> fn_last(EvalContext&, const Collection& input, Args) {
  return input.empty() ? input : Collection::of(input.back());
}

Result<Collection> fn_tail(EvalContext&, const Collection& input, Args) {
  return input.slice(1, input.size());
}

Result<Collection> fn_skip(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto count, context.one_integer(args[0], "the argument of skip()"));
  if (!count) return Collection();
  if (*count <= 0) return input;
  return input.slice(static_cast<std::size_t>(*count), input.size());
}

Result<Collection> fn_take(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto count, context.one_integer(args[0], "the argument of take()"));
  if (!count || *count <= 0) return Collection();
  return input.slice(0, static_cast<std::size_t>(*count));
}

/// Items of the input that are in the argument, each once (kKeep), or those that are not.
template <bool kKeep>
Result<Collection> fn_compare(EvalContext& context, const Collection& input, Args args) {
  detail::Members members(context);
  for (const Value& item : args[0]) {
    if (!members.contains(item)) members.add(item);
  }
  Collection kept;
  for (const Value& item : input) {
    if (members.contains(item) == kKeep && !kept.add(context, item)) return context.failure();
  }
  if (!context.spend()) return context.failure();
  return kKeep ? detail::distinct(context, kept) : kept;
}

constexpr FunctionRow kRows[] = {
    {.name = "single", .handler = &fn_single, .returns = Returns::input_item, .pure = true},
    {.name = "first",
     .handler = &fn_first,
     .returns = Returns::input_item,
     .pure = true,
     .needs_order = true},
    {.name = "last",
     .handler = &fn_last,
     .returns = Returns::input_item,
     .pure = true,
     .needs_order = true},
    {.name = "tail",
     .handler = &fn_tail,
     .returns = Returns::input,
     .pure = true,
     .needs_order = true},
    {.name = "skip",
     .min = 1,
     .max = 1,
     .handler = &fn_skip,
     .returns = Returns::input,
     .argument = Accepts::number,
     .pure = true,
     .needs_order = true},
    {.name = "take",
     .min = 1,
     .max = 1,
     .handler = &fn_take,
     .returns = Returns::input,
     .argument = Accepts::number,
     .pure = true,
     .needs_order = true},
    {.name = "intersect",
     .min = 1,
     .max = 1,
     .handler = &fn_compare<true>,
     .returns = Returns::input,
     .pure = true},
    {.name = "exclude",
     .min = 1,
     .max = 1,
     .handler = &fn_compare<false>,
     .returns = Returns::input,
     .pure = true},
};

}  // namespace

void register_subsetting(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
