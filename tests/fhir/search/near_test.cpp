#include <gmock/gmock.h>

#include <string>

#include "tests/fhir/search/engine.h"
#include "tests/support/result_matchers.h"

// Positions and how near they are. Source: hl7.org/fhir/R4/location.html#search.

namespace concord::search::test {
namespace {

std::string location(const std::string& latitude, const std::string& longitude) {
  return R"({"resourceType":"Location","id":"l1","position":{"longitude":)" + longitude +
         R"(,"latitude":)" + latitude + "}}";
}

TEST(Near, IsTheDistanceAlongTheGreatCircle) {
  // London to Paris: 343.56 km on a sphere of the mean radius.
  const std::string paris = location("48.8566", "2.3522");
  EXPECT_TRUE(finds(paris, "near=51.5074|-0.1278|343.6|km"));
  EXPECT_FALSE(finds(paris, "near=51.5074|-0.1278|343.5|km"));
  EXPECT_TRUE(finds(paris, "near=51.5074|-0.1278|343600|m"));
  EXPECT_FALSE(finds(paris, "near=51.5074|-0.1278|343500|m"));
  EXPECT_TRUE(finds(paris, "near=51.5074|-0.1278|214|[mi_i]")) << "213.5 miles";
  EXPECT_FALSE(finds(paris, "near=51.5074|-0.1278|213|[mi_i]"));
}

TEST(Near, ABoxAroundIsNotEnough) {
  // In both coordinates within 10 km of 51° N 0° E, and 13.6 km away.
  const std::string corner = location("51.086", "0.137");
  EXPECT_FALSE(finds(corner, "near=51|0|10|km"));
  EXPECT_FALSE(finds(corner, "near=51|0|13.5|km"));
  EXPECT_TRUE(finds(corner, "near=51|0|13.7|km"));
}

TEST(Near, WorksAtTheDateLineAtThePolesAndAroundTheGlobe) {
  EXPECT_TRUE(finds(location("0", "-179.9"), "near=0|179.9|22.3|km"));
  EXPECT_FALSE(finds(location("0", "-179.9"), "near=0|179.9|22.2|km"));
  EXPECT_TRUE(finds(location("89.9", "180"), "near=89.9|0|22.3|km"));
  EXPECT_FALSE(finds(location("89.9", "180"), "near=89.9|0|22.2|km"));
  EXPECT_TRUE(finds(location("-90", "17"), "near=-90|-120|0|km")) << "one pole, any longitude";
  EXPECT_TRUE(finds(location("-51", "180"), "near=51|0|20016|km"));
  EXPECT_FALSE(finds(location("-51", "180"), "near=51|0|20015|km"));
}

TEST(Near, WithoutUnitsIsKilometresAndWithoutDistanceTen) {
  const std::string street = location("53.7960", "-1.5479");  // 0.54 km from there
  EXPECT_TRUE(finds(street, "near=53.8008|-1.5491|0.6"));
  EXPECT_FALSE(finds(street, "near=53.8008|-1.5491|0.5"));
  EXPECT_FALSE(finds(street, "near=53.8008|-1.5491|0.5|km"));
  EXPECT_TRUE(finds(street, "near=53.8008|-1.5491"));
  EXPECT_TRUE(finds(street, "near=53.8008|-1.5491||km"));
  EXPECT_TRUE(finds(location("53.88", "-1.5491"), "near=53.8008|-1.5491")) << "8.8 km";
  EXPECT_FALSE(finds(location("53.90", "-1.5491"), "near=53.8008|-1.5491")) << "11 km";
  EXPECT_TRUE(finds(street, "near=53.7960|-1.5479|0")) << "the same place";
}

TEST(Near, OfSeveralPlacesIsAnyOfThem) {
  const std::string paris = location("48.8566", "2.3522");
  EXPECT_TRUE(finds(paris, "near=51.5074|-0.1278|1|km,48.8566|2.3522|1|km"));
  EXPECT_FALSE(finds(paris, "near=51.5074|-0.1278|1|km,48.8|2.3522|1|km"));
  EXPECT_TRUE(finds(paris, "near:missing=false"));
  EXPECT_TRUE(finds(R"({"resourceType":"Location","id":"l1"})", "near:missing=true"));
  EXPECT_FALSE(finds(R"({"resourceType":"Location","id":"l1"})", "near=48.8566|2.3522|40000"));
}

TEST(Near, OfWhatIsNoPositionFindsNothing) {
  for (const char* wrong : {"91", "-90.001", "1e3"}) {
    EXPECT_TRUE(values_of(location(wrong, "0")).numbers.empty()) << wrong;
  }
  EXPECT_TRUE(values_of(location("0", "180.5")).numbers.empty());
  EXPECT_EQ(values_of(location("1", "2")).numbers.size(), 3u);
}

TEST(Near, MistakesAreSaidWithoutTheValue) {
  for (const char* query :
       {"near=51.5", "near=51.5|", "near=|0", "near=91|0|1", "near=0|181|1", "near=north|0",
        "near=0|0|far", "near=0|0|-1", "near=0|0|1|kg", "near=0|0|1|furlong-ish", "near=0|0|1|km|x",
        "near:exact=0|0", "near=nan|0", "near=0|0|1e999999999999"}) {
    const auto query_read = parse("Location", query);
    ASSERT_THAT(query_read, FailsWith(ErrorCode::malformed)) << query;
    const Issue& issue = query_read.error().issues.front();
    EXPECT_EQ(issue.expression, "http.near");
    EXPECT_THAT(issue.text, testing::HasSubstr("search parameter 'near"));
    EXPECT_THAT(issue.text, testing::HasSubstr("Location.position"));
    for (const char* value : {"51.5", "91", "181", "north", "far", "furlong", "999"}) {
      EXPECT_THAT(issue.text, testing::Not(testing::HasSubstr(value)));
    }
  }
}

}  // namespace
}  // namespace concord::search::test
