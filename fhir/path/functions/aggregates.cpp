// sum, min, max and avg: draft of FHIRPath 3.0, chapter 7; ordinal() and weight():
// http://hl7.org/fhir/uv/sdc/expressions.html#fhirpath-supplements.
#include <algorithm>
#include <array>
#include <string_view>

#include "fhir/core/decimal.h"
#include "fhir/path/context.h"
#include "fhir/path/detail/operators.h"
#include "fhir/path/detail/state.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

constexpr std::array<std::string_view, 3> kWeights{
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/questionnaire-ordinalValue"};

/// Adds the items one after the other; nothing when one has no value.
Result<std::optional<Value>> total_of(EvalContext& context, const Collection& input) {
  std::optional<Value> total;
  for (const Value& item : input) {
    const auto value = context.system_value(item);
    if (!value) return std::optional<Value>();
    if (!total) {
      total = value;
      continue;
    }
    const detail::Computed sum = detail::compute(context, detail::Code::add, *total, *value);
    if (!sum.meaningful || value->tag() == Tag::string) {
      return make_error(ErrorCode::invalid, "sum() and avg() take numbers or quantities");
    }
    if (!context.spend()) return context.failure();
    if (!sum.value) return std::optional<Value>();
    total = sum.value;
  }
  return total;
}

Result<Collection> fn_sum(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto total, total_of(context, input));
  return total ? Collection::of(*total) : Collection();
}

Result<Collection> fn_avg(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto total, total_of(context, input));
  if (!total) return Collection();
  const Value count = Value::of(static_cast<std::int64_t>(input.size()));
  const detail::Computed mean = detail::compute(context, detail::Code::divide, *total, count);
  if (!mean.meaningful) {
    return make_error(ErrorCode::invalid, "sum() and avg() take numbers or quantities");
  }
  return mean.value ? Collection::of(*mean.value) : Collection();
}

/// min() and max(): nothing when two of the items have no order.
template <detail::Comparison kBetter>
Result<Collection> fn_extreme(EvalContext& context, const Collection& input, Args) {
  std::optional<Value> best;
  for (const Value& item : input) {
    const auto value = context.system_value(item);
    if (!value) return Collection();
    if (!context.spend()) return context.failure();
    if (!best) {
      best = value;
      continue;
    }
    const detail::Comparison order = detail::compare_values(*value, *best);
    if (order == detail::Comparison::incomparable) {
      return make_error(ErrorCode::invalid, "min() and max() of items that have no order");
    }
    if (order == detail::Comparison::unknown) return Collection();
    if (order == kBetter) best = value;
  }
  return best ? Collection::of(*best) : Collection();
}

/// The weight an extension of a Coding, or of the element around it, gives.
Result<Collection> fn_weight(EvalContext& context, const Collection& input, Args) {
  const auto& names = context.state().names;
  Collection found;
  for (const Value& item : input) {
    if (!item.is_node()) continue;
    for (const tree::Node& child : item.node().children()) {
      if (!context.spend()) return context.failure();
      if (child.name() != names.extension) continue;
      const tree::Node* url = child.child(names.url);
      if (url == nullptr ||
          std::find(kWeights.begin(), kWeights.end(), url->text()) == kWeights.end()) {
        continue;
      }
      const tree::Node* value = child.last_child();
      if (value == nullptr || value == url || !value->has_value()) continue;
      if (context.reads != nullptr) context.reads->insert(*value);
      const auto number = Decimal::parse(value->text());
      if (number && !found.add(context, context.decimal(*number))) return context.failure();
      break;
    }
  }
  return found;
}

constexpr FunctionRow kRows[] = {
    {.name = "sum", .handler = &fn_sum, .returns = Returns::input_item, .pure = true},
    {.name = "avg", .handler = &fn_avg, .returns = Returns::unknown, .pure = true},
    {.name = "min",
     .handler = &fn_extreme<detail::Comparison::less>,
     .returns = Returns::input_item,
     .pure = true},
    {.name = "max",
     .handler = &fn_extreme<detail::Comparison::greater>,
     .returns = Returns::input_item,
     .pure = true},
    {.name = "weight", .handler = &fn_weight, .accepts = Accepts::node},
    {.name = "ordinal", .handler = &fn_weight, .accepts = Accepts::node},
};

}  // namespace

void register_aggregates(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
