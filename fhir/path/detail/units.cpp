#include "fhir/path/detail/units.h"

#include <array>

#include "fhir/path/detail/temporal.h"
#include "fhir/path/detail/ucum.h"

namespace concord::path::detail {

namespace {

/// Milliseconds of the units whose length is fixed; months for the calendar ones.
struct Span {
  bool months;
  std::int64_t length;
};
std::optional<Span> span_of(std::string_view unit, bool calendar, bool loosely) {
  if (const auto known = time_unit(unit, calendar)) {
    switch (*known) {
      case TimeUnit::year:
        return Span{true, 12};
      case TimeUnit::month:
        return Span{true, 1};
      case TimeUnit::week:
        return Span{false, 604'800'000};
      case TimeUnit::day:
        return Span{false, 86'400'000};
      case TimeUnit::hour:
        return Span{false, 3'600'000};
      case TimeUnit::minute:
        return Span{false, 60'000};
      case TimeUnit::second:
        return Span{false, 1000};
      case TimeUnit::millisecond:
        return Span{false, 1};
    }
  }
  if (loosely && unit == "a") return Span{true, 12};
  if (loosely && unit == "mo") return Span{true, 1};
  return std::nullopt;
}

}  // namespace

std::optional<Decimal> convert(const Decimal& value, std::string_view from, bool from_calendar,
                               std::string_view to, bool to_calendar, bool loosely) {
  if (from == to && from_calendar == to_calendar) return value;
  const auto a = span_of(from, from_calendar, loosely);
  const auto b = span_of(to, to_calendar, loosely);
  if (a && b) {
    if (a->months != b->months) return std::nullopt;
    const auto product = Decimal::multiply(value, Decimal(a->length));
    return product ? Decimal::divide(*product, Decimal(b->length)) : std::nullopt;
  }
  if (from_calendar || to_calendar) return std::nullopt;
  const auto x = parse_ucum(from);
  const auto y = parse_ucum(to);
  return x && y ? convert(value, *x, *y) : std::nullopt;
}

bool is_linear(std::string_view unit, bool calendar) {
  if (calendar) return true;
  const auto parsed = parse_ucum(unit);
  return !parsed || parsed->scale == Scale::linear;
}

std::optional<std::pair<Decimal, Decimal>> both_linear(const Decimal& a, std::string_view a_unit,
                                                       const Decimal& b, std::string_view b_unit) {
  if (a_unit == b_unit) return std::nullopt;
  const auto x = parse_ucum(a_unit);
  const auto y = parse_ucum(b_unit);
  if (!x || !y || (x->scale == Scale::linear && y->scale == Scale::linear)) return std::nullopt;
  if (!x->measures_the_same(*y)) return std::nullopt;
  const auto left = in_base_units(a, *x);
  const auto right = in_base_units(b, *y);
  if (!left || !right) return std::nullopt;
  return std::pair(*left, *right);
}

bool comparable(std::string_view a, bool a_calendar, std::string_view b, bool b_calendar) {
  if (a == b && a_calendar == b_calendar) return true;
  if (!a_calendar && !b_calendar) {
    const auto x = parse_ucum(a);
    const auto y = parse_ucum(b);
    if (x && y && x->measures_the_same(*y)) return true;
  }
  return convert(Decimal(1), a, a_calendar, b, b_calendar, true).has_value();
}

std::optional<std::string> multiply_units(std::string_view a, std::string_view b) {
  if (a == "1") return std::string(b);
  if (b == "1") return std::string(a);
  const bool compound = b.find('/') != std::string_view::npos;
  return std::string(a) + "." + (compound ? "(" + std::string(b) + ")" : std::string(b));
}

std::optional<std::string> divide_units(std::string_view a, std::string_view b) {
  if (b == "1") return std::string(a);
  if (a == b) return "1";
  const bool compound = b.find_first_of("./") != std::string_view::npos;
  std::string unit = a == "1" ? std::string() : std::string(a);
  unit += '/';
  unit += compound ? "(" + std::string(b) + ")" : std::string(b);
  return unit;
}

}  // namespace concord::path::detail
