#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/fhir/search/engine.h"
#include "tests/support/result_matchers.h"

namespace concord::search::test {
namespace {

Result<IndexValues> extract(std::string json) {
  const tree::Document document = resource(std::move(json));
  return engine().parameters->extract(document, document.root());
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string list;
  for (std::size_t at = 0; at < times; ++at) {
    if (at > 0) list += ",";
    list += text;
  }
  return list;
}

TEST(Hostile, MoreValuesThanAResourceMayHaveAreTooCostly) {
  std::string codings;
  for (int at = 0; at < 400; ++at) {
    codings += (at > 0 ? "," : "") + std::string(R"({"code":"c)") + std::to_string(at) + "\"}";
  }
  // 400 codes beside 400 values: 320,000 rows of a composite.
  const std::string one = R"({"resourceType":"Observation","component":[{"code":{"coding":[)" +
                          codings + R"(]},"valueCodeableConcept":{"coding":[)" + codings + "]}}]}";
  EXPECT_THAT(extract(one), FailsWith(ErrorCode::too_costly));
}

TEST(Hostile, ManyDisplaysTakeLinearTime) {
  const std::string coding = R"({"system":"s","code":"c","display":"the same words again"})";
  std::string codings;
  for (int at = 0; at < 50'000; ++at) {
    codings +=
        (at > 0 ? "," : "") + std::string(R"({"display":"words )") + std::to_string(at) + "\"}";
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto values =
      extract(R"({"resourceType":"Observation","code":{"coding":[)" + codings + "]}}");
  ASSERT_THAT(values, IsOk());
  EXPECT_GT(values->texts.size(), 100u);
  EXPECT_LT(values->texts.size(), 2000u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  const auto same = extract(R"({"resourceType":"Observation","code":{"coding":[)" +
                            repeated(coding, 1000) + "]}}");
  ASSERT_THAT(same, IsOk());
  EXPECT_EQ(same->texts.size(), 1u);
  EXPECT_EQ(same->tokens.size(), 1u);
}

TEST(Hostile, ElementsOfTheWrongKindGiveNoRowsAndNoError) {
  for (
      const char* one : {
          R"({"resourceType":"Observation","effectiveDateTime":"yesterday","valueQuantity":{"value":"x"}})",
          R"({"resourceType":"Observation","subject":{"reference":"not a reference"}})",
          R"({"resourceType":"Observation","subject":{"reference":"/"}})",
          R"({"resourceType":"Observation","subject":{"reference":"#"}})",
          R"({"resourceType":"Observation","subject":{"reference":"Patient/"}})",
          R"({"resourceType":"Observation","subject":{"reference":"http:///"}})",
          R"({"resourceType":"Observation","subject":"Patient/1","code":"x","status":{"a":1}})",
          R"({"resourceType":"Observation","effectivePeriod":{"start":"2021-01-01","end":"2020-01-01"}})",
          R"({"resourceType":"Observation","valueQuantity":{"value":1e999}})",
          R"({"resourceType":"Observation","_status":{"extension":[{"url":"u","valueCode":"x"}]}})",
          R"({"resourceType":"Patient","name":[{"family":"\u0301\u0301"}],"birthDate":"0000"})",
          R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Composition"}}]})",
      }) {
    EXPECT_THAT(extract(one), IsOk()) << one;
  }
}

TEST(Hostile, PeriodThatEndsBeforeItBeginsIsNotIndexed) {
  const auto values = extract(
      R"({"resourceType":"Observation","effectivePeriod":{"start":"2021-01-01","end":"2020-01-01"}})");
  ASSERT_THAT(values, IsOk());
  EXPECT_TRUE(values->periods.empty());
}

TEST(Hostile, ZeroCharactersAndBrokenUtf8ReachNoCondition) {
  const std::string zero("a\0b", 3);
  EXPECT_THAT(engine().parameters->parse("Patient", {{"family", zero}}, {}),
              FailsWith(ErrorCode::malformed));
  EXPECT_THAT(engine().parameters->parse("Patient", {{"family", "\xff\xfe"}}, {}),
              FailsWith(ErrorCode::malformed));
}

TEST(Hostile, LongTextsAreCutBetweenCharacters) {
  std::string name;
  for (int at = 0; at < 2000; ++at) name += "\xE2\x82\xAC";  // a euro sign
  const auto values = extract(R"({"resourceType":"Patient","name":[{"family":")" + name + "\"}]}");
  ASSERT_THAT(values, IsOk());
  ASSERT_FALSE(values->texts.empty());
  for (const Text& row : values->texts) {
    EXPECT_LE(row.value.size(), 1024u);
    EXPECT_EQ(row.value.size() % 3, 0u);
  }
}

}  // namespace
}  // namespace concord::search::test
