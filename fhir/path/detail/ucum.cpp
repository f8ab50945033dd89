#include "fhir/path/detail/ucum.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace concord::path::detail {

namespace {

/// Places of the atoms in the order of their codes.
constexpr auto kByCode = [] {
  std::array<std::uint16_t, std::size(kAtoms)> places{};
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<std::uint16_t>(i);
  std::sort(places.begin(), places.end(),
            [](std::uint16_t a, std::uint16_t b) { return kAtoms[a].code < kAtoms[b].code; });
  return places;
}();

const Atom* find_atom(std::string_view code) {
  const auto* found = std::lower_bound(
      kByCode.begin(), kByCode.end(), code,
      [](std::uint16_t place, std::string_view wanted) { return kAtoms[place].code < wanted; });
  return found == kByCode.end() || kAtoms[*found].code != code ? nullptr : &kAtoms[*found];
}

constexpr int kMaxPower = 20;

/// `into` times `by`^power; false when that leaves the range of numbers or mixes arbitrary units. A
/// unit with a scale of its own has no product: inside one it is known as itself only.
bool multiply(Unit& into, const Unit& by, int power) {
  if (power < -kMaxPower || power > kMaxPower) return false;
  if (by.scale != Scale::linear) {
    if (power == 1 && into.is_one()) {
      into = by;
      return true;
    }
    Unit itself;
    itself.arbitrary = by.arbitrary;
    itself.arbitrary_power = 1;
    return multiply(into, itself, power);
  }
  if (into.scale != Scale::linear) {
    const Unit first = std::exchange(into, Unit{});
    into.arbitrary = first.arbitrary;
    into.arbitrary_power = 1;
  }
  for (int i = 0; i < (power < 0 ? -power : power); ++i) {
    const auto factor = power < 0 ? Decimal::divide(into.factor, by.factor, Decimal::kMaxDigits)
                                  : Decimal::multiply(into.factor, by.factor);
    if (!factor) return false;
    into.factor = *factor;
  }
  for (std::size_t i = 0; i < into.dimension.size(); ++i) {
    into.dimension[i] = static_cast<std::int16_t>(into.dimension[i] + by.dimension[i] * power);
    if (into.dimension[i] > 1000 || into.dimension[i] < -1000) return false;
  }
  if (by.arbitrary_power != 0) {
    if (into.arbitrary_power != 0 && into.arbitrary != by.arbitrary) return false;
    into.arbitrary = by.arbitrary;
    into.arbitrary_power =
        static_cast<std::int16_t>(into.arbitrary_power + by.arbitrary_power * power);
  }
  return true;
}

class UnitParser {
 public:
  UnitParser(std::string_view code, int depth) : rest_(code), depth_(depth) {}

  std::optional<Unit> run() {
    auto unit = term();
    return unit && rest_.empty() ? unit : std::nullopt;
  }

 private:
  /// component { "." | "/" component }, from left to right
  std::optional<Unit> term() {
    Unit unit;
    int sign = 1;
    if (rest_.starts_with('/')) {
      sign = -1;
      rest_.remove_prefix(1);
    }
    for (;;) {
      const auto part = component();
      if (!part || !multiply(unit, *part, sign)) return std::nullopt;
      if (!rest_.starts_with('.') && !rest_.starts_with('/')) return unit;
      sign = rest_.front() == '/' ? -1 : 1;
      rest_.remove_prefix(1);
    }
  }

  std::optional<Unit> component() {
    if (rest_.starts_with('(')) {
      if (++depth_ > 16) return std::nullopt;
      rest_.remove_prefix(1);
      auto inner = term();
      if (!inner || !rest_.starts_with(')')) return std::nullopt;
      rest_.remove_prefix(1);
      --depth_;
      return annotation() ? inner : std::nullopt;
    }
    Unit unit;
    if (!annotation()) return std::nullopt;
    if (annotated_) return unit;  // "{tablet}" counts things
    if (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' &&
        !rest_.starts_with("10*") && !rest_.starts_with("10^")) {
      const std::size_t end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
      const auto number = Decimal::parse(rest_.substr(0, end));
      if (!number || number->is_zero()) return std::nullopt;
      rest_.remove_prefix(end);
      unit.factor = *number;
      return annotation() ? std::optional(unit) : std::nullopt;
    }
    const auto atom = simple_unit();
    if (!atom || !multiply(unit, *atom, exponent()) || !annotation()) return std::nullopt;
    return unit;
  }

  /// Skips "{…}"; false when it has no end.
  bool annotation() {
    annotated_ = rest_.starts_with('{');
    if (!annotated_) return true;
    const std::size_t close = rest_.find('}');
    if (close == std::string_view::npos) return false;
    rest_.remove_prefix(close + 1);
    return true;
  }

  int exponent() {
    int sign = 1;
    std::size_t at = 0;
    if (rest_.starts_with('-') || rest_.starts_with('+')) {
      sign = rest_.front() == '-' ? -1 : 1;
      at = 1;
    }
    int value = 0;
    const std::size_t start = at;
    while (at < rest_.size() && rest_[at] >= '0' && rest_[at] <= '9' && at < start + 3) {
      value = value * 10 + (rest_[at] - '0');
      ++at;
    }
    if (at == start) return 1;
    rest_.remove_prefix(at);
    return sign * value;
  }

  std::optional<Unit> simple_unit() {
    // The longest run that can be a unit: up to an operator, an exponent or an annotation outside
    // of brackets.
    std::size_t end = 0;
    bool bracket = false;
    if (rest_.starts_with("10*") || rest_.starts_with("10^")) {
      end = 3;
    } else {
      while (end < rest_.size()) {
        const char c = rest_[end];
        if (c == '[') bracket = true;
        if (c == ']') bracket = false;
        if (!bracket && (c == '.' || c == '/' || c == '(' || c == ')' || c == '{' || c == '+' ||
                         c == '-' || (c >= '0' && c <= '9'))) {
          break;
        }
        ++end;
      }
    }
    const std::string_view code = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (const Atom* atom = find_atom(code)) return value_of(*atom);
    for (const Prefix& prefix : kPrefixes) {
      if (!code.starts_with(prefix.code)) continue;
      const Atom* atom = find_atom(code.substr(prefix.code.size()));
      if (atom == nullptr || !atom->metric) continue;
      auto unit = value_of(*atom);
      if (!unit) return std::nullopt;
      Decimal& target = unit->scale == Scale::linear ? unit->factor : unit->prefix;
      const auto factor = Decimal::multiply(target, *Decimal::parse(prefix.factor));
      if (!factor) return std::nullopt;
      target = *factor;
      return unit;
    }
    return std::nullopt;
  }

  std::optional<Unit> value_of(const Atom& atom) const {
    Unit unit;
    const auto place = static_cast<std::size_t>(&atom - kAtoms);
    if (place < unit.dimension.size()) {
      unit.dimension[place] = 1;
      return unit;
    }
    if (atom.scale == Scale::arbitrary) {
      unit.arbitrary = atom.code == "[IU]" ? std::string_view("[iU]") : atom.code;
      unit.arbitrary_power = 1;
      return unit;
    }
    unit.factor = *Decimal::parse(atom.number);
    if (atom.unit.empty()) return scaled(unit, atom);
    if (depth_ > 32) return std::nullopt;
    const auto inner = UnitParser(atom.unit, depth_ + 1).run();
    if (!inner || !multiply(unit, *inner, 1)) return std::nullopt;
    return scaled(unit, atom);
  }

  static Unit scaled(Unit unit, const Atom& atom) {
    unit.scale = atom.scale;
    if (atom.scale != Scale::linear) unit.arbitrary = atom.code;
    return unit;
  }

  std::string_view rest_;
  int depth_;
  bool annotated_ = false;
};

/// Functions of floating point, told with as many digits as hold.
std::optional<Decimal> of_double(double value) {
  const auto exact = std::isfinite(value) ? Decimal::from_double(value) : std::nullopt;
  if (!exact || exact->is_zero()) return exact;
  const int lead = static_cast<int>(std::floor(std::log10(std::fabs(value))));
  return exact->rounded(std::clamp(13 - lead, 0, 300)).normalised();
}

const Decimal& kelvin_of_ice() {
  static const Decimal kIce = *Decimal::parse("273.15");
  return kIce;
}
const Decimal& fahrenheit_of_zero() {
  static const Decimal kZero = *Decimal::parse("459.67");
  return kZero;
}

double homeopathic_base(Scale scale) {
  switch (scale) {
    case Scale::homeopathic_c:
      return 100;
    case Scale::homeopathic_m:
      return 1000;
    case Scale::homeopathic_q:
      return 50'000;
    default:
      return 10;
  }
}

/// A value of the scale as one of the plain unit below it.
std::optional<Decimal> to_plain(Scale scale, const Decimal& value) {
  const double x = value.to_double();
  switch (scale) {
    case Scale::celsius:
      return Decimal::add(value, kelvin_of_ice());
    case Scale::fahrenheit: {
      const auto rankine = Decimal::add(value, fahrenheit_of_zero());
      const auto five = rankine ? Decimal::multiply(*rankine, Decimal(5)) : std::nullopt;
      return five ? Decimal::divide(*five, Decimal(9)) : std::nullopt;
    }
    case Scale::reaumur: {
      const auto celsius = Decimal::multiply(value, *Decimal::parse("1.25"));
      return celsius ? Decimal::add(*celsius, kelvin_of_ice()) : std::nullopt;
    }
    case Scale::ln:
      return of_double(std::exp(x));
    case Scale::lg:
      return of_double(std::pow(10, x));
    case Scale::lg_times_2:
      return of_double(std::pow(10, x / 2));
    case Scale::ld:
      return of_double(std::exp2(x));
    case Scale::square_root:
      return Decimal::multiply(value, value);
    case Scale::tan_times_100:
      return of_double(std::atan(x / 100));
    case Scale::linear:
    case Scale::arbitrary:
      return value;
    default:
      return of_double(std::pow(homeopathic_base(scale), -x));
  }
}

/// The other way; nothing where a logarithm has none.
std::optional<Decimal> from_plain(Scale scale, const Decimal& value) {
  const double x = value.to_double();
  switch (scale) {
    case Scale::celsius:
      return Decimal::subtract(value, kelvin_of_ice());
    case Scale::fahrenheit: {
      const auto nine = Decimal::multiply(value, Decimal(9));
      const auto rankine = nine ? Decimal::divide(*nine, Decimal(5)) : std::nullopt;
      return rankine ? Decimal::subtract(*rankine, fahrenheit_of_zero()) : std::nullopt;
    }
    case Scale::reaumur: {
      const auto celsius = Decimal::subtract(value, kelvin_of_ice());
      return celsius ? Decimal::multiply(*celsius, *Decimal::parse("0.8")) : std::nullopt;
    }
    case Scale::ln:
      return of_double(std::log(x));
    case Scale::lg:
      return of_double(std::log10(x));
    case Scale::lg_times_2:
      return of_double(2 * std::log10(x));
    case Scale::ld:
      return of_double(std::log2(x));
    case Scale::square_root:
      return of_double(std::sqrt(x));
    case Scale::tan_times_100:
      return of_double(100 * std::tan(x));
    case Scale::linear:
    case Scale::arbitrary:
      return value;
    default:
      return of_double(-std::log(x) / std::log(homeopathic_base(scale)));
  }
}

}  // namespace

std::optional<Decimal> convert(const Decimal& value, const Unit& from, const Unit& to) {
  if (!from.measures_the_same(to)) return std::nullopt;
  std::optional<Decimal> plain = value;
  if (from.scale != Scale::linear) {
    plain = Decimal::multiply(value, from.prefix);
    if (plain) plain = to_plain(from.scale, *plain);
  }
  if (plain) plain = Decimal::multiply(*plain, from.factor);
  if (plain) plain = Decimal::divide(*plain, to.factor);
  if (!plain || to.scale == Scale::linear) return plain;
  plain = from_plain(to.scale, *plain);
  return plain ? Decimal::divide(*plain, to.prefix) : std::nullopt;
}

std::optional<Decimal> in_base_units(const Decimal& value, const Unit& unit) {
  Unit base = unit;
  base.factor = Decimal(1);
  base.scale = Scale::linear;
  return convert(value, unit, base);
}

std::optional<Unit> parse_ucum(std::string_view code) {
  if (code.empty() || code.size() > 128) return std::nullopt;
  return UnitParser(code, 0).run();
}

}  // namespace concord::path::detail
