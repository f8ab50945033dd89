// FHIRPath chapter 5.7, Math: http://hl7.org/fhirpath/N1/#math
#include <cmath>

#include "fhir/core/decimal.h"
#include "fhir/path/context.h"
#include "fhir/path/detail/operators.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

Result<std::optional<Decimal>> one_number(EvalContext& context, const Collection& items,
                                          std::string_view what) {
  CONCORD_ASSIGN(const auto value, context.one_system(items, what));
  if (!value) return std::optional<Decimal>();
  const auto number = detail::number_of(*value);
  if (!number) return make_error(ErrorCode::invalid, std::string(what) + " must be a number");
  return number;
}

Collection of(EvalContext& context, const std::optional<Decimal>& number) {
  return number ? Collection::of(context.decimal(*number)) : Collection();
}

Collection of_double(EvalContext& context, double number) {
  return of(context, std::isfinite(number) ? Decimal::from_double(number) : std::nullopt);
}

Collection of_whole(const Decimal& number) {
  const auto whole = number.to_int64();
  return whole && *whole >= INT32_MIN && *whole <= INT32_MAX ? Collection::of(Value::of(*whole))
                                                             : Collection();
}

Result<Collection> fn_abs(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto value, context.one_system(input, "the input of abs()"));
  if (!value) return Collection();
  if (value->tag() == Tag::quantity) {
    const Quantity& quantity = value->quantity();
    return Collection::of(
        context.quantity(quantity.value->absolute(), quantity.unit, quantity.calendar));
  }
  if (value->tag() == Tag::integer) return of_whole(Decimal(value->integer()).absolute());
  if (value->tag() == Tag::long_integer) {
    if (value->integer() == INT64_MIN) return Collection();
    return Collection::of(Value::of_long(std::abs(value->integer())));
  }
  if (value->tag() != Tag::decimal) {
    return make_error(ErrorCode::invalid, "the input of abs() must be a number or quantity");
  }
  return of(context, value->decimal().absolute());
}

template <Decimal (Decimal::*kRound)() const noexcept>
Result<Collection> fn_whole(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto number, one_number(context, input, "the input"));
  return number ? of_whole(((*number).*kRound)()) : Collection();
}

template <double (*kFunction)(double)>
Result<Collection> fn_real(EvalContext& context, const Collection& input, Args) {
  CONCORD_ASSIGN(const auto number, one_number(context, input, "the input"));
  return number ? of_double(context, kFunction(number->to_double())) : Collection();
}

double exponential(double value) { return std::exp(value); }
double natural_logarithm(double value) { return std::log(value); }
double square_root(double value) { return std::sqrt(value); }

Result<Collection> fn_log(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto number, one_number(context, input, "the input of log()"));
  CONCORD_ASSIGN(const auto base, one_number(context, args[0], "the base of log()"));
  if (!number || !base) return Collection();
  const double x = number->to_double();
  const double b = base->to_double();
  if (b == 2.0) return of_double(context, std::log2(x));
  if (b == 10.0) return of_double(context, std::log10(x));
  return of_double(context, std::log(x) / std::log(b));
}

/// power(exponent): exact for whole exponents, by floating point for others.
Result<Collection> fn_power(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto base, one_number(context, input, "the input of power()"));
  CONCORD_ASSIGN(const auto exponent, one_number(context, args[0], "the exponent of power()"));
  if (!base || !exponent) return Collection();
  const auto whole = exponent->to_int64();
  if (!whole || *whole < 0 || *whole > 1000) {
    return of_double(context, std::pow(base->to_double(), exponent->to_double()));
  }
  std::optional<Decimal> result = Decimal(1);
  for (std::int64_t i = 0; i < *whole && result; ++i) result = Decimal::multiply(*result, *base);
  if (!result) return Collection();
  return base->scale() == 0 && result->is_integer() && of_whole(*result).size() == 1
             ? of_whole(*result)
             : of(context, result);
}

Result<Collection> fn_round(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto number, one_number(context, input, "the input of round()"));
  std::int64_t places = 0;
  if (!args.empty()) {
    CONCORD_ASSIGN(const auto given, context.one_integer(args[0], "the precision of round()"));
    if (!given) return Collection();
    places = *given;
  }
  if (!number) return Collection();
  if (places < 0)
    return make_error(ErrorCode::invalid, "the precision of round() must be 0 or more");
  return of(context, number->rounded(static_cast<int>(std::min<std::int64_t>(places, 100))));
}

constexpr FunctionRow row(std::string_view name, Handler handler, Returns returns,
                          std::uint8_t min = 0, std::uint8_t max = 0) {
  return {.name = name,
          .min = min,
          .max = max,
          .handler = handler,
          .returns = returns,
          .accepts = Accepts::number,
          .argument = Accepts::number,
          .pure = true};
}

constexpr FunctionRow kRows[] = {
    row("abs", &fn_abs, Returns::input_item),
    row("ceiling", &fn_whole<&Decimal::ceiling>, Returns::integer),
    row("floor", &fn_whole<&Decimal::floor>, Returns::integer),
    row("truncate", &fn_whole<&Decimal::truncated>, Returns::integer),
    row("exp", &fn_real<&exponential>, Returns::decimal),
    row("ln", &fn_real<&natural_logarithm>, Returns::decimal),
    row("sqrt", &fn_real<&square_root>, Returns::decimal),
    row("log", &fn_log, Returns::decimal, 1, 1),
    row("power", &fn_power, Returns::unknown, 1, 1),
    row("round", &fn_round, Returns::decimal, 0, 1),
};

}  // namespace

void register_math(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
