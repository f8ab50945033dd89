#pragma once
/// Quantities, ranges and ratios inside the parts of a dosage.

#include <string>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/dosage/detail/parts.h"

namespace concord::dosage::detail {

struct Amount {
  std::string_view value;  ///< as written
  std::string unit;
  std::string text() const { return std::string(value) + " " + unit; }
};

enum class Plural : bool { no, of_time };  ///< whether "3 day" becomes "3 days"

/// Errors: invalid (no value or unit), unsupported (a comparator: "less than" has no words here).
Result<Amount> amount(const Source& source, const tree::Node& quantity, Plural plural);

/// "1 to 2 tablet", "500 milligram to 1 gram", "at least …", "up to …".
/// Errors: as amount(); invalid (neither low nor high).
Result<std::string> range(const Source& source, const tree::Node& node, Plural plural);

/// A numerator and denominator. Errors: as amount(); invalid (one is missing).
struct Ratio {
  Amount numerator;
  Amount denominator;
};
Result<Ratio> ratio(const Source& source, const tree::Node& node);

}  // namespace concord::dosage::detail
