// Input meant to harm: a clear error each, in time and memory that grow no faster than the input.
#include <gmock/gmock.h>

#include <chrono>

#include "fhir/xml/canonical.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/support/result_matchers.h"

namespace concord::xml {
namespace {

using tree::Limits;

Result<tree::Document> read_free(std::string text, const Limits& limits = {}) {
  static tree::Symbols symbols;
  return read(std::move(text), symbols, limits);
}
Result<tree::Document> read_resource(std::string text, const Limits& limits = {}) {
  static tree::Symbols symbols;
  return read_fhir(std::move(text), symbols, limits);
}

/// Both readers and the canonical form refuse with that code and, unless empty, that text.
void expect_all_refuse(const std::string& xml, ErrorCode code, std::string_view text = {}) {
  const auto check = [&](const auto& result) {
    ASSERT_THAT(result, FailsWith(code)) << xml.substr(0, 200);
    if (!text.empty()) {
      EXPECT_EQ(result.error().issues.front().text, text);
    }
  };
  check(read_free(xml));
  check(read_resource(xml));
  check(canonicalise(xml));
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

constexpr char kSample[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Patient xmlns=\"http://hl7.org/fhir\"><id "
    "value='p&amp;1'/>"
    "<!-- c --><text><div xmlns=\"http://www.w3.org/1999/xhtml\">caf\xC3\xA9 "
    "&#xE9;<br/></div></text>"
    "<name id=\"n\"><given value=\"A\"/></name></Patient>\n";

TEST(HostileXml, TruncatedAtEveryByteIsMalformed) {
  const std::string sample(kSample, sizeof kSample - 1);
  ASSERT_THAT(read_resource(sample), IsOk());
  const std::size_t end = sample.rfind('>');
  for (std::size_t size = 0; size <= end; ++size) {
    auto result = read_resource(sample.substr(0, size));
    ASSERT_FALSE(result.has_value()) << size;
    EXPECT_EQ(result.error().code, ErrorCode::malformed) << size << to_string(result.error());
    EXPECT_THAT(read_free(sample.substr(0, size)), FailsWith(ErrorCode::malformed)) << size;
  }
}

TEST(HostileXml, AnyOneByteChangedNeverCrashesAndWhatIsReadCanBeWritten) {
  const std::string sample(kSample, sizeof kSample - 1);
  for (std::size_t at = 0; at < sample.size(); ++at) {
    for (const char other : {'\0', '"', '<', '>', '&', '/', '!', ']', '\x80', '\xFF', ':'}) {
      std::string changed = sample;
      changed[at] = other;
      if (auto free = read_free(changed)) {
        EXPECT_THAT(write(*free), IsOk()) << changed;
      }
      if (auto resource = read_resource(changed)) {
        EXPECT_THAT(write_fhir(*resource), IsOk()) << changed;
      }
    }
  }
}

TEST(HostileXml, DocumentTypesAndEntitiesAreRefusedBeforeAnythingIsExpanded) {
  const char* const kType = "a document type declaration";
  expect_all_refuse("<!DOCTYPE a><a/>", ErrorCode::malformed, kType);
  expect_all_refuse(
      "<?xml version=\"1.0\"?>\n<!-- c -->\n<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
      ErrorCode::malformed, kType);
  std::string bomb = "<!DOCTYPE a [<!ENTITY a0 \"lol\">";
  for (int i = 1; i < 12; ++i) {
    bomb += "<!ENTITY a" + std::to_string(i) + " \"" +
            repeated("&a" + std::to_string(i - 1) + ";", 10) + "\">";
  }
  expect_all_refuse(bomb + "]><a>&a11;</a>", ErrorCode::malformed, kType);
  expect_all_refuse("<!DOCTYPE a [<!ENTITY x SYSTEM \"http://127.0.0.1:1/\">]><a>&x;</a>",
                    ErrorCode::malformed, kType);
  expect_all_refuse("<A xmlns=\"http://hl7.org/fhir\">&undeclared;</A>", ErrorCode::malformed);
  expect_all_refuse("<A xmlns=\"http://hl7.org/fhir\" b=\"&undeclared;\"/>", ErrorCode::malformed);
  EXPECT_THAT(read_free("<a><!-- <!DOCTYPE a> --><![CDATA[<!DOCTYPE a>]]></a>"), IsOk());
}

TEST(HostileXml, ProcessingInstructionsAreRefused) {
  const char* const kText = "a processing instruction";
  expect_all_refuse("<?xml-stylesheet href=\"x\"?><a/>", ErrorCode::malformed, kText);
  expect_all_refuse("<A xmlns=\"http://hl7.org/fhir\"><?php x?></A>", ErrorCode::malformed, kText);
}

TEST(HostileXml, OtherEncodingsAreRefused) {
  expect_all_refuse("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>", ErrorCode::malformed,
                    "another encoding than UTF-8");
  expect_all_refuse("<?xml version=\"1.0\" encoding='UTF-16'?><a/>", ErrorCode::malformed,
                    "another encoding than UTF-8");
  expect_all_refuse("<a>\xE9</a>", ErrorCode::malformed, "not UTF-8");
  expect_all_refuse("<a>\xED\xA0\x80</a>", ErrorCode::malformed, "not UTF-8");
  expect_all_refuse("<a>\xC0\xBC</a>", ErrorCode::malformed, "not UTF-8");
  for (const std::string_view sixteen :
       {std::string_view("<\0a\0/\0>\0", 8), std::string_view("\0<\0a\0/\0>", 8),
        std::string_view("\xFF\xFE<\0a\0/\0>\0", 10),
        std::string_view("\xFE\xFF\0<\0a\0/\0>", 10)}) {
    expect_all_refuse(std::string(sixteen), ErrorCode::malformed,
                      "another encoding than UTF-8: UTF-16");
  }
  EXPECT_THAT(read_free("\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?><a/>"), IsOk());
}

TEST(HostileXml, CharactersXmlCannotCarryAreRefusedHoweverWritten) {
  for (const char* text :
       {"<a>\x01</a>", "<a>&#0;</a>", "<a>&#x1;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>",
        "<a>&#xFFFE;</a>", "<a>\xEF\xBF\xBE</a>", "<a>&#99999999999;</a>", "<a b=\"\x1F\"/>"}) {
    EXPECT_THAT(read_free(text), FailsWith(ErrorCode::malformed)) << text;
  }
  EXPECT_THAT(read_free(std::string("<a>\0</a>", 8)), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(read_free(std::string("<a/>\0", 5)), FailsWith(ErrorCode::malformed));
}

TEST(HostileXml, NestedAHundredThousandDeepIsTooLong) {
  auto result = read_free(repeated("<a>", 100'000));
  ASSERT_THAT(result, FailsWith(ErrorCode::too_long));
  EXPECT_EQ(result.error().issues.front().text, "nested deeper than 100 levels");
  EXPECT_THAT(read_free(repeated("<a>", 100'000), {.max_depth = 1'000'000}),
              FailsWith(ErrorCode::too_long));
  EXPECT_THAT(canonicalise(repeated("<a>", 100'000)), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(read_resource("<A xmlns=\"http://hl7.org/fhir\">" + repeated("<a>", 100'000)),
              FailsWith(ErrorCode::too_long));
  EXPECT_THAT(read_resource("<A xmlns=\"http://hl7.org/fhir\"><text>"
                            "<div xmlns=\"http://www.w3.org/1999/xhtml\">" +
                            repeated("<p>", 100'000)),
              FailsWith(ErrorCode::too_long));
}

TEST(HostileXml, DepthAtTheLimitIsReadAndOneMoreIsNot) {
  const auto nested = [](std::size_t depth) {
    return repeated("<a>", depth) + repeated("</a>", depth);
  };
  EXPECT_THAT(read_free(nested(100)), IsOk());
  EXPECT_THAT(read_free(nested(101)), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(read_free(nested(250), {.max_depth = 1000}), IsOk());
  EXPECT_THAT(read_free(nested(251), {.max_depth = 1000}), FailsWith(ErrorCode::too_long));
}

TEST(HostileXml, SizeAndNodeLimitsAreKept) {
  const std::string text = "<a b=\"1\"><c/><d/></a>";
  EXPECT_THAT(read_free(text, {.max_bytes = text.size()}), IsOk());
  EXPECT_THAT(read_free(text, {.max_bytes = text.size() - 1}), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(read_free(text, {.max_nodes = 4}), IsOk());
  EXPECT_THAT(read_free(text, {.max_nodes = 3}), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(canonicalise(text, {.max_nodes = 3}), FailsWith(ErrorCode::too_long));
  const std::string resource = "<A xmlns=\"http://hl7.org/fhir\"><b id=\"1\" value=\"2\"/></A>";
  EXPECT_THAT(read_resource(resource, {.max_nodes = 3}), IsOk());
  EXPECT_THAT(read_resource(resource, {.max_nodes = 2}), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(read_free("<a>" + std::string(17 << 20, 'x') + "</a>"),
              FailsWith(ErrorCode::too_long));
}

TEST(HostileXml, FiftyThousandAttributesAreRefusedAtOnce) {
  std::string text = "<a";
  for (int i = 0; i < 50'000; ++i) text += " a" + std::to_string(i) + "=\">\"";
  std::string spaces = "<a";
  for (int i = 0; i < 50'000; ++i) spaces += " xmlns:a" + std::to_string(i) + "='u'";
  const auto start = std::chrono::steady_clock::now();
  expect_all_refuse(text + "/>", ErrorCode::too_long, "more than 512 attributes on one element");
  expect_all_refuse("<b>" + text + "/></b>", ErrorCode::too_long);
  expect_all_refuse(spaces + "/>", ErrorCode::too_long);
  expect_all_refuse(text, ErrorCode::too_long);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(HostileXml, LongTextIsNotTakenForAttributes) {
  EXPECT_THAT(read_free("<a>" + repeated("\"quoted\" ", 10'000) + "</a>"), IsOk());
  EXPECT_THAT(read_free("<a b=\"" + repeated("'x' ", 10'000) + "\"/>"), IsOk());
  EXPECT_THAT(read_free("<a><!--" + repeated("\"x\" ", 10'000) + "--></a>"), IsOk());
}

TEST(HostileXml, ManyNamesAndRepeatsApartTakeLinearTime) {
  std::string many = "<A xmlns=\"http://hl7.org/fhir\">";
  for (int i = 0; i < 30'000; ++i) many += "<n" + std::to_string(i) + " value=\"1\"/>";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(read_resource(many + "</A>"), IsOk());
  EXPECT_THAT(read_resource(many + "<n0 value=\"2\"/></A>"), FailsWith(ErrorCode::invalid));
  std::string unknown = "<A xmlns=\"http://hl7.org/fhir\">";
  for (int i = 0; i < 50'000; ++i) unknown += "<m" + std::to_string(i) + " value=\"1\"/>";
  EXPECT_THAT(read_resource(unknown + "</A>"), FailsWith(ErrorCode::too_long));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(HostileXml, BigTextsBigAttributesAndManyPiecesAreReadOrRefusedInTime) {
  const auto start = std::chrono::steady_clock::now();
  const std::string big(9 << 20, 'x');
  auto text = read_free("<a>" + big + "</a>");
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(text->root().text(), big);
  auto attribute = read_free("<a b=\"" + big + "\"/>");
  ASSERT_THAT(attribute, IsOk());
  EXPECT_EQ(attribute->root().first_child()->text(), big);
  auto pieces = read_free("<a>" + repeated("&amp;x", 200'000) + "</a>");
  ASSERT_THAT(pieces, IsOk());
  EXPECT_EQ(pieces->root().text(), repeated("&x", 200'000));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(HostileXml, NotWellFormedIsPlacedAndNamesNoValue) {
  const auto check = [](std::string text, std::string_view why, Position position) {
    auto result = read_free(std::move(text));
    ASSERT_THAT(result, FailsWith(ErrorCode::malformed));
    EXPECT_EQ(result.error().issues.front().text, why);
    EXPECT_EQ(result.error().issues.front().position, position)
        << result.error().issues.front().position.line << ":"
        << result.error().issues.front().position.column;
  };
  check("<a>\n<Secret></Other></a>", "an end tag that does not match its start tag", {2, 17});
  check("<a b=\"1\" b=\"2\"/>", "an attribute occurs twice in one element", {1, 15});
  check("<a/>\nSecret", "bytes after the end of the outermost element, or it has no end", {2, 1});
  for (const char* text :
       {"", " ", "Secret", "<a", "<a>", "</a>", "<a b=Secret/>", "<a b/>", "<a b='<'/>", "<1a/>",
        "<a><![CDATA[x</a>", "<a><!-- -- --></a>", "<x:a/>", "<a x:b='1'/>", "<a>]]></a>",
        "<a/><b/>", "<a>&</a>", "<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>"}) {
    auto result = read_free(text);
    ASSERT_THAT(result, FailsWith(ErrorCode::malformed)) << text;
    EXPECT_EQ(to_string(result.error()).find("Secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace concord::xml
