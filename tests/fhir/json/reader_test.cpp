#include "fhir/json/reader.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"
#include "tests/support/trees.h"

namespace concord::json {
namespace {

using tree::Limits;

Result<tree::Document> read_text(std::string text, const Limits& limits = {}) {
  static tree::Symbols symbols;
  return read(std::move(text), symbols, limits);
}

std::string outline_of(std::string text) {
  auto document = read_text(std::move(text));
  EXPECT_THAT(document, IsOk());
  return document ? test::outline(*document) : "";
}

/// Checks the whole of the one issue of an error.
void expect_refused(const Result<tree::Document>& result, ErrorCode code, std::string_view text,
                    std::string_view expression, Position position) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, code) << to_string(result.error());
  ASSERT_EQ(result.error().issues.size(), 1u);
  const Issue& issue = result.error().issues.front();
  EXPECT_EQ(issue.text, text);
  EXPECT_EQ(issue.expression, expression);
  EXPECT_EQ(issue.position, position) << issue.position.line << ":" << issue.position.column;
  EXPECT_EQ(issue.severity, Severity::error);
}

TEST(JsonReader, ResourceBecomesTypedNodesInTheOrderWritten) {
  EXPECT_EQ(outline_of(R"({"resourceType":"Patient","active":true,"name":[{"family":"Grey"}],
                           "multipleBirthInteger":2})"),
            " element : Patient resource\n"
            "  active boolean = 'true'\n"
            "  name element []\n"
            "    family string = 'Grey'\n"
            "  multipleBirthInteger number = '2'\n");
}

TEST(JsonReader, NumbersKeepTheirDigits) {
  for (const char* number : {"0", "-0", "1.50", "0.000", "1e3", "-1.0E-12",
                             "123456789012345678901234567890.123456789012345678901234567890"}) {
    auto document = read_text(std::string(R"({"resourceType":"X","value":)") + number + "}");
    ASSERT_THAT(document, IsOk()) << number;
    const tree::Node& value = *document->root().first_child();
    EXPECT_EQ(value.kind(), tree::Kind::number);
    EXPECT_EQ(value.text(), number);
  }
}

TEST(JsonReader, EscapesAreResolvedAndTheSourceStaysAsReceived) {
  const std::string source =
      R"({"resourceType":"X","text":"a\"b\\c\/d\n\r\t\b\f\u00e9\uD83D\uDE00 and plain text after it"})";
  auto document = read_text(source);
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->root().first_child()->text(),
            "a\"b\\c/d\n\r\t\b\f\xC3\xA9\xF0\x9F\x98\x80 and plain text after it");
  EXPECT_EQ(document->source(), source);
}

TEST(JsonReader, EveryNodeKnowsWhereItStood) {
  const std::string source = "{\n \"resourceType\": \"X\",\n \"a\": {\"b\": [1, \"\\u0041\"]}\n}";
  auto document = read_text(source);
  ASSERT_THAT(document, IsOk());
  const tree::Node& a = *document->root().first_child();
  const tree::Node& first = *a.first_child();
  const tree::Node& second = *first.next_sibling();
  EXPECT_EQ(document->root().source_offset(), 0u);
  EXPECT_EQ(a.source_offset(), source.find("\"a\""));
  EXPECT_EQ(first.source_offset(), source.find('1'));
  EXPECT_EQ(second.source_offset(), source.find("\"\\u0041\""));
  EXPECT_EQ(document->position(a), (Position{3, 2}));
  EXPECT_EQ(document->path(second), "X.a.b[1]");
}

TEST(JsonReader, TypeIsFoundWhereverItStands) {
  EXPECT_EQ(outline_of(R"({"id":"1","contained":[{"id":"c","resourceType":"Medication"}],
                           "resourceType":"Bundle","entry":[{"resource":{"resourceType":"X"}}]})"),
            " element : Bundle resource\n"
            "  id string = '1'\n"
            "  contained element : Medication [] resource\n"
            "    id string = 'c'\n"
            "  entry element []\n"
            "    resource element : X resource\n");
}

TEST(JsonReader, TypeMustBeAStringOnceAndWhereAResourceMayStand) {
  const auto refused = [](std::string text, std::string_view why, std::string_view expression,
                          Position position) {
    expect_refused(read_text(std::move(text)), ErrorCode::invalid, why, expression, position);
  };
  refused("{}", "an object without members", "", {1, 1});
  refused(R"({"id":"1"})", "no resourceType in the outermost object", "", {1, 1});
  refused(R"({"resourceType":7})", "resourceType is not a string", "resourceType", {1, 17});
  refused(R"({"resourceType":null})", "resourceType is not a string", "resourceType", {1, 17});
  refused(R"({"resourceType":["X"]})", "resourceType is not a string", "resourceType", {1, 17});
  refused(R"({"resourceType":{"a":1}})", "resourceType is not a string", "resourceType", {1, 17});
  refused(R"({"resourceType":""})", "resourceType is empty", "resourceType", {1, 17});
  refused(R"({"resourceType":"X","resourceType":"X"})", "resourceType occurs twice in one object",
          "X.resourceType", {1, 21});
  refused(R"({"resourceType":"X","name":{"resourceType":"Y"}})",
          "resourceType in an element that is no resource", "X.name.resourceType", {1, 29});
  refused(R"({"resourceType":"X","_id":{"resourceType":"Y"}})",
          "resourceType in an element that is no resource", "X.id.resourceType", {1, 28});
  // The one element of R4 that has this name.
  EXPECT_EQ(outline_of(R"({"resourceType":"ExampleScenario","instance":[{"resourceType":"X"}]})"),
            " element : ExampleScenario resource\n"
            "  instance element []\n"
            "    resourceType string = 'X'\n");
}

TEST(JsonReader, CompanionsBecomeChildrenOfThePrimitiveInEitherOrder) {
  const char* const kExpected =
      " element : Patient resource\n"
      "  birthDate string = '1970-03-30'\n"
      "    id string = 'a'\n"
      "    extension element []\n"
      "      url string = 'u'\n";
  EXPECT_EQ(outline_of(R"({"resourceType":"Patient","birthDate":"1970-03-30",
                           "_birthDate":{"id":"a","extension":[{"url":"u"}]}})"),
            kExpected);
  EXPECT_EQ(outline_of(R"({"resourceType":"Patient",
                           "_birthDate":{"id":"a","extension":[{"url":"u"}]},
                           "birthDate":"1970-03-30"})"),
            kExpected);
}

TEST(JsonReader, CompanionAloneIsAPrimitiveWithoutValue) {
  EXPECT_EQ(outline_of(R"({"resourceType":"Patient","_birthDate":{"id":"a"}})"),
            " element : Patient resource\n"
            "  birthDate string\n"
            "    id string = 'a'\n");
}

TEST(JsonReader, CompanionArraysMeetTheirValuesByIndexWhateverIsPaddedOrLonger) {
  const char* const kExpected =
      " element : X resource\n"
      "  given string [] = 'A'\n"
      "  given string []\n"
      "    id string = 'b'\n"
      "  given string [] = 'C'\n"
      "    id string = 'c'\n"
      "  given string []\n"
      "    id string = 'd'\n"
      "  other number = '1'\n";
  const std::string values = R"("given":["A",null,"C"])";
  const std::string companions = R"("_given":[null,{"id":"b"},{"id":"c"},{"id":"d"}])";
  const std::string head = R"({"resourceType":"X",)";
  EXPECT_EQ(outline_of(head + values + "," + companions + R"(,"other":1})"), kExpected);
  EXPECT_EQ(outline_of(head + companions + "," + values + R"(,"other":1})"), kExpected);
  EXPECT_EQ(outline_of(head + values + R"(,"other":1,)" + companions + "}"), kExpected);
  EXPECT_EQ(outline_of(head + companions + R"(,"other":1,)" + values + "}"), kExpected);
}

TEST(JsonReader, NullStandsOnlyWhereItPadsAnArray) {
  const auto refused = [](std::string members, std::string_view why, std::string_view expression,
                          std::uint32_t column) {
    expect_refused(read_text(R"({"resourceType":"X",)" + members + "}"), ErrorCode::invalid, why,
                   expression, {1, column});
  };
  const char* const kGap = "null in an array without id or extension in its place";
  refused(R"("a":null)", "null as the value of a member", "X.a", 25);
  refused(R"("_a":null)", "null as the value of a member", "X.a", 26);
  refused(R"("a":[null])", kGap, "X.a[0]", 26);
  refused(R"("a":["x",null])", kGap, "X.a[1]", 30);
  refused(R"("a":["x",null],"_a":[{"id":"1"},null])", kGap, "X.a[1]", 30);
  refused(R"("_a":[null,{"id":"1"}],"a":[null,"x"])", kGap, "X.a[0]", 27);
}

TEST(JsonReader, CompanionThatFitsNoPrimitiveIsRefused) {
  const auto refused = [](std::string members, std::string_view why) {
    auto result = read_text(R"({"resourceType":"X",)" + members + "}");
    ASSERT_THAT(result, FailsWith(ErrorCode::invalid)) << members;
    EXPECT_EQ(result.error().issues.front().text, why) << members;
  };
  const char* const kNotObject = "the value of a member with _ is not an object";
  const char* const kNotPrimitive = "a member with _ stands beside one that is not a primitive";
  const char* const kUnequal = "of a member and its twin with _ only one is an array";
  refused(R"("a":"x","_a":"y")", kNotObject);
  refused(R"("a":"x","_a":true)", kNotObject);
  refused(R"("a":["x"],"_a":[1])", kNotObject);
  refused(R"("a":{"b":1},"_a":{"id":"1"})", kNotPrimitive);
  refused(R"("_a":{"id":"1"},"a":{"b":1})", kNotPrimitive);
  refused(R"("a":[{"b":1}],"_a":[{"id":"1"}])", kNotPrimitive);
  refused(R"("a":"x","_a":[{"id":"1"}])", kUnequal);
  refused(R"("a":["x"],"_a":{"id":"1"})", kUnequal);
  refused(R"("_a":{"id":"1"},"a":["x"])", kUnequal);
  refused(R"("_a":[{"id":"1"}],"a":"x")", kUnequal);
  refused(R"("a":"x","_a":{})", "an object without members");
}

TEST(JsonReader, NameTwiceInOneObjectIsRefusedAndNotInTwo) {
  expect_refused(read_text(R"({"resourceType":"X","b":[{"a":1},{"a":2,"c":3,"a":4}]})"),
                 ErrorCode::invalid, "a name occurs twice in one object", "X.b[1].a", {1, 47});
  expect_refused(read_text(R"({"resourceType":"X","_a":{"id":"1"},"_a":{"id":"2"}})"),
                 ErrorCode::invalid, "a name occurs twice in one object", "X.a", {1, 37});
  expect_refused(read_text(R"({"resourceType":"X","nested":{"a":1},"id":"1","nested":{"a":1}})"),
                 ErrorCode::invalid, "a name occurs twice in one object", "X.nested", {1, 47});
  // The same name once by letters and once by escapes.
  EXPECT_THAT(read_text(R"({"resourceType":"X","id":"1","\u0069d":"2"})"),
              FailsWith(ErrorCode::invalid));
}

TEST(JsonReader, EmptyAndNestedContainersAreRefused) {
  const auto refused = [](std::string members, std::string_view why, std::string_view expression) {
    auto result = read_text(R"({"resourceType":"X",)" + members + "}");
    ASSERT_THAT(result, FailsWith(ErrorCode::invalid)) << members;
    EXPECT_EQ(result.error().issues.front().text, why);
    EXPECT_EQ(result.error().issues.front().expression, expression);
  };
  refused(R"("a":{})", "an object without members", "X.a");
  refused(R"("a":[{}])", "an object without members", "X.a[0]");
  refused(R"("a":[])", "an array without members", "X.a");
  refused(R"("a":[[1]])", "an array inside an array", "X.a[0]");
  refused(R"("":1)", "a member without a name", "X");
}

TEST(JsonReader, OnlyAnObjectIsADocument) {
  for (const char* text : {"[]", "[{}]", "1", "\"x\"", "true", "null"}) {
    EXPECT_THAT(read_text(text), FailsWith(ErrorCode::invalid)) << text;
  }
}

TEST(JsonReader, SyntaxErrorsNameTheirPlace) {
  const auto refused = [](std::string text, std::string_view why, std::string_view expression,
                          Position position) {
    expect_refused(read_text(std::move(text)), ErrorCode::malformed, why, expression, position);
  };
  refused("", "there is no JSON value", "", {0, 0});
  refused(" \n ", "there is no JSON value", "", {2, 2});
  refused("{\"resourceType\":\"X\",\n\"a\":tru}", "not a JSON value", "X.a", {2, 8});
  refused("{\"resourceType\":\"X\",}", "the name of a member is missing", "X.resourceType",
          {1, 21});
  refused("{\"resourceType\":\"X\" \"a\":1}", "a comma or } is missing after a member",
          "X.resourceType", {1, 21});
  refused("{\"resourceType\":\"X\",\"a\" 1}", "a colon is missing after the name of a member",
          "X.a", {1, 25});
  refused("{\"resourceType\":\"X\",\"a\":[1 2]}",
          "a comma or ] is missing after a member of an array", "X.a[0]", {1, 28});
  refused("{\"resourceType\":\"X\"}x", "bytes after the end of the JSON value", "", {1, 21});
  refused("{\"resourceType\":\"X\"}{}", "bytes after the end of the JSON value", "", {1, 21});
  refused(std::string("{\"resourceType\":\"X\"}\0x", 22), "bytes after the end of the JSON value",
          "", {1, 21});
  refused("{\"resourceType\":\"X\",\"a\":\"\\x\"}", "an escape JSON does not have", "X.a", {1, 26});
  refused("{\"resourceType\":\"X\",\"a\":\"b\nc\"}", "a control character inside a string", "X.a",
          {1, 27});
  refused("{\"resourceType\":\"X\",\"a\":1.}", "not a JSON number", "X.a", {1, 27});
}

TEST(JsonReader, LeniencesOfOtherReadersAreRefused) {
  for (const char* text :
       {"{'resourceType':'X'}", "{resourceType:\"X\"}", "{\"resourceType\":\"X\",\"a\":[1,]}",
        "{\"resourceType\":\"X\"} // c", "/* c */ {\"resourceType\":\"X\"}",
        "{\"resourceType\":\"X\",\"a\":01}", "{\"resourceType\":\"X\",\"a\":+1}",
        "{\"resourceType\":\"X\",\"a\":.5}", "{\"resourceType\":\"X\",\"a\":0x1F}",
        "{\"resourceType\":\"X\",\"a\":NaN}", "{\"resourceType\":\"X\",\"a\":Infinity}",
        "{\"resourceType\":\"X\",\"a\":-}", "{\"resourceType\":\"X\",\"a\":1e}",
        "{\"resourceType\":\"X\",\"a\":TRUE}", "{\"resourceType\":\"X\",\"a\":\"\\'\"}"}) {
    EXPECT_THAT(read_text(text), FailsWith(ErrorCode::malformed)) << text;
  }
}

TEST(JsonReader, UnknownNamesStayInTheDocument) {
  tree::Symbols symbols;
  auto document = read(R"({"resourceType":"X","madeUp":1})", symbols);
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(symbols.find("madeUp"), tree::Symbol::kNone);
  EXPECT_NE(document->find("madeUp"), tree::Symbol::kNone);
}

TEST(JsonReader, DocumentMayBeMovedAboutAfterReading) {
  auto document = read_text(R"({"resourceType":"X","a":"\u00e9"})");
  ASSERT_THAT(document, IsOk());
  tree::Document moved = *std::move(document);
  tree::Document again = std::move(moved);
  EXPECT_EQ(again.root().first_child()->text(), "\xC3\xA9");
  EXPECT_EQ(again.path(*again.root().first_child()), "X.a");
  EXPECT_EQ(again.position(*again.root().first_child()), (Position{1, 21}));
}

TEST(PlainJsonReader, CarriesWhatIsNotFhir) {
  tree::Symbols symbols;
  auto document = read_plain(
      R"({"name":"pkg","_id":"x","none":null,"empty":[],"object":{},"resourceType":3,"l":[1,null,2]})",
      symbols);
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(test::outline(*document),
            " element\n"
            "  name string = 'pkg'\n"
            "  _id string = 'x'\n"
            "  object element\n"
            "  resourceType number = '3'\n"
            "  l number [] = '1'\n"
            "  l number [] = '2'\n");
  EXPECT_THAT(read_plain(R"({"a":1,"a":2})", symbols), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(read_plain("[]", symbols), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(read_plain("{} x", symbols), FailsWith(ErrorCode::malformed));
}

TEST(JsonReader, EmptyArraysArePassedOverWithAFindingAndNothingElseIs) {
  const tree::Symbols symbols;
  std::vector<tree::SyntaxFinding> passed;
  auto document = read_passing_empty_arrays(
      R"({"resourceType":"Patient","name":[],"active":true,"contact":[{"telecom":[],"gender":"other"}]})",
      symbols, {}, &passed);
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(test::outline(*document),
            " element : Patient resource\n"
            "  active boolean = 'true'\n"
            "  contact element []\n"
            "    gender string = 'other'\n");
  ASSERT_EQ(passed.size(), 2u);
  EXPECT_EQ(passed[0].path, "Patient.name");
  EXPECT_EQ(passed[1].path, "Patient.contact[0].telecom");

  passed.clear();
  EXPECT_THAT(read_passing_empty_arrays(R"({"resourceType":"Patient","active":true})", symbols, {},
                                        &passed),
              IsOk());
  EXPECT_TRUE(passed.empty());
  expect_refused(read_passing_empty_arrays(R"({"resourceType":"Patient","name":[],"contact":[{}]})",
                                           symbols, {}, &passed),
                 ErrorCode::invalid, "an array without members", "Patient.name", {1, 27});
  EXPECT_TRUE(passed.empty());
  EXPECT_THAT(read_passing_empty_arrays(R"({"resourceType":"Patient","name":[],)", symbols, {}),
              FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace concord::json
