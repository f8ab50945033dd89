// The reader that goes on: what it gives up on, its bounds, and texts meant to cost time.
#include <gmock/gmock.h>

#include <chrono>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "tests/support/result_matchers.h"

namespace concord::json {
namespace {

tree::Symbols& symbols() {
  static tree::Symbols known;
  return known;
}

tree::Reading collect(std::string text, const tree::Limits& limits = {}) {
  return read_collecting(std::move(text), symbols(), limits);
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

class CollectingJson : public testing::Test {
 protected:
  ~CollectingJson() override {
    // Under ASan, on a busy machine.
    EXPECT_LT(std::chrono::steady_clock::now() - start_, std::chrono::seconds(20));
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

TEST_F(CollectingJson, ReadsWhatTheStrictReaderReadsToTheSameTree) {
  const std::string text =
      R"({"resourceType":"X","a":[1.10,null,"c"],"_a":[null,{"id":"i"},null],"b":{"c":true},"_d":{"id":"e"}})";
  const auto reading = collect(text);
  ASSERT_TRUE(reading.clean());
  EXPECT_EQ(*write(*reading.document), text);
  EXPECT_EQ(*write(*read(text, symbols())), text);
}

TEST_F(CollectingJson, KeepsTheFirstOfNamesThatStandTwiceAndSaysWhere) {
  const auto reading = collect("{\"resourceType\":\"X\",\n\"a\":1,\n \"a\":{\"b\":[{}]},\"c\":2}");
  ASSERT_TRUE(reading.document);
  EXPECT_EQ(*write(*reading.document), R"({"resourceType":"X","a":1,"c":2})");
  ASSERT_EQ(reading.findings.size(), 1u);
  const auto& finding = reading.findings.front();
  EXPECT_EQ(finding.message_id, "DUPLICATE_JSON_PROPERTY_KEY");
  EXPECT_EQ(finding.severity, Severity::error);
  EXPECT_EQ(finding.issue_type, "invalid");
  EXPECT_EQ(finding.text, "the property 'a' stands twice");
  EXPECT_EQ(finding.path, "X");
  EXPECT_EQ(finding.position, (Position{3, 2}));
  EXPECT_EQ(finding.member, "a");
  EXPECT_EQ(finding.owner, &reading.document->root());
}

TEST_F(CollectingJson, TruncatedAtEveryByteIsATreeOrFatalNeverNothing) {
  const std::string sample =
      "// c\n{\"resourceType\":\"X\",a:[1,\"x\" 2,],\"b\":yes,\"_c\":{\"id\":\"\\u00e9\"} /* d */}";
  for (std::size_t size = 0; size <= sample.size(); ++size) {
    const auto reading = collect(sample.substr(0, size));
    EXPECT_EQ(reading.document.has_value(), size == sample.size()) << size;
    EXPECT_FALSE(reading.findings.empty()) << size;
  }
}

TEST_F(CollectingJson, GivesUpAfterTwoHundredMends) {
  const auto good = collect(R"({"resourceType":"X","a":[)" + repeated("1 ", 200) + "1]}");
  ASSERT_TRUE(good.document);
  EXPECT_EQ(good.findings.size(), 200u);
  const auto bad = collect(R"({"resourceType":"X","a":[)" + repeated("1 ", 201) + "1]}");
  EXPECT_FALSE(bad.document);
  ASSERT_EQ(bad.findings.size(), 1u);
  EXPECT_EQ(bad.findings.front().severity, Severity::fatal);
  EXPECT_EQ(bad.findings.front().message_id, "Error_parsing_JSON_");
  EXPECT_FALSE(
      collect(R"({"resourceType":"X","a":[)" + repeated("1 ", 1'000'000) + "1]}").document);
  EXPECT_FALSE(
      collect(R"({"resourceType":"X","a":")" + repeated(R"(\u0000)", 100'000) + "\"}").document);
}

TEST_F(CollectingJson, CommentsByTheThousandAreReadOnceAndReportedUpToTheBound) {
  const auto reading =
      collect("{\"resourceType\":\"X\"" + repeated("// c\n/* d */", 100'000) + ",\"a\":1}");
  ASSERT_TRUE(reading.document);
  ASSERT_EQ(reading.findings.size(), tree::kMostSyntaxFindings + 1);
  EXPECT_EQ(reading.findings.back().message_id, "SYNTAX_FINDINGS_LEFT_OUT");
  EXPECT_TRUE(read_collecting("{\"resourceType\":\"X\"" + repeated("// c\n", 200'000) + "}",
                              symbols(), {}, {.comments = true})
                  .clean());
}

TEST_F(CollectingJson, LimitsAreKeptAndFatal) {
  const auto fatal = [](const tree::Reading& reading, std::string_view text) {
    EXPECT_FALSE(reading.document);
    ASSERT_FALSE(reading.findings.empty());
    EXPECT_EQ(reading.findings.back().severity, Severity::fatal);
    EXPECT_EQ(reading.findings.back().text, text);
    EXPECT_EQ(reading.findings.back().issue_type, "too-long");
  };
  fatal(collect(R"({"resourceType":"X","a":)" + repeated(R"({"a":)", 100'000) + "1" +
                repeated("}", 100'001)),
        "nested deeper than 100 levels");
  fatal(collect(R"({"resourceType":"X","a":[1,2,3]})", {.max_nodes = 3}), "more than 3 elements");
  fatal(collect(R"({"resourceType":"X"})", {.max_bytes = 10}), "more than 10 bytes");
  std::string names = R"({"resourceType":"X")";
  for (int i = 0; i < 40'000; ++i) names += ",\"n" + std::to_string(i) + "\":1";
  fatal(collect(names + "}"), "more than 32,768 different names nobody knows");
  EXPECT_FALSE(collect(repeated("[", 1'000'000)).document);
}

TEST_F(CollectingJson, NullsEmptyThingsAndTwinsByTheHundredThousandTakeLinearTime) {
  EXPECT_EQ(
      collect(R"({"resourceType":"X","a":[)" + repeated("null,", 60'000) + "1]}").findings.size(),
      tree::kMostSyntaxFindings + 1);
  EXPECT_TRUE(
      collect(R"({"resourceType":"X","a":[)" + repeated("{},", 60'000) + R"({"b":1}]})").document);
  EXPECT_TRUE(collect(R"({"resourceType":"X","contained":[)" +
                      repeated(R"({"resourceType":"Y"},)", 20'000) +
                      repeated(R"({"resourceType":7},)", 20'000) + R"({"resourceType":"Y"}]})")
                  .document);
  // Thousands of twins beside a long array: each is found in constant time.
  std::string twins = R"({"resourceType":"X","a":[)" + repeated("1,", 200'000) + "1]";
  for (int i = 0; i < 15'000; ++i) {
    twins += ",\"t" + std::to_string(i) + "\":1,\"_t" + std::to_string(i) + "\":{\"id\":\"x\"}";
  }
  twins += "}";
  EXPECT_TRUE(collect(twins).clean());
  EXPECT_THAT(read(twins, symbols()), IsOk());
}

TEST_F(CollectingJson, FindingsNameNoValueOfTheMessage) {
  for (const char* text :
       {R"({"resourceType":"X","a":"Mrs Secret","a":"Mrs Secret"})",
        R"({"resourceType":"X","a":Secret})", R"({"resourceType":"X","a":["Mrs Secret",null]})",
        R"({"resourceType":"X","_a":"Mrs Secret"})", R"(["Mrs Secret"])",
        "{\"resourceType\":\"X\",\"a\":\"Mrs\tSecret\"}", "// Secret\n{\"resourceType\":\"X\"}",
        R"({"resourceType":"X","a":"Mrs Secret" x})"}) {
    const auto reading = collect(text);
    ASSERT_FALSE(reading.findings.empty()) << text;
    for (const auto& finding : reading.findings) {
      EXPECT_EQ((finding.text + finding.path).find("Secret"), std::string::npos) << finding.text;
    }
  }
}

}  // namespace
}  // namespace concord::json
