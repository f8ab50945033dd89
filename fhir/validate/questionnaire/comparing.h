#pragma once
/// Values in order, as questionnaires compare them. Pure functions, safe from any thread.

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace concord::validate::questionnaire {

/// The first moment of a date, dateTime or instant, in microseconds since 1970 (UTC; what names no
/// zone is taken as UTC, what is not said as the earliest it can be). Nothing for other texts.
std::optional<std::int64_t> first_moment(std::string_view text) noexcept;

/// Two primitive values of one type ("boolean", "decimal", "date", "string" …): numbers by value,
/// dates by their first moment, the rest by their text. Nothing when one has not its form.
std::optional<std::strong_ordering> compare(std::string_view type, std::string_view a,
                                            std::string_view b) noexcept;

}  // namespace concord::validate::questionnaire
