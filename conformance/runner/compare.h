#pragma once
/// The operators of assertions. Pure functions, safe from any thread.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"

namespace concord::runner {

/// Whether `actual op expected` holds. Numbers compare by value ("1.0" equals "1"), dates and
/// instants by time (offsets applied; of two precisions only what both say), everything else as
/// text. `in` and `notIn` take a list with commas. Of several actual values one must satisfy a
/// positive operator, all a negative one; without any value the positive ones fail, but `empty`.
///
/// Errors: unsupported (no operator of R4).
/// Source: hl7.org/fhir/R4/valueset-assert-operator-codes.html.
Result<bool> compare(const std::vector<std::string>& actual, std::string_view op,
                     std::string_view expected);

/// Less than, equal or greater, as compare() sees two texts.
int order(std::string_view a, std::string_view b);

/// "a, b, c" for messages, at most 200 characters.
std::string shown(const std::vector<std::string>& values);

/// Whether a status is among those of a list: "200,201", "2xx", "okay", "!404".
bool status_in(int status, std::string_view list);

/// Status of a code of assert.response ("okay" → 200), those of R5 included; 0 for none.
/// Source: hl7.org/fhir/R4/valueset-assert-response-code-types.html.
int status_of(std::string_view response);

}  // namespace concord::runner
