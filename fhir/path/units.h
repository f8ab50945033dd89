#pragma once
/// Units of UCUM for who compares quantities outside expressions. Pure functions.

#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/decimal.h"

namespace concord::path {

/// `value` of one UCUM code told in another; nothing when they do not measure the same or one of
/// them is not known.
std::optional<Decimal> convert_unit(const Decimal& value, std::string_view from,
                                    std::string_view to);

/// A value in the base units of what it measures; equal measures have equal units.
struct BaseValue {
  Decimal value;
  std::string unit;  ///< "m-3.g", a text to compare; not always a UCUM code
};

/// `value` of a UCUM code in base units. Nothing for what is no code held here, for what has no
/// dimension and no factor ("1", "{tablet}"), and past the range of numbers.
std::optional<BaseValue> in_base_units(const Decimal& value, std::string_view code);

}  // namespace concord::path
