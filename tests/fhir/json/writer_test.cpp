#include "fhir/json/writer.h"

#include <gmock/gmock.h>

#include "fhir/json/reader.h"
#include "fhir/tree/builder.h"
#include "tests/support/result_matchers.h"

namespace concord::json {
namespace {

using tree::Flag;
using tree::Kind;

TEST(JsonWriter, CanonicalTextComesBackAsTheSameBytes) {
  for (const char* text : {
           R"({"resourceType":"Patient"})",
           R"({"resourceType":"X","a":"b","n":1.50,"t":true,"f":false,"e":{"x":[1]}})",
           R"({"resourceType":"X","a":["x"],"b":[{"c":1},{"c":2}]})",
           R"({"resourceType":"X","birthDate":"1970","_birthDate":{"id":"a"}})",
           R"({"resourceType":"X","_birthDate":{"id":"a"},"z":1})",
           R"({"resourceType":"X","given":["A",null,"C"],"_given":[null,{"id":"b"},null]})",
           R"({"resourceType":"X","_given":[{"id":"b"}]})",
           R"({"resourceType":"X","contained":[{"resourceType":"Y","id":"1"}]})",
           R"({"resourceType":"X","s":"\"\\\b\f\n\r\t\u0001\u001f/é😀)"
           "\x7F\"}",
           R"({"resourceType":"X","long":"0123456789abcdef0123456789abcde\"0123456789abcdef0"})",
           R"({"resourceType":"X","odd\"name":"u"})",
       }) {
    tree::Symbols symbols;
    auto document = read(text, symbols);
    ASSERT_THAT(document, IsOk()) << text;
    auto written = write(*document);
    ASSERT_THAT(written, IsOk()) << text;
    EXPECT_EQ(*written, text);
  }
}

TEST(JsonWriter, StringsOfEveryLengthWithAnEscapeAtEveryPlaceComeBack) {
  tree::Symbols symbols;
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t at = 0; at <= size; ++at) {
      for (const std::string_view special : {"", "\"", "\\", "\n", "\x01", "\xC3\xA9"}) {
        const std::string value =
            std::string(at, 'a') + std::string(special) + std::string(size - at, 'z');
        tree::Document document(symbols);
        tree::Builder build(document);
        build.set_flag(build.root(), Flag::resource);
        build.set_type(build.root(), symbols.intern("X"));
        build.set_copy(*build.append(build.root(), symbols.intern("v"), Kind::string), value);
        auto written = write(document);
        ASSERT_THAT(written, IsOk());
        auto again = read(*written, symbols);
        ASSERT_THAT(again, IsOk()) << *written;
        ASSERT_EQ(again->root().first_child()->text(), value);
      }
    }
  }
}

TEST(JsonWriter, TypeComesFirstAndCompanionsBehindTheirPrimitive) {
  tree::Symbols symbols;
  auto document = read(
      R"({"_a":{"id":"1"},"b":[null,2],"a":"x","resourceType":"X","_b":[{"id":"2"}]})", symbols);
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(*write(*document),
            R"({"resourceType":"X","a":"x","_a":{"id":"1"},"b":[null,2],"_b":[{"id":"2"},null]})");
}

TEST(JsonWriter, PrettyIndentsTwoSpacesPerLevel) {
  tree::Symbols symbols;
  auto document =
      read(R"({"resourceType":"X","a":["x",{"b":1}],"c":"y","_c":{"id":"1"}})", symbols);
  ASSERT_THAT(document, IsOk());
  auto written = write(*document, {.pretty = true});
  ASSERT_THAT(written, IsOk());
  EXPECT_EQ(*written,
            "{\n"
            "  \"resourceType\": \"X\",\n"
            "  \"a\": [\n"
            "    \"x\",\n"
            "    {\n"
            "      \"b\": 1\n"
            "    }\n"
            "  ],\n"
            "  \"c\": \"y\",\n"
            "  \"_c\": {\n"
            "    \"id\": \"1\"\n"
            "  }\n"
            "}");
}

TEST(JsonWriter, AnyNodeCanBeWrittenAlone) {
  tree::Symbols symbols;
  auto document =
      read(R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"X","a":1}},{"n":2}]})",
           symbols);
  ASSERT_THAT(document, IsOk());
  const tree::Node& entry = *document->root().first_child();
  EXPECT_EQ(*write(*document, *entry.first_child()), R"({"resourceType":"X","a":1})");
  EXPECT_EQ(*write(*document, *entry.next_sibling()), R"({"n":2})");
  EXPECT_EQ(*write(*document, *entry.next_sibling()->first_child()), "2");
}

class BuiltTree : public testing::Test {
 protected:
  BuiltTree() {
    build.set_flag(build.root(), Flag::resource);
    build.set_type(build.root(), symbols.intern("X"));
  }
  tree::Node& add(tree::Node& parent, const char* name, Kind kind = Kind::element,
                  const char* text = nullptr) {
    tree::Node* node = build.append(parent, symbols.intern(name), kind);
    if (text != nullptr) build.set_copy(*node, text);
    return *node;
  }
  void expect_invalid(std::string_view why, std::string_view expression) {
    auto written = write(document);
    ASSERT_THAT(written, FailsWith(ErrorCode::invalid));
    EXPECT_EQ(written.error().issues.front().text, why);
    EXPECT_EQ(written.error().issues.front().expression, expression);
  }
  tree::Symbols symbols;
  tree::Document document{symbols};
  tree::Builder build{document};
};

TEST_F(BuiltTree, RepeatsAreAnArrayWithoutBeingMarked) {
  add(build.root(), "a", Kind::string, "1");
  add(build.root(), "a", Kind::string, "2");
  EXPECT_EQ(*write(document), R"({"resourceType":"X","a":["1","2"]})");
}

TEST_F(BuiltTree, RepeatsApartAreRefusedForTheyWouldBeANameTwice) {
  add(build.root(), "a", Kind::string, "1");
  add(build.root(), "b", Kind::string, "2");
  add(build.root(), "a", Kind::string, "3");
  expect_invalid("repeats of an element that do not stand side by side", "X.a[1]");
}

TEST_F(BuiltTree, ElementsWithoutContentAreRefused) {
  add(add(build.root(), "a"), "b");
  expect_invalid("an element without content", "X.a.b");
}

TEST_F(BuiltTree, PrimitivesWithoutValueAndChildrenAreRefused) {
  add(build.root(), "a", Kind::string);
  expect_invalid("an element without content", "X.a");
}

TEST_F(BuiltTree, AGapInAnArrayNeedsACompanion) {
  add(build.root(), "a", Kind::string, "1");
  add(build.root(), "a", Kind::string);
  expect_invalid("an element without content", "X.a[1]");
}

TEST_F(BuiltTree, NumbersAndBooleansThatAreNoneAreRefused) {
  for (const char* text : {"", "1.", "01", "+1", ".5", "1e", "NaN", "1 ", "1,\"x\":2", "--1"}) {
    tree::Document other(symbols);
    tree::Builder builder(other);
    builder.set_flag(builder.root(), Flag::resource);
    builder.set_type(builder.root(), symbols.intern("X"));
    builder.set_text(*builder.append(builder.root(), symbols.intern("n"), Kind::number), text);
    EXPECT_THAT(write(other), FailsWith(ErrorCode::invalid)) << text;
  }
  add(build.root(), "b", Kind::boolean, "TRUE");
  expect_invalid("a boolean that is not one", "X.b");
}

TEST_F(BuiltTree, WhatOnlyXmlHasIsRefused) {
  build.set_flag(add(build.root(), "a", Kind::string, "1"), Flag::attribute);
  expect_invalid("mixed content or an attribute, which JSON does not have", "X.a");
}

TEST_F(BuiltTree, TextInAnElementIsRefused) {
  add(build.root(), "a", Kind::element, "text");
  expect_invalid("text in an element, which JSON does not have", "X.a");
}

TEST_F(BuiltTree, LimitsOfBytesDepthAndNodesHoldForOutput) {
  tree::Node& a = add(build.root(), "a");
  add(a, "b", Kind::string, "0123456789");
  const std::string whole = *write(document);
  EXPECT_THAT(write(document, {.limits = {.max_bytes = whole.size()}}), IsOk());
  EXPECT_THAT(write(document, {.limits = {.max_bytes = whole.size() - 1}}),
              FailsWith(ErrorCode::too_long));
  EXPECT_THAT(write(document, {.limits = {.max_depth = 3}}), IsOk());
  EXPECT_THAT(write(document, {.limits = {.max_depth = 2}}), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(write(document, {.limits = {.max_nodes = 3}}), IsOk());
  EXPECT_THAT(write(document, {.limits = {.max_nodes = 2}}), FailsWith(ErrorCode::too_long));
}

TEST_F(BuiltTree, LargeOutputStopsAtTheLimitWithoutBeingMade) {
  const std::string megabyte(1 << 20, 'x');
  const std::string_view kept = document.arena().copy(megabyte);
  for (int i = 0; i < 64; ++i) {
    build.set_text(*build.append(build.root(), symbols.intern("a"), Kind::string), kept);
  }
  EXPECT_THAT(write(document, {.limits = {.max_bytes = 2 << 20}}), FailsWith(ErrorCode::too_long));
  auto whole = write(document, {.limits = {.max_bytes = 70 << 20}});
  ASSERT_THAT(whole, IsOk());
  EXPECT_EQ(whole->size(), 64 * (megabyte.size() + 3) + 26);
}

TEST_F(BuiltTree, DepthBeyondAThousandIsRefusedWhateverTheLimits) {
  tree::Node* at = &build.root();
  for (int i = 0; i < 100'000; ++i) at = build.append(*at, symbols.intern("a"));
  build.set_text(*build.append(*at, symbols.intern("v"), Kind::string), "x");
  EXPECT_THAT(write(document, {.limits = {.max_depth = 1'000'000}}),
              FailsWith(ErrorCode::too_long));
}

}  // namespace
}  // namespace concord::json
