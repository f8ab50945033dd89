#pragma once
/// Units of quantities. Pure functions.

#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/decimal.h"

namespace concord::path::detail {

/// `value` of one unit told in another, UCUM codes (ucum.h) and calendar units; nothing when they
/// do not measure the same or one of them is not known. Days, weeks and shorter are the same in
/// both; a calendar month or year converts to its like only, to UCUM's "mo" and "a" when `loosely`.
std::optional<Decimal> convert(const Decimal& value, std::string_view from, bool from_calendar,
                               std::string_view to, bool to_calendar, bool loosely = false);

/// Whether two units measure the same kind of thing.
bool comparable(std::string_view a, bool a_calendar, std::string_view b, bool b_calendar);

/// The unit of a product or quotient ("cm" and "m" give "cm.m"); nothing when not known.
std::optional<std::string> multiply_units(std::string_view a, std::string_view b);
std::optional<std::string> divide_units(std::string_view a, std::string_view b);

}  // namespace concord::path::detail
