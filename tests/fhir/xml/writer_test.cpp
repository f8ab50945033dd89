#include "fhir/xml/writer.h"

#include <gmock/gmock.h>

#include "fhir/json/reader.h"
#include "fhir/xml/reader.h"
#include "tests/support/result_matchers.h"
#include "tests/support/trees.h"

namespace concord::xml {
namespace {

using tree::Flag;
using tree::Kind;

constexpr WriteOptions kCompact{.declaration = false, .indent = 0};

class BuiltTree : public testing::Test {
 protected:
  tree::Node& add(tree::Node& parent, const char* name, Kind kind = Kind::element,
                  const char* text = nullptr) {
    tree::Node* node = build.append(parent, symbols.intern(name), kind);
    if (text != nullptr) build.set_copy(*node, text);
    return *node;
  }
  tree::Node& attribute(tree::Node& parent, const char* name, const char* text) {
    tree::Node& node = add(parent, name, Kind::string, text);
    build.set_flag(node, Flag::attribute);
    return node;
  }
  std::string written(const WriteOptions& options = kCompact) {
    auto text = write(document, options);
    EXPECT_THAT(text, IsOk());
    return text ? *text : "";
  }
  BuiltTree() { build.set_name(build.root(), symbols.intern("r")); }

  tree::Symbols symbols;
  tree::Document document{symbols};
  tree::Builder build{document};
};

TEST_F(BuiltTree, NamespaceComesFirstThenAttributesByName) {
  build.set_namespace(build.root(), symbols.intern("urn:hl7-org:v3"));
  add(build.root(), "child");
  attribute(build.root(), "root", "2");
  attribute(build.root(), "extension", "1");
  attribute(build.root(), "a", "0");
  EXPECT_EQ(written(), R"(<r xmlns="urn:hl7-org:v3" a="0" extension="1" root="2"><child/></r>)");
}

TEST_F(BuiltTree, NamespaceIsWrittenOnlyWhereItChanges) {
  build.set_namespace(build.root(), symbols.intern("urn:a"));
  tree::Node& same = add(build.root(), "same");
  build.set_namespace(same, symbols.intern("urn:a"));
  tree::Node& other = add(same, "other");
  build.set_namespace(other, symbols.intern("urn:b"));
  add(other, "inherits");
  EXPECT_EQ(written(),
            R"(<r xmlns="urn:a"><same><other xmlns="urn:b"><inherits/></other></same></r>)");
}

TEST_F(BuiltTree, IndentedElementsWithTextStayOnOneLineAndNoLineFeedEndsTheFile) {
  tree::Node& a = add(build.root(), "a");
  add(a, "b", Kind::element, "text");
  add(a, "c");
  EXPECT_EQ(written({}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<r>\n  <a>\n    <b>text</b>\n    <c/>\n  </a>\n</r>");
  EXPECT_EQ(written({.declaration = false, .indent = 0, .expand_empty = true}),
            "<r><a><b>text</b><c></c></a></r>");
}

TEST_F(BuiltTree, MixedContentIsNeverIndented) {
  tree::Node& a = add(build.root(), "a");
  add(a, "b", Kind::element, "x");
  build.set_copy(*build.append(a, tree::Symbol::kNone, Kind::text), " tail ");
  add(add(a, "c"), "d");
  EXPECT_EQ(written({.declaration = false}), "<r>\n  <a><b>x</b> tail <c><d/></c></a>\n</r>");
}

TEST_F(BuiltTree, EscapingIsThatOfTheEpsSerialisation) {
  attribute(build.root(), "a", "<&>\"'x\t\f\ty\r\nz\nw\rv");
  add(build.root(), "t", Kind::element, "<&>\"'x\ty\nz");
  EXPECT_EQ(written(),
            "<r a=\"&lt;&amp;&gt;&quot;&#39;x y z w v\"><t>&lt;&amp;&gt;\"'x\ty\nz</t></r>");
}

TEST_F(BuiltTree, AttributesOfOtherNamespacesGetAPrefix) {
  build.set_namespace(attribute(build.root(), "lang", "en"),
                      symbols.intern("http://www.w3.org/XML/1998/namespace"));
  build.set_namespace(attribute(build.root(), "type", "PN"),
                      symbols.intern("http://www.w3.org/2001/XMLSchema-instance"));
  build.set_namespace(attribute(build.root(), "a", "1"), symbols.intern("urn:a"));
  attribute(build.root(), "z", "9");
  const std::string text = written();
  EXPECT_EQ(text, R"(<r xmlns:ns1="urn:a" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" )"
                  R"(z="9" ns1:a="1" xml:lang="en" xsi:type="PN"/>)");
  auto again = read(text, symbols);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(*write(*again, kCompact), text);
}

TEST_F(BuiltTree, WhatXmlCannotCarryIsRefused) {
  for (const char* text : {"\x01", "\x1F", "a\x0B", "\xEF\xBF\xBE", "\xEF\xBF\xBF", "\f"}) {
    tree::Document other(symbols);
    tree::Builder builder(other);
    builder.set_name(builder.root(), symbols.intern("r"));
    builder.set_text(builder.root(), text);
    auto result = write(other);
    ASSERT_THAT(result, FailsWith(ErrorCode::invalid));
    EXPECT_EQ(result.error().issues.front().text, "a character XML cannot carry");
  }
  build.set_text(build.root(), "\xEF\xBF\xBD");
  EXPECT_EQ(written(), "<r>\xEF\xBF\xBD</r>");
}

TEST_F(BuiltTree, NamesThatAreNoneAreRefused) {
  for (const char* name :
       {"1a", "a b", "a>", "a:b", "-a", "\"", "\xC3\x97", "\xC2\xB7", "a\xE2\x80\xA8"}) {
    build.set_name(build.root(), symbols.intern(name));
    EXPECT_THAT(write(document), FailsWith(ErrorCode::invalid)) << name;
  }
  build.set_name(build.root(), tree::Symbol::kNone);
  EXPECT_THAT(write(document), FailsWith(ErrorCode::invalid));
  // The last with U+FEFF inside: odd, but a name in the fifth edition of XML 1.0.
  for (const char* name : {"a", "_a", "A-1.b", "\xC3\xA9t\xC3\xA9",
                           "a\xEF\xBB\xBF"
                           "b"}) {
    build.set_name(build.root(), symbols.intern(name));
    EXPECT_THAT(write(document), IsOk()) << name;
  }
}

TEST_F(BuiltTree, AnAttributeTwiceIsRefused) {
  attribute(build.root(), "a", "1");
  attribute(build.root(), "a", "2");
  EXPECT_THAT(write(document), FailsWith(ErrorCode::invalid));
}

TEST_F(BuiltTree, LimitsOfBytesDepthAndNodesHoldForOutput) {
  add(add(build.root(), "a"), "b", Kind::element, "0123456789");
  const std::string whole = written();
  const auto limited = [&](tree::Limits limits) {
    WriteOptions options = kCompact;
    options.limits = limits;
    return write(document, options);
  };
  EXPECT_THAT(limited({.max_bytes = whole.size()}), IsOk());
  EXPECT_THAT(limited({.max_bytes = whole.size() - 1}), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(limited({.max_depth = 3}), IsOk());
  EXPECT_THAT(limited({.max_depth = 2}), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(limited({.max_nodes = 3}), IsOk());
  EXPECT_THAT(limited({.max_nodes = 2}), FailsWith(ErrorCode::too_long));
  tree::Node* at = &build.root();
  for (int i = 0; i < 100'000; ++i) at = build.append(*at, symbols.intern("a"));
  EXPECT_THAT(limited({.max_depth = 1'000'000}), FailsWith(ErrorCode::too_long));
}

TEST(FhirXmlWriter, WritesWhatJsonSaidInFhirsXml) {
  tree::Symbols symbols;
  auto document =
      json::read(R"({"resourceType":"Patient","id":"p1","text":{"status":"generated",)"
                 R"("div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">A &amp; B</div>"},)"
                 R"("contained":[{"resourceType":"Medication","id":"m"}],)"
                 R"("extension":[{"id":"e","url":"http://x","valueString":"a\n\t\"'<&>"}],)"
                 R"("birthDate":"1970","_birthDate":{"id":"b"},"given":["A",null],"_given":[null,)"
                 R"({"extension":[{"url":"u","valueBoolean":true}]}],"link":[{"url":"http://y"}]})",
                 symbols);
  ASSERT_THAT(document, IsOk());
  auto text = write_fhir(*document);
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"p1\"/>"
            "<text><status value=\"generated\"/>"
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">A &amp; B</div></text>"
            "<contained><Medication><id value=\"m\"/></Medication></contained>"
            "<extension id=\"e\" url=\"http://x\">"
            "<valueString value=\"a&#xA;&#x9;&quot;'&lt;&amp;&gt;\"/></extension>"
            "<birthDate id=\"b\" value=\"1970\"/><given value=\"A\"/>"
            "<given><extension url=\"u\"><valueBoolean value=\"true\"/></extension></given>"
            "<link><url value=\"http://y\"/></link></Patient>");
}

TEST(FhirXmlWriter, IndentsWhenAsked) {
  tree::Symbols symbols;
  auto document = json::read(
      R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"X","id":"1"}}]})", symbols);
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(*write_fhir(*document, {.declaration = false, .indent = 2}),
            "<Bundle xmlns=\"http://hl7.org/fhir\">\n"
            "  <entry>\n"
            "    <resource>\n"
            "      <X>\n"
            "        <id value=\"1\"/>\n"
            "      </X>\n"
            "    </resource>\n"
            "  </entry>\n"
            "</Bundle>");
  EXPECT_EQ(*write_fhir(*document, *document->root().first_child()->first_child(), kCompact),
            "<X xmlns=\"http://hl7.org/fhir\"><id value=\"1\"/></X>");
}

TEST(FhirXmlWriter, ANarrativeCannotBreakOutOfItsElement) {
  tree::Symbols symbols;
  for (const std::string_view div :
       {"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x</div></text><active "
        "value=\\\"true\\\"/>",
        "<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x", "x", "", "<div>x</div>",
        "<p xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x</p>",
        "<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">&nbsp;</div>",
        "<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x</div><!-- y -->",
        "<!DOCTYPE a><div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">x</div>",
        "<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><x xmlns=\\\"urn:x\\\"/></div>"}) {
    auto document =
        json::read(R"({"resourceType":"X","text":{"div":")" + std::string(div) + "\"}}", symbols);
    ASSERT_THAT(document, IsOk()) << div;
    auto text = write_fhir(*document);
    ASSERT_THAT(text, FailsWith(ErrorCode::invalid)) << div;
    EXPECT_EQ(text.error().issues.front().expression, "X.text.div");
  }
}

TEST(FhirXmlWriter, WhatFhirXmlCannotSayIsRefused) {
  tree::Symbols symbols;
  for (const char* text :
       {R"({"resourceType":"X","a":"\u0001"})", R"({"resourceType":"X","a b":"1"})",
        R"({"resourceType":"X","a":{"id":"1","_id":{"extension":[{"url":"u"}]}}})"}) {
    auto document = json::read(text, symbols);
    ASSERT_THAT(document, IsOk()) << text;
    EXPECT_THAT(write_fhir(*document), FailsWith(ErrorCode::invalid)) << text;
  }
  auto free = read("<a><b/></a>", symbols);
  ASSERT_THAT(free, IsOk());
  EXPECT_THAT(write_fhir(*free), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace concord::xml
