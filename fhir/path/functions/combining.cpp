// FHIRPath chapter 5.4, Combining: http://hl7.org/fhirpath/N1/#combining
#include "fhir/path/context.h"
#include "fhir/path/detail/operators.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

Result<Collection> fn_combine(EvalContext& context, const Collection& input, Args args) {
  Collection all;
  if (!all.add_all(context, input) || !all.add_all(context, args[0])) return context.failure();
  return all;
}

Result<Collection> fn_union(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const Collection all, fn_combine(context, input, args));
  return detail::distinct(context, all);
}

/// coalesce(a, b, …): the first of them that is not empty. Draft of FHIRPath 3.0.
Result<Collection> fn_coalesce(EvalContext& context, const Collection& input, Args args) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    CONCORD_ASSIGN(const Collection found, context.call(args.lambda(i), input));
    if (!found.empty()) return found;
  }
  return Collection();
}

constexpr FunctionRow kRows[] = {
    {.name = "combine",
     .min = 1,
     .max = 1,
     .handler = &fn_combine,
     .returns = Returns::with_argument,
     .pure = true},
    {.name = "union",
     .min = 1,
     .max = 1,
     .handler = &fn_union,
     .returns = Returns::with_argument,
     .pure = true},
    {.name = "coalesce", .min = 1, .max = 64, .lazy = true, .handler = &fn_coalesce},
};

}  // namespace

void register_combining(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
