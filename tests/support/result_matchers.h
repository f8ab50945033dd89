#pragma once
/// GoogleTest matchers over Result: `ASSERT_THAT(x, IsOk())`, `EXPECT_THAT(x, FailsWith(code))`.

#include <gmock/gmock.h>

#include "fhir/core/result.h"

namespace concord {

inline void PrintTo(const Error& error, std::ostream* out) { *out << to_string(error); }

template <typename T>
void PrintTo(const Result<T>& result, std::ostream* out) {
  *out << (result.has_value() ? std::string("a value") : to_string(result.error()));
}

MATCHER(IsOk, "is a value") {
  if (arg.has_value()) return true;
  *result_listener << to_string(arg.error());
  return false;
}

MATCHER_P(FailsWith, code, "fails with the code " + std::string(error_row(code).name)) {
  if (arg.has_value()) {
    *result_listener << "is a value";
    return false;
  }
  *result_listener << to_string(arg.error());
  return arg.error().code == code;
}

}  // namespace concord
