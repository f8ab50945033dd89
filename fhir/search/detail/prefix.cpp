#include "fhir/search/detail/prefix.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "fhir/path/units.h"
#include "fhir/search/detail/moments.h"
#include "fhir/search/detail/query_reader.h"
#include "fhir/search/detail/systems.h"

namespace concord::search::detail {

namespace {

constexpr std::array<std::pair<std::string_view, Comparison>, 9> kPrefixes{{
    {"eq", Comparison::eq},
    {"ne", Comparison::ne},
    {"gt", Comparison::gt},
    {"lt", Comparison::lt},
    {"ge", Comparison::ge},
    {"le", Comparison::le},
    {"sa", Comparison::sa},
    {"eb", Comparison::eb},
    {"ap", Comparison::ap},
}};

/// Takes a prefix away; nothing when letters stand there that are none.
std::optional<Comparison> take_prefix(std::string_view& value, bool& given) {
  given = false;
  if (value.empty() || value.front() < 'a' || value.front() > 'z') return Comparison::eq;
  for (const auto& [name, comparison] : kPrefixes) {
    if (!value.starts_with(name)) continue;
    value.remove_prefix(name.size());
    given = true;
    return comparison;
  }
  return std::nullopt;
}

double below(double value) {
  return std::nextafter(value, -std::numeric_limits<double>::infinity());
}

/// Half of the last digit written.
std::optional<Decimal> half_digit(std::string_view text) {
  const std::size_t e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  int exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view written = text.substr(e + 1);
    if (written.starts_with('+')) written.remove_prefix(1);
    std::from_chars(written.data(), written.data() + written.size(), exponent);
  }
  const std::size_t point = mantissa.find('.');
  if (point != std::string_view::npos) exponent -= static_cast<int>(mantissa.size() - point - 1);
  const auto half = Decimal::parse("5e" + std::to_string(exponent - 1));
  return half ? std::optional<Decimal>(*half) : std::nullopt;
}

std::int64_t tenth_of_distance(std::int64_t from, std::int64_t to) {
  return (from > to ? from - to : to - from) / 10;
}

}  // namespace

Result<AskedDate> read_date(std::string_view name, std::string_view value, Instant now) {
  bool given = false;
  const auto comparison = take_prefix(value, given);
  if (!comparison) return bad(name, "its prefix is none of eq, ne, gt, lt, ge, le, sa, eb, ap");
  const auto span = read_span(value);
  if (!span) return bad(name, "it is no date or time");
  AskedDate asked{*comparison, span->low, span->high};
  if (*comparison == Comparison::ap) {
    const std::int64_t at = now.time_since_epoch().count();
    asked.low -= tenth_of_distance(at, span->low);
    asked.high += tenth_of_distance(at, span->high);
  }
  if (*comparison == Comparison::eq && span->moment) asked.comparison = Comparison::ap;
  return asked;
}

double AskedNumber::low() const { return from.to_double(); }
double AskedNumber::high() const { return open ? below(to.to_double()) : to.to_double(); }

std::optional<AskedBase> AskedNumber::in_base_units(std::string_view system,
                                                    std::string_view code) const {
  if (system != kUcum) return std::nullopt;
  const auto first = path::in_base_units(from, code), last = path::in_base_units(to, code);
  if (!first || !last) return std::nullopt;
  AskedBase base{first->value.to_double(), last->value.to_double(), first->unit};
  if (base.low > base.high) std::swap(base.low, base.high);
  if (open) base.high = below(base.high);
  return base;
}

Result<AskedNumber> read_number(std::string_view name, std::string_view value) {
  bool given = false;
  const auto comparison = take_prefix(value, given);
  if (!comparison) return bad(name, "its prefix is none of eq, ne, gt, lt, ge, le, sa, eb, ap");
  const auto number = Decimal::parse(value);
  if (!number) return bad(name, "it is no number");
  AskedNumber asked{*comparison, *number, *number, false};
  if (*comparison == Comparison::ap) {
    const auto tenth = Decimal::multiply(number->absolute(), *Decimal::parse("0.1"));
    const auto from = tenth ? Decimal::subtract(*number, *tenth) : std::nullopt,
               to = tenth ? Decimal::add(*number, *tenth) : std::nullopt;
    if (from && to) {
      asked.from = *from;
      asked.to = *to;
    }
  } else if (*comparison == Comparison::eq || *comparison == Comparison::ne) {
    const auto half = half_digit(value);
    const auto from = half ? Decimal::subtract(*number, *half) : std::nullopt,
               to = half ? Decimal::add(*number, *half) : std::nullopt;
    if (from && to) {
      asked.from = *from;
      asked.to = *to;
      asked.open = true;
    }
  }
  return asked;
}

}  // namespace concord::search::detail
