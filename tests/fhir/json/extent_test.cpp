// Where a value ends in its text.

#include "fhir/json/extent.h"

#include <gmock/gmock.h>

namespace concord::json {
namespace {

using testing::Eq;
using testing::Optional;

TEST(ValueEnd, IsBehindTheValueWhateverFollows) {
  EXPECT_THAT(value_end(R"({"a":{"b":"}\""}} , 1)", 0), Optional(Eq(17u)));
  EXPECT_THAT(value_end(R"({"a":{"b":1},"c":[]})", 5), Optional(Eq(12u)));
  EXPECT_THAT(value_end(R"(x[1,[2]]x)", 1), Optional(Eq(8u)));
  EXPECT_THAT(value_end(R"({}")", 0), Optional(Eq(2u)));
}

TEST(ValueEnd, IsNothingWhereNoWholeValueStands) {
  EXPECT_EQ(value_end("", 0), std::nullopt);
  EXPECT_EQ(value_end("{}", 2), std::nullopt);
  EXPECT_EQ(value_end("{}", 99), std::nullopt);
  EXPECT_EQ(value_end(R"({"a":)", 0), std::nullopt);
  EXPECT_EQ(value_end("}", 0), std::nullopt);
}

TEST(ValueEnd, DeepNestingNeedsNoStack) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_THAT(value_end(deep, 0), Optional(Eq(deep.size())));
}

}  // namespace
}  // namespace concord::json
