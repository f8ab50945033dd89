#include "mappers/eps/functions/numbers.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "mappers/eps/functions/registry.h"
#include "mappers/eps/published_error.h"

namespace concord::eps {
namespace {

constexpr std::size_t kMostDigits = 18;

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// fhirDecimal() : String
Result<path::Collection> fn_decimal(path::EvalContext& context, const path::Collection& input,
                                    path::Args) {
  return functions::for_each_text(context, input, fhir_decimal);
}

/// countFrom(base) : Integer
Result<path::Collection> fn_count(path::EvalContext& context, const path::Collection& input,
                                  path::Args args) {
  CONCORD_ASSIGN(const auto base, context.one_integer(args[0], "argument of countFrom()"));
  path::Collection made;
  for (const path::Value& item : input) {
    const auto text = context.text_of(item);
    if (!text || !base) continue;
    const auto count = count_from(*text, *base);
    if (!count) return functions::at(count.error(), item);
    if (!made.add(context, path::Value::of(*count))) return context.failure();
  }
  return made;
}

constexpr path::FunctionRow kRows[] = {
    {.name = "fhirDecimal",
     .handler = &fn_decimal,
     .returns = path::Returns::strings,
     .pure = true,
     .documentation = "a decimal as FHIR writes it, digits kept"},
    {.name = "countFrom",
     .min = 1,
     .max = 1,
     .handler = &fn_count,
     .returns = path::Returns::unknown,
     .pure = true,
     .documentation = "a whole number less the argument; refused when below it"},
};

}  // namespace

Result<std::string> fhir_decimal(std::string_view v3_number) {
  std::string_view left = v3_number;
  const bool negative = left.starts_with('-');
  if (negative || left.starts_with('+')) left.remove_prefix(1);
  const std::size_t point = std::min(left.find('.'), left.size());
  std::string_view whole = left.substr(0, point);
  const std::string_view part = point < left.size() ? left.substr(point + 1) : std::string_view{};
  if (!all_digits(whole) || !all_digits(part) || whole.size() + part.size() == 0 ||
      whole.size() + part.size() > kMostDigits || (point < left.size() && part.empty())) {
    return invalid_value("is not a decimal number");
  }
  while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
  std::string text = negative ? "-" : "";
  text += whole.empty() ? std::string_view("0") : whole;
  if (!part.empty()) {
    text += '.';
    text += part;
  }
  return text;
}

Result<std::int64_t> count_from(std::string_view v3_number, std::int64_t base) {
  std::int64_t value = 0;
  const char* end = v3_number.data() + v3_number.size();
  const auto read = std::from_chars(v3_number.data(), end, value);
  if (v3_number.empty() || !all_digits(v3_number) || read.ec != std::errc{} || read.ptr != end ||
      value > std::numeric_limits<std::int32_t>::max()) {
    return invalid_value("is not a whole number");
  }
  if (value < base) return invalid_value("is less than it can be");
  return value - base;
}

void register_numbers(functions::Table& table) { table.add(kRows); }

}  // namespace concord::eps
