// Operators by value.

#include "conformance/runner/compare.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace concord::runner {
namespace {

TEST(Order, IsNumericForNumbersTemporalForDatesElseOfTexts) {
  EXPECT_EQ(order("10", "9"), 1);
  EXPECT_EQ(order("1.0", "1.00"), 0);
  EXPECT_EQ(order("-2", "1e1"), -1);
  EXPECT_LT(order("abc", "abd"), 0);
  EXPECT_LT(order("2024-01-31", "2024-02-01"), 0);
  EXPECT_EQ(order("2024", "2024-05-06"), 0);
  EXPECT_EQ(order("2024-05-06T10:00:00Z", "2024-05-06T11:00:00+01:00"), 0);
  EXPECT_LT(order("2024-05-06T10:00:00Z", "2024-05-06T10:00:00.001Z"), 0);
  EXPECT_EQ(order("2024-05-06T10:00:00Z", "2024-05"), 0);
  EXPECT_LT(order("1999", "2024"), 0);
  EXPECT_NE(order("0012", "12a"), 0);
}

TEST(Compare, WithoutValuesOnlyEmptyAndNegativesHold) {
  const std::vector<std::string> none;
  EXPECT_FALSE(*compare(none, "equals", ""));
  EXPECT_FALSE(*compare(none, "contains", "x"));
  EXPECT_FALSE(*compare(none, "greaterThan", "0"));
  EXPECT_TRUE(*compare(none, "empty", ""));
  EXPECT_FALSE(*compare(none, "notEmpty", ""));
  EXPECT_TRUE(*compare(none, "notEquals", "x"));
  EXPECT_THAT(compare({"x"}, "likes", "x"), FailsWith(ErrorCode::unsupported));
}

TEST(Status, ListsOfThem) {
  EXPECT_TRUE(status_in(200, "200"));
  EXPECT_TRUE(status_in(204, "2xx"));
  EXPECT_TRUE(status_in(404, "okay, notFound"));
  EXPECT_FALSE(status_in(404, "!404"));
  EXPECT_TRUE(status_in(200, "!404"));
  EXPECT_FALSE(status_in(500, "200,404"));
  EXPECT_EQ(status_of("unprocessable"), 422);
  EXPECT_EQ(status_of("nonsense"), 0);
}

TEST(Shown, IsShortAndWholeCharacters) {
  EXPECT_EQ(shown({}), "nothing");
  EXPECT_EQ(shown({"a", "b"}), "a, b");
  std::string many;
  for (int i = 0; i < 150; ++i) many += "é";
  const std::string cut = shown({many});
  EXPECT_LT(cut.size(), 210u);
  EXPECT_TRUE(cut.ends_with("é…"));
}

}  // namespace
}  // namespace concord::runner
