#include "fhir/path/detail/ucum.h"

#include <algorithm>

namespace concord::path::detail {

namespace {

struct Atom {
  std::string_view code;
  bool metric;              ///< takes prefixes
  std::string_view number;  ///< factor of `unit`; empty: cannot be told in other units
  std::string_view unit;    ///< in terms of atoms above; empty: a plain number
};

// Base units first (their place is their dimension), then each in terms of those before it.
constexpr std::array kAtoms{
    Atom{"m", true, "1", ""},
    Atom{"s", true, "1", ""},
    Atom{"g", true, "1", ""},
    Atom{"rad", true, "1", ""},
    Atom{"K", true, "1", ""},
    Atom{"C", true, "1", ""},
    Atom{"cd", true, "1", ""},
    // numbers
    Atom{"10*", false, "10", ""},
    Atom{"10^", false, "10", ""},
    Atom{"[pi]", false, "3.141592653589793238462643383279503", ""},
    Atom{"%", false, "0.01", ""},
    Atom{"[ppth]", false, "0.001", ""},
    Atom{"[ppm]", false, "0.000001", ""},
    Atom{"[ppb]", false, "0.000000001", ""},
    Atom{"mol", true, "602213670000000000000000", ""},
    Atom{"eq", true, "1", "mol"},
    Atom{"osm", true, "1", "mol"},
    // SI
    Atom{"sr", true, "1", "rad2"},
    Atom{"Hz", true, "1", "s-1"},
    Atom{"N", true, "1000", "g.m/s2"},
    Atom{"Pa", true, "1", "N/m2"},
    Atom{"J", true, "1", "N.m"},
    Atom{"W", true, "1", "J/s"},
    Atom{"A", true, "1", "C/s"},
    Atom{"V", true, "1", "J/C"},
    Atom{"F", true, "1", "C/V"},
    Atom{"Ohm", true, "1", "V/A"},
    Atom{"S", true, "1", "A/V"},
    Atom{"Wb", true, "1", "V.s"},
    Atom{"T", true, "1", "Wb/m2"},
    Atom{"H", true, "1", "Wb/A"},
    Atom{"lm", true, "1", "cd.sr"},
    Atom{"lx", true, "1", "lm/m2"},
    Atom{"Bq", true, "1", "s-1"},
    Atom{"Gy", true, "1", "J/kg"},
    Atom{"Sv", true, "1", "J/kg"},
    Atom{"kat", true, "1", "mol/s"},
    // beside SI
    Atom{"l", true, "1", "dm3"},
    Atom{"L", true, "1", "l"},
    Atom{"ar", true, "100", "m2"},
    Atom{"min", false, "60", "s"},
    Atom{"h", false, "60", "min"},
    Atom{"d", false, "24", "h"},
    Atom{"wk", false, "7", "d"},
    Atom{"a_j", false, "365.25", "d"},
    Atom{"a", false, "1", "a_j"},
    Atom{"mo_j", false, "30.4375", "d"},
    Atom{"mo", false, "1", "mo_j"},
    Atom{"t", true, "1000", "kg"},
    Atom{"bar", true, "100000", "Pa"},
    Atom{"u", true, "0.0000000000000000000000016605402", "g"},
    Atom{"eV", true, "0.000000000000000000160217733", "J"},
    Atom{"deg", false, "0.01745329251994329576923690768488613", "rad"},
    Atom{"'", false, "0.0002908882086657215961539484614147688", "rad"},
    Atom{"''", false, "0.000004848136811095359935899141023579480", "rad"},
    Atom{"cal", true, "4.184", "J"},
    Atom{"[Cal]", false, "1", "kcal"},
    Atom{"m[Hg]", true, "133.322", "kPa"},
    Atom{"m[H2O]", true, "9.80665", "kPa"},
    Atom{"U", true, "1", "umol/min"},
    Atom{"Ci", true, "37000000000", "Bq"},
    Atom{"R", true, "0.000258", "C/kg"},
    Atom{"RAD", true, "100", "erg/g"},
    Atom{"erg", true, "0.0000001", "J"},
    Atom{"dyn", true, "0.00001", "N"},
    Atom{"P", true, "0.1", "Pa.s"},
    Atom{"St", true, "0.0001", "m2/s"},
    Atom{"bit", false, "1", ""},
    Atom{"By", true, "8", "bit"},
    Atom{"[drp]", false, "0.05", "ml"},
    Atom{"[MET]", false, "3.5", "mL/min/kg"},
    // customary
    Atom{"[in_i]", false, "2.54", "cm"},
    Atom{"[ft_i]", false, "12", "[in_i]"},
    Atom{"[yd_i]", false, "3", "[ft_i]"},
    Atom{"[mi_i]", false, "5280", "[ft_i]"},
    Atom{"[nmi_i]", false, "1852", "m"},
    Atom{"[gr]", false, "64.79891", "mg"},
    Atom{"[lb_av]", false, "7000", "[gr]"},
    Atom{"[oz_av]", false, "28.349523125", "g"},
    Atom{"[dr_av]", false, "1.7718451953125", "g"},
    Atom{"[stone_av]", false, "14", "[lb_av]"},
    Atom{"[gal_us]", false, "231", "[in_i]3"},
    Atom{"[qt_us]", false, "57.75", "[in_i]3"},
    Atom{"[pt_us]", false, "28.875", "[in_i]3"},
    Atom{"[cup_us]", false, "14.4375", "[in_i]3"},
    Atom{"[foz_us]", false, "1.8046875", "[in_i]3"},
    Atom{"[tbs_us]", false, "0.90234375", "[in_i]3"},
    Atom{"[tsp_us]", false, "0.30078125", "[in_i]3"},
    Atom{"[gal_br]", false, "4.54609", "l"},
    Atom{"[pt_br]", false, "0.56826125", "l"},
    Atom{"[foz_br]", false, "28.4130625", "ml"},
    Atom{"[cup_m]", false, "240", "ml"},
    Atom{"[tsp_m]", false, "5", "ml"},
    Atom{"[tbs_m]", false, "15", "ml"},
    Atom{"[foz_m]", false, "30", "ml"},
    // known as themselves only
    Atom{"Cel", true, "", ""},
    Atom{"[degF]", false, "", ""},
    Atom{"[pH]", false, "", ""},
    Atom{"[iU]", true, "", ""},
    Atom{"[IU]", true, "", ""},
    Atom{"[arb'U]", false, "", ""},
    Atom{"[USP'U]", false, "", ""},
    Atom{"[CFU]", false, "", ""},
    Atom{"[FFU]", false, "", ""},
    Atom{"[PFU]", false, "", ""},
    Atom{"[TCID_50]", false, "", ""},
    Atom{"[EU]", false, "", ""},
    Atom{"[GPL'U]", false, "", ""},
    Atom{"[MPL'U]", false, "", ""},
    Atom{"[Amb'a'1'U]", false, "", ""},
    Atom{"[dB]", false, "", ""},
    Atom{"B", true, "", ""},
};

struct Prefix {
  std::string_view code;
  int exponent;
};
constexpr std::array kPrefixes{
    Prefix{"da", 1},  Prefix{"Y", 24},  Prefix{"Z", 21},  Prefix{"E", 18},  Prefix{"P", 15},
    Prefix{"T", 12},  Prefix{"G", 9},   Prefix{"M", 6},   Prefix{"k", 3},   Prefix{"h", 2},
    Prefix{"d", -1},  Prefix{"c", -2},  Prefix{"m", -3},  Prefix{"u", -6},  Prefix{"n", -9},
    Prefix{"p", -12}, Prefix{"f", -15}, Prefix{"a", -18}, Prefix{"z", -21}, Prefix{"y", -24}};

const Atom* find_atom(std::string_view code) {
  const auto* found = std::find_if(kAtoms.begin(), kAtoms.end(),
                                   [&](const Atom& atom) { return atom.code == code; });
  return found == kAtoms.end() ? nullptr : &*found;
}

Decimal power_of_ten(int exponent) { return *Decimal::parse("1e" + std::to_string(exponent)); }

constexpr int kMaxPower = 20;

/// `into` times `by`^power; false when that leaves the range of numbers or mixes arbitrary units.
bool multiply(Unit& into, const Unit& by, int power) {
  if (power < -kMaxPower || power > kMaxPower) return false;
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
      return inner;
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
      return unit;
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
      const auto factor = Decimal::multiply(unit->factor, power_of_ten(prefix.exponent));
      if (!factor) return std::nullopt;
      unit->factor = *factor;
      return unit;
    }
    return std::nullopt;
  }

  std::optional<Unit> value_of(const Atom& atom) const {
    Unit unit;
    const auto place = static_cast<std::size_t>(&atom - kAtoms.data());
    if (place < unit.dimension.size()) {
      unit.dimension[place] = 1;
      return unit;
    }
    if (atom.number.empty()) {
      unit.arbitrary = atom.code == "[IU]" ? std::string_view("[iU]") : atom.code;
      unit.arbitrary_power = 1;
      return unit;
    }
    unit.factor = *Decimal::parse(atom.number);
    if (atom.unit.empty()) return unit;
    if (depth_ > 32) return std::nullopt;
    const auto inner = UnitParser(atom.unit, depth_ + 1).run();
    if (!inner || !multiply(unit, *inner, 1)) return std::nullopt;
    return unit;
  }

  std::string_view rest_;
  int depth_;
  bool annotated_ = false;
};

}  // namespace

std::optional<Unit> parse_ucum(std::string_view code) {
  if (code.empty() || code.size() > 128) return std::nullopt;
  return UnitParser(code, 0).run();
}

}  // namespace concord::path::detail
