#pragma once
/// UCUM codes as factors of base units. Pure functions.
/// Source: ucum.org, The Unified Code for Units of Measure, version 2.1. Held are the base and SI
/// derived units and those of health care; units with an offset or a logarithm (Cel, [degF], [pH])
/// are known only as themselves.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "fhir/core/decimal.h"

namespace concord::path::detail {

/// `factor` times metre^d0 second^d1 gram^d2 radian^d3 kelvin^d4 coulomb^d5 candela^d6.
struct Unit {
  Decimal factor{1};
  std::array<std::int16_t, 7> dimension{};
  /// The one unit in it that cannot be told in others ("[iU]", "Cel"), and its power.
  std::string_view arbitrary;
  std::int16_t arbitrary_power = 0;

  bool measures_the_same(const Unit& other) const noexcept {
    return dimension == other.dimension && arbitrary_power == other.arbitrary_power &&
           (arbitrary_power == 0 || arbitrary == other.arbitrary);
  }
};

/// "mg/dL", "kg.m/s2", "10*3/uL", "{tablet}"; nothing for what is no code held here. `arbitrary` is
/// a view of constants.
std::optional<Unit> parse_ucum(std::string_view code);

}  // namespace concord::path::detail
