// Input meant to harm: a clear error each, in time and memory that grow no faster than the input.
#include <gmock/gmock.h>

#include <chrono>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "tests/support/result_matchers.h"

namespace concord::json {
namespace {

using tree::Limits;

Result<tree::Document> read_text(std::string text, const Limits& limits = {}) {
  static tree::Symbols symbols;
  return read(std::move(text), symbols, limits);
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

const char kSample[] =
    R"({"resourceType":"Bundle","type":"message","entry":[{"fullUrl":"urn:uuid:1","resource":)"
    R"({"resourceType":"Patient","birthDate":"1970-03-30","_birthDate":{"id":"a"},"given":["A",)"
    R"(null],"_given":[null,{"id":"b"}],"text":{"div":"<div>\u00e9\uD83D\uDE00\n</div>"}}}],)"
    "\"total\":1.50e0,\"flag\":true, \"z\":\"caf\xC3\xA9\" }\r\n";

TEST(HostileJson, TruncatedAtEveryByteIsMalformedOrInvalid) {
  const std::string sample(kSample, sizeof kSample - 1);
  ASSERT_THAT(read_text(sample), IsOk());
  const std::size_t end = sample.rfind('}');
  for (std::size_t size = 0; size <= end; ++size) {
    auto result = read_text(sample.substr(0, size));
    ASSERT_FALSE(result.has_value()) << size;
    EXPECT_EQ(result.error().code, ErrorCode::malformed) << size << to_string(result.error());
  }
}

TEST(HostileJson, AnyOneByteChangedNeverCrashesAndWhatIsReadCanBeWritten) {
  const std::string sample(kSample, sizeof kSample - 1);
  for (std::size_t at = 0; at < sample.size(); ++at) {
    for (const char other : {'\0', '"', '\\', '{', '}', '[', ',', '_', '\x80', '\xFF', '9'}) {
      std::string changed = sample;
      changed[at] = other;
      auto result = read_text(changed);
      if (!result) {
        EXPECT_FALSE(result.error().issues.empty());
      } else {
        EXPECT_THAT(write(*result), IsOk()) << changed;
      }
    }
  }
}

TEST(HostileJson, NestedAHundredThousandDeepIsTooLong) {
  const std::string objects = R"({"resourceType":"X","a":)" + repeated("{\"a\":", 100'000) + "1";
  auto result = read_text(objects);
  ASSERT_THAT(result, FailsWith(ErrorCode::too_long));
  EXPECT_EQ(result.error().issues.front().text, "nested deeper than 100 levels");
  EXPECT_THAT(read_text(std::string(100'000, '[')), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(read_text(R"({"resourceType":"X","a":)" + std::string(100'000, '[')),
              FailsWith(ErrorCode::invalid));
  // With the limit lifted it is read by iteration, not by the machine's stack.
  const std::string closed = R"({"resourceType":"X","a":)" + repeated("{\"a\":", 100'000) + "1" +
                             std::string(100'001, '}');
  EXPECT_THAT(read_text(closed, {.max_depth = 200'000}), IsOk());
}

TEST(HostileJson, DepthCountsEveryNodeFromTheRoot) {
  const std::string text = R"({"resourceType":"X","a":{"b":{"c":1}}})";
  EXPECT_THAT(read_text(text, {.max_depth = 4}), IsOk());
  EXPECT_THAT(read_text(text, {.max_depth = 3}), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(read_text(text, {.max_depth = 1}), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(read_text(text, {.max_depth = 0}), FailsWith(ErrorCode::too_long));
}

TEST(HostileJson, SizeAndNodeLimitsAreKept) {
  const std::string text = R"({"resourceType":"X","a":[1,2,3]})";
  EXPECT_THAT(read_text(text, {.max_bytes = text.size()}), IsOk());
  EXPECT_THAT(read_text(text, {.max_bytes = text.size() - 1}), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(read_text(text, {.max_nodes = 4}), IsOk());
  auto result = read_text(text, {.max_nodes = 3});
  ASSERT_THAT(result, FailsWith(ErrorCode::too_long));
  EXPECT_EQ(result.error().issues.front().text, "more than 3 elements");
  EXPECT_EQ(result.error().issues.front().expression, "X.a[2]");
  EXPECT_THAT(read_text("{\"resourceType\":\"" + std::string(17 << 20, 'x') + "\"}"),
              FailsWith(ErrorCode::too_long));
}

TEST(HostileJson, ManyNamesInOneObjectTakeLinearTime) {
  std::string text = R"({"resourceType":"X")";
  for (int i = 0; i < 30'000; ++i) text += ",\"n" + std::to_string(i) + "\":1";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(read_text(text + "}"), IsOk());
  auto twice = read_text(text + ",\"n0\":2}");
  EXPECT_THAT(twice, FailsWith(ErrorCode::invalid));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(HostileJson, AHundredThousandUnknownNamesAreTooLong) {
  std::string text = R"({"resourceType":"X")";
  for (int i = 0; i < 100'000; ++i) text += ",\"n" + std::to_string(i) + "\":1";
  auto result = read_text(text + "}");
  ASSERT_THAT(result, FailsWith(ErrorCode::too_long));
  EXPECT_EQ(result.error().issues.front().text, "more than 32,768 different names nobody knows");
}

TEST(HostileJson, TheSameNameAHundredThousandTimesStopsAtTheSecond) {
  auto result = read_text(R"({"resourceType":"X")" + repeated(",\"a\":1", 100'000) + "}");
  ASSERT_THAT(result, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(result.error().issues.front().position, (Position{1, 27}));
}

TEST(HostileJson, LongCompanionArraysTakeLinearTime) {
  const auto start = std::chrono::steady_clock::now();
  const std::string text = R"({"resourceType":"X","a":[1],"b":1,"_a":[)" +
                           repeated("{\"id\":\"1\"},", 50'000) + R"({"id":"1"}]})";
  auto result = read_text(text);
  EXPECT_THAT(result, IsOk());
  EXPECT_THAT(write(*result), IsOk());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(HostileJson, BytesThatAreNotUtf8AreMalformedAndPlaced) {
  for (const std::string_view bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                                     "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xC3", "\xFF"}) {
    for (const char* head : {R"({"resourceType":"X","a":")", R"({"resourceType":"X",")"}) {
      const std::string text = head + std::string(bad) + "\"";
      auto result = read_text(text);
      ASSERT_THAT(result, FailsWith(ErrorCode::malformed));
      EXPECT_EQ(result.error().issues.front().text, "not UTF-8");
      EXPECT_EQ(result.error().issues.front().position,
                (Position{1, static_cast<std::uint32_t>(std::string_view(head).size() + 1)}));
    }
  }
}

TEST(HostileJson, EscapedSurrogatesWithoutTheirOtherHalfAreMalformed) {
  for (const char* bad :
       {R"(\uD83D)", R"(\uD83Dx)", R"(\uD83D\n)", R"(\uD83D\u0041)", R"(\uD83D\uD83D)", R"(\uDE00)",
        R"(\uDE00\uD83D)", R"(\\\uDE00)", R"(\uD83D\uDE00\uDE00)", R"(\ud83d\\ude00)"}) {
    auto result = read_text(std::string(R"({"resourceType":"X","a":")") + bad + "\"}");
    ASSERT_THAT(result, FailsWith(ErrorCode::malformed)) << bad;
    EXPECT_EQ(result.error().issues.front().text, "a surrogate without its other half") << bad;
  }
  for (const char* good : {R"(\uD83D\uDE00)", R"(\\uDE00)", R"(\\\\uD83D)", R"(\uFFFF)"}) {
    EXPECT_THAT(read_text(std::string(R"({"resourceType":"X","a":")") + good + "\"}"), IsOk())
        << good;
  }
}

TEST(HostileJson, TheZeroCharacterIsRefusedEscapedOrNot) {
  EXPECT_THAT(read_text(R"({"resourceType":"X","a":"\u0000"})"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(read_text(R"({"resourceType":"X","\u0000":"a"})"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(read_text(R"({"resourceType":"X","a":"\\u0000"})"), IsOk());
  for (const std::string_view text :
       {std::string_view("{\"resourceType\":\"X\",\"a\":\"b\0c\"}", 31),
        std::string_view("\0{\"resourceType\":\"X\"}", 21),
        std::string_view("{\"resourceType\":\"X\"}\0", 21),
        std::string_view("{\"resourceType\":\"X\"\0}", 21)}) {
    EXPECT_THAT(read_text(std::string(text)), FailsWith(ErrorCode::malformed));
  }
}

TEST(HostileJson, HugeNumbersAreKeptAsTextOrRefusedNeverRounded) {
  const std::string digits(100'000, '7');
  auto many = read_text(R"({"resourceType":"X","a":)" + digits + "}");
  if (many.has_value()) {
    EXPECT_EQ(many->root().first_child()->text(), digits);
  } else {
    EXPECT_EQ(many.error().code, ErrorCode::malformed);
  }
  auto fraction = read_text(R"({"resourceType":"X","a":0.)" + digits + "}");
  ASSERT_THAT(fraction, IsOk());
  EXPECT_EQ(fraction->root().first_child()->text(), "0." + digits);
  for (const std::string number :
       {"1e400", "-1.50E+999", "1e99999999999999999999", "-0", "1.10", "0.0", "1e-400", "1E400"}) {
    auto kept = read_text(R"({"resourceType":"X","a":[1e400,)" + number + R"(,"1e400"]})");
    ASSERT_THAT(kept, IsOk()) << number;
    EXPECT_EQ(kept->root().first_child()->next_sibling()->text(), number);
    EXPECT_EQ(*write(*kept), R"({"resourceType":"X","a":[1e400,)" + number + R"(,"1e400"]})");
  }
  for (const char* wrong : {"1e400x", "01e400", "1e400.5", "--1e400", "1e+"}) {
    EXPECT_THAT(read_text(std::string(R"({"resourceType":"X","a":)") + wrong + "}"),
                FailsWith(ErrorCode::malformed))
        << wrong;
  }
  std::string crowd = R"({"resourceType":"X","a":[1)";
  for (int i = 0; i < 100'000; ++i) crowd += ",1e400";
  EXPECT_THAT(read_text(crowd + "]}"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(read_text(R"({"resourceType":"X","a":1e-99999999999999999999})"), IsOk());
}

TEST(HostileJson, ErrorTextsNeverRepeatValuesOfTheMessage) {
  for (const char* text : {R"({"resourceType":"X","a":"Mrs Secret","a":"Mrs Secret"})",
                           R"({"resourceType":"X","a":"Mrs Secret" x})",
                           R"({"resourceType":"X","a":["Mrs Secret",null]})",
                           R"({"resourceType":"X","_a":"Mrs Secret"})", R"(["Mrs Secret"])",
                           R"({"resourceType":"X","a":"Mrs Secret\uD800"})"}) {
    auto result = read_text(text);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(to_string(result.error()).find("Secret"), std::string::npos);
    EXPECT_EQ(result.error().log_detail.find("Secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace concord::json
