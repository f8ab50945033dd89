// FHIRPath chapters 5.9 and 7, Utility functions and aggregates:
// http://hl7.org/fhirpath/N1/#utility-functions
#include "fhir/path/context.h"
#include "fhir/path/detail/temporal.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

/// trace(name, [projection]): hands the items to the host and gives them back unchanged.
Result<Collection> fn_trace(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const Collection label, context.call(args.lambda(0), input));
  CONCORD_ASSIGN(const auto name, context.one_string(label, "the name of trace()"));
  if (!context.hooks.trace) return input;
  Collection shown = input;
  if (args.size() > 1) {
    shown = Collection();
    std::size_t index = 0;
    for (const Value& item : input) {
      CONCORD_ASSIGN(const Collection part, context.call(args.lambda(1), item, index++));
      if (!shown.add_all(context, part)) return context.failure();
    }
  }
  context.hooks.trace(name.value_or(""), shown);
  return input;
}

Result<Collection> fn_now(EvalContext& context, const Collection&, Args) {
  return Collection::of(
      Value::of(Tag::date_time, detail::from_instant(context.now, context.now_offset_minutes)));
}

Result<Collection> fn_today(EvalContext& context, const Collection&, Args) {
  const Moment now = detail::from_instant(context.now, context.now_offset_minutes);
  Moment today = detail::boundary(Tag::date_time, now, 8, false)->moment;
  today.offset_minutes = Moment::kNoOffset;
  return Collection::of(Value::of(Tag::date, today));
}

Result<Collection> fn_time_of_day(EvalContext& context, const Collection&, Args) {
  constexpr std::int64_t kDay = 86'400'000'000;
  Moment now = detail::from_instant(context.now, context.now_offset_minutes);
  now.micros = (now.micros % kDay + kDay) % kDay;
  now.offset_minutes = Moment::kNoOffset;
  return Collection::of(Value::of(Tag::time, now));
}

/// aggregate(expression, [start]): $total is the start, then what the expression gave last.
Result<Collection> fn_aggregate(EvalContext& context, const Collection& input, Args args) {
  Collection total;
  if (args.size() > 1) {
    CONCORD_ASSIGN(total, context.call(args.lambda(1), input));
  }
  std::size_t index = 0;
  for (const Value& item : input) {
    context.set_total(total);
    CONCORD_ASSIGN(total, context.call(args.lambda(0), item, index++));
  }
  return total;
}

constexpr FunctionRow kRows[] = {
    {.name = "trace",
     .min = 1,
     .max = 2,
     .lazy = true,
     .handler = &fn_trace,
     .returns = Returns::input},
    {.name = "now", .handler = &fn_now, .returns = Returns::date_time},
    {.name = "today", .handler = &fn_today, .returns = Returns::date},
    {.name = "timeOfDay", .handler = &fn_time_of_day, .returns = Returns::time},
    {.name = "aggregate", .min = 1, .max = 2, .lazy = true, .handler = &fn_aggregate},
};

}  // namespace

void register_utility(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
