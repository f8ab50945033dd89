// FHIRPath chapter 5.5, Conversion: http://hl7.org/fhirpath/N1/#conversion
#include <algorithm>
#include <charconv>
#include <string>

#include "fhir/core/decimal.h"
#include "fhir/path/context.h"
#include "fhir/path/detail/operators.h"
#include "fhir/path/detail/parser.h"
#include "fhir/path/detail/temporal.h"
#include "fhir/path/functions/registry.h"

namespace concord::path {

namespace {

using Conversion = std::optional<Value> (*)(EvalContext& context, const Value& value);

std::optional<Value> to_boolean(EvalContext&, const Value& value) {
  if (value.tag() == Tag::boolean) return value;
  if (const auto number = detail::number_of(value)) {
    if (*number == Decimal(1)) return Value::of(true);
    if (*number == Decimal(0)) return Value::of(false);
    return std::nullopt;
  }
  if (value.tag() != Tag::string) return std::nullopt;
  std::string text(value.text());
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const std::string_view yes : {"true", "t", "yes", "y", "1", "1.0"}) {
    if (text == yes) return Value::of(true);
  }
  for (const std::string_view no : {"false", "f", "no", "n", "0", "0.0"}) {
    if (text == no) return Value::of(false);
  }
  return std::nullopt;
}

/// Digits with a sign or none; nothing past 64 bits.
std::optional<std::int64_t> whole_number(const Value& value) {
  if (value.tag() == Tag::integer || value.tag() == Tag::long_integer) return value.integer();
  if (value.tag() == Tag::boolean) return value.boolean() ? 1 : 0;
  if (value.tag() != Tag::string) return std::nullopt;
  std::string_view text = value.text();
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || (text.front() == '-' && value.text().front() == '+')) return std::nullopt;
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  if (fault != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<Value> to_integer(EvalContext&, const Value& value) {
  const auto number = whole_number(value);
  if (!number || *number > INT32_MAX || *number < INT32_MIN) return std::nullopt;
  return Value::of(*number);
}

std::optional<Value> to_long(EvalContext&, const Value& value) {
  const auto number = whole_number(value);
  return number ? std::optional(Value::of_long(*number)) : std::nullopt;
}

std::optional<Value> to_decimal(EvalContext& context, const Value& value) {
  if (value.tag() == Tag::decimal) return value;
  if (value.tag() == Tag::integer || value.tag() == Tag::long_integer) {
    return context.decimal(Decimal(value.integer()));
  }
  if (value.tag() == Tag::boolean) return context.decimal(Decimal(value.boolean() ? 1 : 0));
  if (value.tag() != Tag::string || value.text().find_first_of("eE") != std::string_view::npos) {
    return std::nullopt;
  }
  const auto number = Decimal::parse(value.text());
  return number ? std::optional(context.decimal(*number)) : std::nullopt;
}

std::optional<Value> to_string(EvalContext& context, const Value& value) {
  const auto text = context.text_of(value);
  return text ? std::optional(Value::of(*text)) : std::nullopt;
}

std::optional<Value> to_date(EvalContext& context, const Value& value) {
  if (value.tag() == Tag::date) return value;
  if (value.tag() == Tag::date_time) {
    Moment moment = value.moment();
    if (moment.precision > Precision::day) {
      const auto cut = detail::boundary(Tag::date_time, moment, 8, false);
      if (!cut) return std::nullopt;
      moment = cut->moment;
    }
    moment.offset_minutes = Moment::kNoOffset;
    return Value::of(Tag::date, moment);
  }
  if (value.tag() != Tag::string) return std::nullopt;
  const auto moment = detail::parse_date_time(value.text());
  if (!moment) return std::nullopt;
  return to_date(context, Value::of(Tag::date_time, *moment));
}

std::optional<Value> to_date_time(EvalContext&, const Value& value) {
  if (value.tag() == Tag::date_time) return value;
  if (value.tag() == Tag::date) return Value::of(Tag::date_time, value.moment());
  if (value.tag() != Tag::string) return std::nullopt;
  const auto moment = detail::parse_date_time(value.text());
  return moment ? std::optional(Value::of(Tag::date_time, *moment)) : std::nullopt;
}

std::optional<Value> to_time(EvalContext&, const Value& value) {
  if (value.tag() == Tag::time) return value;
  if (value.tag() != Tag::string) return std::nullopt;
  const auto moment = detail::parse_time(value.text());
  return moment ? std::optional(Value::of(Tag::time, *moment)) : std::nullopt;
}

/// '4', "4 days", "4 'mg'"; a code without quotes is none.
std::optional<Value> to_quantity(EvalContext& context, const Value& value) {
  if (value.tag() == Tag::quantity) return value;
  if (value.tag() == Tag::boolean) {
    return context.quantity(Decimal(value.boolean() ? 1 : 0), "1", false);
  }
  if (const auto number = detail::number_of(value)) return context.quantity(*number, "1", false);
  if (value.tag() != Tag::string) return std::nullopt;
  const std::string_view text = value.text();
  const std::size_t blank = text.find_first_of(" '");
  const std::string_view digits = text.substr(0, blank);
  if (digits.find_first_of("eE") != std::string_view::npos) return std::nullopt;
  const auto number = Decimal::parse(digits);
  if (!number) return std::nullopt;
  if (blank == std::string_view::npos) return context.quantity(*number, "1", false);
  std::string_view unit = text.substr(blank);
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  if (unit.size() > 2 && unit.front() == '\'' && unit.back() == '\'') {
    return context.quantity(*number, unit.substr(1, unit.size() - 2), false);
  }
  const std::string_view word = detail::calendar_unit(unit);
  if (word.empty()) return std::nullopt;
  return context.quantity(*number, word, true);
}

template <Conversion kConvert>
Result<Collection> fn_to(EvalContext& context, const Collection& input, Args args) {
  CONCORD_ASSIGN(const auto value, context.one_system(input, "the input of a conversion"));
  if (!value) return Collection();
  auto converted = kConvert(context, *value);
  // toQuantity([unit])
  if (converted && !args.empty()) {
    CONCORD_ASSIGN(const auto unit, context.one_string(args[0], "the unit of toQuantity()"));
    if (unit && converted->quantity().unit != *unit &&
        converted->quantity().unit != detail::calendar_unit(*unit)) {
      return Collection();
    }
  }
  return converted ? Collection::of(*converted) : Collection();
}

template <Conversion kConvert>
Result<Collection> fn_converts(EvalContext& context, const Collection& input, Args args) {
  if (input.empty()) return Collection();
  CONCORD_ASSIGN(const Collection converted, fn_to<kConvert>(context, input, args));
  return Collection::of(!converted.empty());
}

/// iif(criteria, when true, [otherwise]): only the branch taken is evaluated.
Result<Collection> fn_iif(EvalContext& context, const Collection& input, Args args) {
  if (input.size() > 1) return make_error(ErrorCode::invalid, "iif() on several items");
  CONCORD_ASSIGN(const Collection criteria, context.call(args.lambda(0), input));
  CONCORD_ASSIGN(const auto value, context.one_system(criteria, "the criteria of iif()"));
  const bool met =
      !criteria.empty() && (!value || value->tag() != Tag::boolean || value->boolean());
  if (met) return context.call(args.lambda(1), input);
  return args.size() > 2 ? context.call(args.lambda(2), input) : Collection();
}

constexpr FunctionRow row(std::string_view name, Handler handler, Returns returns,
                          std::uint8_t max = 0) {
  return {.name = name, .max = max, .handler = handler, .returns = returns, .pure = true};
}

constexpr FunctionRow kRows[] = {
    row("toBoolean", &fn_to<&to_boolean>, Returns::boolean),
    row("toInteger", &fn_to<&to_integer>, Returns::integer),
    row("toLong", &fn_to<&to_long>, Returns::long_integer),
    row("toDecimal", &fn_to<&to_decimal>, Returns::decimal),
    row("toString", &fn_to<&to_string>, Returns::string),
    row("toDate", &fn_to<&to_date>, Returns::date),
    row("toDateTime", &fn_to<&to_date_time>, Returns::date_time),
    row("toTime", &fn_to<&to_time>, Returns::time),
    row("toQuantity", &fn_to<&to_quantity>, Returns::quantity, 1),
    row("convertsToBoolean", &fn_converts<&to_boolean>, Returns::boolean),
    row("convertsToInteger", &fn_converts<&to_integer>, Returns::boolean),
    row("convertsToLong", &fn_converts<&to_long>, Returns::boolean),
    row("convertsToDecimal", &fn_converts<&to_decimal>, Returns::boolean),
    row("convertsToString", &fn_converts<&to_string>, Returns::boolean),
    row("convertsToDate", &fn_converts<&to_date>, Returns::boolean),
    row("convertsToDateTime", &fn_converts<&to_date_time>, Returns::boolean),
    row("convertsToTime", &fn_converts<&to_time>, Returns::boolean),
    row("convertsToQuantity", &fn_converts<&to_quantity>, Returns::boolean, 1),
    {.name = "iif",
     .min = 2,
     .max = 3,
     .lazy = true,
     .handler = &fn_iif,
     .returns = Returns::either,
     .takes_criteria = true,
     .intrinsic = Intrinsic::iif},
};

}  // namespace

void register_conversion(FunctionTable& table) { table.add(kRows); }

}  // namespace concord::path
