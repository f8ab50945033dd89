#pragma once
/// Units of quantities. Pure functions.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fhir/core/decimal.h"

namespace concord::path::detail {

/// `value` of one unit told in another, UCUM codes (ucum.h) and calendar units; nothing when they
/// do not measure the same or one of them is not known. Days, weeks and shorter are the same in
/// both; a calendar month or year converts to its like only, to UCUM's "mo" and "a" when `loosely`.
std::optional<Decimal> convert(const Decimal& value, std::string_view from, bool from_calendar,
                               std::string_view to, bool to_calendar, bool loosely = false);

/// False for units with an offset or a logarithm, whose values cannot be added in other units.
bool is_linear(std::string_view unit, bool calendar);

/// Two values of unlike UCUM units that measure the same, one of which is not linear, told in their
/// base units: a higher pH is a lower concentration. Nothing for others.
std::optional<std::pair<Decimal, Decimal>> both_linear(const Decimal& a, std::string_view a_unit,
                                                       const Decimal& b, std::string_view b_unit);

/// Whether two units measure the same kind of thing.
bool comparable(std::string_view a, bool a_calendar, std::string_view b, bool b_calendar);

/// The unit of a product or quotient ("cm" and "m" give "cm.m"); nothing when not known.
std::optional<std::string> multiply_units(std::string_view a, std::string_view b);
std::optional<std::string> divide_units(std::string_view a, std::string_view b);

}  // namespace concord::path::detail
