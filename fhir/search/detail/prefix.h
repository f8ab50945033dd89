#pragma once
/// Values with a prefix: dates and numbers as a query asks for them. Pure functions.
/// Source: hl7.org/fhir/R4/search.html#prefix.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/decimal.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/search/criteria.h"

namespace concord::search::detail {

struct AskedDate {
  Comparison comparison = Comparison::eq;
  std::int64_t low = 0;
  std::int64_t high = 0;
};

/// A time written to the second or finer asks, with eq, for every period it falls into as well as
/// for what falls into it: a moment never contains a day. `now` widens ap.
/// Errors: malformed, naming the parameter `name`.
Result<AskedDate> read_date(std::string_view name, std::string_view value, Instant now);

struct AskedBase {
  double low = 0;
  double high = 0;
  std::string unit;
};

/// With eq, ne and ap the range of what rounds to the number as written (ap: a tenth wider); with
/// the others the number itself. Source: hl7.org/fhir/R4/search.html#number.
struct AskedNumber {
  Comparison comparison = Comparison::eq;
  Decimal from, to;
  bool open = false;  ///< `to` itself is not in the range
  double low() const;
  double high() const;
  /// Both ends in the base units of a UCUM code; nothing when it is none with a dimension.
  std::optional<AskedBase> in_base_units(std::string_view system, std::string_view code) const;
};

/// Errors: malformed, naming the parameter `name`.
Result<AskedNumber> read_number(std::string_view name, std::string_view value);

}  // namespace concord::search::detail
