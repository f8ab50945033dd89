// The reader that goes on: the same tree where nothing is wrong, bounds, and texts meant to cost
// time. What it finds is told by tests/fhir/validate/syntax_test.cpp.
#include <gmock/gmock.h>

#include <chrono>

#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/support/result_matchers.h"
#include "tests/support/trees.h"

namespace concord::xml {
namespace {

tree::Symbols& symbols() {
  static tree::Symbols known;
  return known;
}

tree::Reading collect(std::string text, const tree::Limits& limits = {}) {
  return read_fhir_collecting(std::move(text), symbols(), limits);
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

constexpr char kHead[] = "<A xmlns=\"http://hl7.org/fhir\">";

TEST(CollectingXml, ReadsWhatTheStrictReaderReadsToTheSameTree) {
  const std::string text =
      "<?xml version=\"1.0\"?><!-- c --><A xmlns=\"http://hl7.org/fhir\"><id "
      "value='p&amp;1'/><text>"
      "<status value=\"generated\"/><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>x<br/></p></div>"
      "</text><contained><B><id value=\"b\"/></B></contained><extension url=\"u\" id=\"i\">"
      "<valueString value=\"v\"/></extension><name><given value=\"A\"/><given value=\"B\"/></name>"
      "</A>";
  const auto reading = collect(text);
  ASSERT_TRUE(reading.clean());
  const auto strict = read_fhir(text, symbols());
  ASSERT_THAT(strict, IsOk());
  EXPECT_EQ(test::outline(*reading.document), test::outline(*strict));
}

TEST(CollectingXml, TruncatedAtEveryByteIsFatal) {
  const std::string sample = std::string(kHead) +
                             "text<a value=\"1\" b=\"2\"/><?p q?><![CDATA[x]]><h:div "
                             "xmlns:h=\"http://www.w3.org/1999/xhtml\">&amp;</h:div></A>";
  for (std::size_t size = 0; size < sample.size(); ++size) {
    const auto reading = collect(sample.substr(0, size));
    ASSERT_FALSE(reading.document) << size;
    ASSERT_EQ(reading.findings.size(), 1u) << size;
    EXPECT_EQ(reading.findings.front().severity, Severity::fatal);
  }
  EXPECT_TRUE(collect(sample).document);
}

TEST(CollectingXml, LimitsAreKeptAndFatal) {
  const auto fatal = [](const tree::Reading& reading, std::string_view text) {
    EXPECT_FALSE(reading.document);
    ASSERT_FALSE(reading.findings.empty());
    EXPECT_EQ(reading.findings.back().severity, Severity::fatal);
    EXPECT_EQ(reading.findings.back().text, text);
    EXPECT_EQ(reading.findings.back().issue_type, "too-long");
  };
  fatal(collect(kHead + repeated("<a>", 100'000)), "nested deeper than 100 levels");
  fatal(collect(kHead + ("<div>" + repeated("<p>", 100'000))), "nested deeper than 250 levels");
  fatal(collect(kHead + ("<contained><B/><C>" + repeated("<a>", 100'000))),
        "nested deeper than 250 levels");
  fatal(collect(std::string(kHead) + "<a value=\"1\"/><a value=\"2\"/></A>", {.max_nodes = 2}),
        "more than 2 elements");
  fatal(collect(std::string(kHead) + "</A>", {.max_bytes = 10}), "more than 10 bytes");
  std::string names = kHead;
  for (int i = 0; i < 40'000; ++i) names += "<n" + std::to_string(i) + " value=\"1\"/>";
  fatal(collect(names + "</A>"), "more than 32,768 different names nobody knows");
  fatal(collect("<A xmlns=\"http://hl7.org/fhir\"" +
                [] {
                  std::string attributes;
                  for (int i = 0; i < 50'000; ++i) attributes += " a" + std::to_string(i) + "='1'";
                  return attributes;
                }() +
                "/>"),
        "more than 512 attributes on one element");
}

TEST(CollectingXml, RepeatsApartAndMistakesByTheHundredThousandTakeLinearTime) {
  const auto start = std::chrono::steady_clock::now();
  const auto apart =
      collect(kHead + repeated("<a value=\"1\"/><b value=\"2\"/>", 100'000) + "</A>");
  ASSERT_TRUE(apart.clean());
  EXPECT_EQ(apart.document->root().first_child()->next_sibling()->source_offset(),
            std::string_view(kHead).size() + 28);
  EXPECT_EQ(apart.document->root().last_child()->text(), "2");
  const auto wrong =
      collect(kHead + repeated("text<a c=\"1\"/><?p?><![CDATA[x]]><b/>", 30'000) + "</A>");
  ASSERT_TRUE(wrong.document);
  EXPECT_EQ(wrong.findings.size(), tree::kMostSyntaxFindings + 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(CollectingXml, FindingsNameNoValueOfTheMessage) {
  for (const char* inner :
       {"Secret", "<a b=\"Secret\"/>", "<![CDATA[Secret]]>", "<a>Secret</a>", "<?p Secret?>",
        "<a xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"Secret\"/>"}) {
    const auto reading = collect(std::string(kHead) + inner + "</A>");
    ASSERT_FALSE(reading.findings.empty()) << inner;
    for (const auto& finding : reading.findings) {
      EXPECT_EQ((finding.text + finding.path).find("Secret"), std::string::npos) << finding.text;
    }
  }
}

}  // namespace
}  // namespace concord::xml
