#pragma once
/// UCUM codes as factors of base units. Pure functions.
/// Source: ucum.org, The Unified Code for Units of Measure, version 2.1: all its units
/// (ucum_table.h) and its grammar. Units of assays ("[iU]") convert to nothing but themselves;
/// those with an offset or a logarithm (Cel, [degF], [pH], dB) convert while they stand alone, as
/// UCUM gives them no products.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "fhir/core/decimal.h"
#include "fhir/path/detail/ucum_table.h"

namespace concord::path::detail {

/// `factor` times metre^d0 second^d1 gram^d2 radian^d3 kelvin^d4 coulomb^d5 candela^d6.
struct Unit {
  Decimal factor{1};
  std::array<std::int16_t, 7> dimension{};
  /// The one unit in it that cannot be told in others ("[iU]"), and its power; the name of a unit
  /// with a scale.
  std::string_view arbitrary;
  std::int16_t arbitrary_power = 0;
  /// How values become those of `factor` and `dimension`; what the prefix made of the value before.
  Scale scale = Scale::linear;
  Decimal prefix{1};

  bool is_one() const noexcept {
    return factor == Decimal(1) && dimension == std::array<std::int16_t, 7>{} &&
           arbitrary_power == 0 && scale == Scale::linear;
  }

  bool measures_the_same(const Unit& other) const noexcept {
    return dimension == other.dimension && arbitrary_power == other.arbitrary_power &&
           (arbitrary_power == 0 || arbitrary == other.arbitrary);
  }
};

/// "mg/dL", "kg.m/s2", "10*3/uL", "{tablet}"; nothing for what is no code held here. `arbitrary` is
/// a view of constants.
std::optional<Unit> parse_ucum(std::string_view code);

/// `value` told in the base units of its dimension, whatever its scale.
std::optional<Decimal> in_base_units(const Decimal& value, const Unit& unit);

/// `value` of one unit told in another; nothing when they do not measure the same, or past the
/// range of numbers.
std::optional<Decimal> convert(const Decimal& value, const Unit& from, const Unit& to);

}  // namespace concord::path::detail
