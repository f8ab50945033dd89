#pragma once
/// Units of UCUM for who compares quantities outside expressions. Pure functions.

#include <optional>
#include <string_view>

#include "fhir/core/decimal.h"

namespace concord::path {

/// `value` of one UCUM code told in another; nothing when they do not measure the same or one of
/// them is not known.
std::optional<Decimal> convert_unit(const Decimal& value, std::string_view from,
                                    std::string_view to);

}  // namespace concord::path
