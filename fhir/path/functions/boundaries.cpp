// lowBoundary, highBoundary, precision and comparable: http://hl7.org/fhirpath/#boundary-functions
// (draft of FHIRPath 3.0, as the R4 suite uses it).
#include <string>

#include "fhir/core/decimal.h"
#include "fhir/path/context.h"
#include "fhir/path/detail/operators.h"
#include "fhir/path/detail/temporal.h"
#include "fhir/path/detail/units.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

constexpr int kMostPlaces = 31;

/// `value` with exactly that many digits behind the point.
std::optional<Decimal> with_places(const Decimal& value, int places) {
  if (value.scale() >= places) return value;
  std::string zero = "0.";
  zero.append(static_cast<std::size_t>(places), '0');
  const auto padding = Decimal::parse(zero);
  return padding ? Decimal::add(value, *padding) : std::nullopt;
}

/// The least or greatest number that is written like `value` when cut to its digits. Of a magnitude
/// the lower bound is cut off, the upper one rounded.
std::optional<Decimal> boundary_of(const Decimal& value, int places, bool high) {
  if (places < 0 || places > kMostPlaces) return std::nullopt;
  std::string half = "0.";
  half.append(static_cast<std::size_t>(value.scale()), '0');
  half += '5';
  const auto step = Decimal::parse(half);
  if (!step) return std::nullopt;
  const Decimal magnitude = value.absolute();
  const bool outward = high != value.is_negative();
  const auto bound = outward ? Decimal::add(magnitude, *step) : Decimal::subtract(magnitude, *step);
  if (!bound) return std::nullopt;
  std::optional<Decimal> cut = bound->rounded(places);
  if (!outward) {
    // Cut off: what rounding added is taken away again.
    if (*cut > *bound) {
      std::string unit =
          places == 0 ? "1" : "0." + std::string(static_cast<std::size_t>(places) - 1, '0') + "1";
      const auto last = Decimal::parse(unit);
      cut = last ? Decimal::subtract(*cut, *last) : std::nullopt;
    }
    if (cut && cut->is_negative() && !bound->is_negative()) cut = Decimal();
  }
  if (!cut) return std::nullopt;
  cut = with_places(*cut, places);
  if (!cut) return std::nullopt;
  return value.is_negative() ? cut->negated() : *cut;
}

template <bool kHigh>
Result<Collection> fn_boundary(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto value, context.one_system(input, "the input of a boundary function"));
  std::optional<int> digits;
  if (!args.empty()) {
    CONCORD_ASSIGN(const auto given, context.one_integer(args[0], "the precision"));
    if (given) digits = *given < -1 || *given > 1000 ? -1 : static_cast<int>(*given);
  }
  if (!value) return Collection();
  switch (value->tag()) {
    case Tag::integer:
    case Tag::long_integer:
    case Tag::decimal: {
      const auto bound = boundary_of(*detail::number_of(*value), digits.value_or(8), kHigh);
      return bound ? Collection::of(context.decimal(*bound)) : Collection();
    }
    case Tag::quantity: {
      const Quantity& quantity = value->quantity();
      const auto bound = boundary_of(*quantity.value, digits.value_or(8), kHigh);
      return bound ? Collection::of(context.quantity(*bound, quantity.unit, quantity.calendar))
                   : Collection();
    }
    case Tag::date:
    case Tag::date_time:
    case Tag::time: {
      const auto bound = detail::boundary(value->tag(), value->moment(), digits, kHigh);
      return bound ? Collection::of(Value::of(bound->tag, bound->moment)) : Collection();
    }
    default:
      break;
  }
  return make_error(ErrorCode::invalid,
                    "the input of a boundary function must be a number, quantity, date or time");
}

Result<Collection> fn_precision(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto value, context.one_system(input, "the input of precision()"));
  if (!value) return Collection();
  int digits = 0;
  switch (value->tag()) {
    case Tag::integer:
    case Tag::long_integer:
    case Tag::decimal:
      digits = detail::number_of(*value)->scale();
      break;
    case Tag::date:
    case Tag::date_time:
    case Tag::time:
      digits = detail::precision_digits(value->tag(), value->moment().precision);
      break;
    default:
      return make_error(ErrorCode::invalid,
                        "the input of precision() must be a number, date or time");
  }
  return Collection::of(Value::of(std::int64_t{digits}));
}

Result<Collection> fn_comparable(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto a, context.one_system(input, "the input of comparable()"));
  CONCORD_ASSIGN(const auto b, context.one_system(args[0], "the argument of comparable()"));
  if (!a || !b) return Collection();
  if (a->tag() != Tag::quantity || b->tag() != Tag::quantity) {
    return make_error(ErrorCode::invalid, "comparable() takes quantities");
  }
  return Collection::of(detail::comparable(a->quantity().unit, a->quantity().calendar,
                                           b->quantity().unit, b->quantity().calendar));
}

constexpr FunctionRow kRows[] = {
    {.name = "lowBoundary",
     .max = 1,
     .handler = &fn_boundary<false>,
     .returns = Returns::input_item,
     .accepts = Accepts::temporal,
     .pure = true},
    {.name = "highBoundary",
     .max = 1,
     .handler = &fn_boundary<true>,
     .returns = Returns::input_item,
     .accepts = Accepts::temporal,
     .pure = true},
    {.name = "precision",
     .handler = &fn_precision,
     .returns = Returns::integer,
     .accepts = Accepts::temporal,
     .pure = true},
    {.name = "comparable",
     .min = 1,
     .max = 1,
     .handler = &fn_comparable,
     .returns = Returns::boolean,
     .pure = true},
};

}  // namespace

void register_boundaries(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
