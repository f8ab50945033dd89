#include "fhir/xml/reader.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"
#include "tests/support/trees.h"

namespace concord::xml {
namespace {

using tree::Kind;
using tree::Limits;

Result<tree::Document> read_free(std::string text, const Limits& limits = {}) {
  static tree::Symbols symbols;
  return read(std::move(text), symbols, limits);
}
Result<tree::Document> read_resource(std::string text, const Limits& limits = {}) {
  static tree::Symbols symbols;
  return read_fhir(std::move(text), symbols, limits);
}

std::string outline_of(const Result<tree::Document>& document) {
  EXPECT_THAT(document, IsOk());
  return document ? test::outline(*document) : "";
}

void expect_refused(const Result<tree::Document>& result, ErrorCode code, std::string_view text,
                    std::string_view expression = "") {
  ASSERT_FALSE(result.has_value()) << text;
  EXPECT_EQ(result.error().code, code) << to_string(result.error());
  ASSERT_EQ(result.error().issues.size(), 1u);
  EXPECT_EQ(result.error().issues.front().text, text);
  EXPECT_EQ(result.error().issues.front().expression, expression) << text;
}

TEST(XmlReader, AttributesAreChildrenBeforeElementsAndNamespacesAreKept) {
  EXPECT_EQ(outline_of(read_free(R"(<?xml version="1.0" encoding="UTF-8"?>
<id xmlns="urn:hl7-org:v3" root="1.2" extension="&quot;a&amp;b&quot;">
  <part>text</part>
  <empty/>
</id>)")),
            "id element {urn:hl7-org:v3}\n"
            "  root string @ = '1.2'\n"
            "  extension string @ = '\"a&b\"'\n"
            "  part element {urn:hl7-org:v3} = 'text'\n"
            "  empty element {urn:hl7-org:v3}\n");
}

TEST(XmlReader, PrefixesAreResolvedAndNotKept) {
  EXPECT_EQ(
      outline_of(read_free(R"(<s:E xmlns:s="urn:s" xmlns:t="urn:t"><t:B s:a="1" b="2"/></s:E>)")),
      "E element {urn:s}\n"
      "  B element {urn:t}\n"
      "    a string {urn:s} @ = '1'\n"
      "    b string @ = '2'\n");
}

TEST(XmlReader, MixedContentKeepsEveryRunOfTextInItsPlace) {
  EXPECT_EQ(outline_of(read_free("<a> <b/> one <c/>\n<d/>two</a>")),
            "a element\n"
            "   text = ' '\n"
            "  b element\n"
            "   text = ' one '\n"
            "  c element\n"
            "   text = '\n'\n"
            "  d element\n"
            "   text = 'two'\n");
}

TEST(XmlReader, WhiteSpaceBetweenElementsAloneIsDroppedAndInsideALeafIsKept) {
  EXPECT_EQ(outline_of(read_free("<a>\n  <b> </b>\n  <c>\t<d/></c></a>")),
            "a element\n"
            "  b element = ' '\n"
            "  c element\n"
            "    d element\n");
}

TEST(XmlReader, TextInPiecesIsOneValue) {
  EXPECT_EQ(outline_of(read_free("<a>x&amp;y<!-- c -->z<![CDATA[<&>]]>\r\nend&#233;&#xA;</a>")),
            "a element = 'x&yz<&>\nend\xC3\xA9\n'\n");
}

TEST(XmlReader, AttributeWhiteSpaceIsNormalisedButNotItsReferences) {
  EXPECT_EQ(outline_of(read_free("<a b='x\n\ty' c='x&#10;&#9;y'/>")),
            "a element\n"
            "  b string @ = 'x  y'\n"
            "  c string @ = 'x\n\ty'\n");
}

TEST(XmlReader, EveryNodeKnowsWhereItStood) {
  const std::string source = "<?xml version=\"1.0\"?>\n<a>\n  <b c=\"1\">text</b> tail\n</a>";
  auto document = read_free(source);
  ASSERT_THAT(document, IsOk());
  const tree::Node& b = *document->root().first_child()->next_sibling();
  EXPECT_EQ(document->root().source_offset(), source.find("<a"));
  EXPECT_EQ(b.source_offset(), source.find("<b"));
  EXPECT_EQ(b.first_child()->source_offset(), source.find("1\">"));
  EXPECT_EQ(b.next_sibling()->kind(), Kind::text);
  EXPECT_EQ(b.next_sibling()->source_offset(), source.find(" tail"));
  EXPECT_EQ(document->position(b), (Position{3, 3}));
  EXPECT_EQ(document->source(), source);
}

TEST(XmlReader, PlainValuesAreViewsIntoTheSource) {
  auto document = read_free("<a b=\"value\">text</a>");
  ASSERT_THAT(document, IsOk());
  const char* const begin = document->source().data();
  const auto inside = [&](std::string_view text) {
    return text.data() >= begin && text.data() < begin + document->source().size();
  };
  EXPECT_TRUE(inside(document->root().text()));
  EXPECT_TRUE(inside(document->root().first_child()->text()));
}

TEST(XmlReader, AnElementWithoutNamespaceInsideOneWithIsRefusedNotMistaken) {
  expect_refused(read_free(R"(<a xmlns="urn:a"><b xmlns=""/></a>)"), ErrorCode::unsupported,
                 "an element without namespace inside an element with one", "a");
  EXPECT_THAT(read_free(R"(<a><b xmlns="urn:b"/><c/></a>)"), IsOk());
}

TEST(XmlFragment, IsAppendedWithItsOwnMemoryAndNoOffsets) {
  tree::Symbols symbols;
  tree::Document document(symbols);
  tree::Builder build(document);
  build.set_name(build.root(), symbols.intern("signatureText"));
  {
    const std::string xml =
        "<Signature xmlns=\"urn:sig\">\n <Value a='1'>abc</Value>\n</Signature>";
    auto added = read_fragment_into(build, build.root(), xml);
    ASSERT_THAT(added, IsOk());
    EXPECT_EQ(document.name(**added), "Signature");
    EXPECT_EQ((*added)->source_offset(), tree::Node::kNoOffset);
  }
  EXPECT_EQ(test::outline(document),
            "signatureText element\n"
            "  Signature element {urn:sig}\n"
            "    Value element {urn:sig} = 'abc'\n"
            "      a string @ = '1'\n");
}

TEST(XmlFragment, WhiteSpaceAloneIsDroppedWhenAsked) {
  tree::Symbols symbols;
  tree::Document document(symbols);
  tree::Builder build(document);
  ASSERT_THAT(read_fragment_into(build, build.root(), "<a> <b>\n</b></a>", WhiteSpace::drop),
              IsOk());
  ASSERT_THAT(read_fragment_into(build, build.root(), "<a> <b>\n</b></a>", WhiteSpace::keep),
              IsOk());
  EXPECT_EQ(test::outline(document),
            " element\n  a element\n    b element\n  a element\n    b element = '\n'\n");
}

TEST(XmlFragment, LeavesTheParentAsItWasOnAnError) {
  tree::Symbols symbols;
  tree::Document document(symbols, {.max_nodes = 5});
  tree::Builder build(document);
  build.append(build.root(), symbols.intern("kept"));
  EXPECT_THAT(read_fragment_into(build, build.root(), "<a><b></a>"),
              FailsWith(ErrorCode::malformed));
  EXPECT_THAT(read_fragment_into(build, build.root(), "text"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(read_fragment_into(build, build.root(), "<a/><b/>"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(read_fragment_into(build, build.root(), "<a><b/><c/></a>"),
              FailsWith(ErrorCode::too_long));
  EXPECT_EQ(test::outline(document), " element\n  kept element\n");
}

constexpr char kPatient[] = R"(<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir">
  <id value="p1"/>
  <text>
    <status value="generated"/>
    <div xmlns="http://www.w3.org/1999/xhtml"><p class='x'>A &amp; <b>B</b>&#160;<br/></p></div>
  </text>
  <contained>
    <Medication>
      <id value="m"/>
    </Medication>
  </contained>
  <extension url="http://example.org/x" id="e">
    <valueString value="two&#xA;lines"/>
  </extension>
  <name id="n">
    <given value="Ann">
      <extension url="u"><valueBoolean value="true"/></extension>
    </given>
    <given value="B"/>
  </name>
</Patient>)";

TEST(FhirXmlReader, ValuesIdsUrlsNarrativeAndResourcesBecomeFhirsTree) {
  EXPECT_EQ(outline_of(read_resource(kPatient)),
            " element : Patient resource\n"
            "  id string = 'p1'\n"
            "  text element\n"
            "    status string = 'generated'\n"
            "    div string = '<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class='x'>A &amp; "
            "<b>B</b>&#160;<br/></p></div>'\n"
            "  contained element : Medication resource\n"
            "    id string = 'm'\n"
            "  extension element\n"
            "    id string = 'e'\n"
            "    url string = 'http://example.org/x'\n"
            "    valueString string = 'two\nlines'\n"
            "  name element\n"
            "    id string = 'n'\n"
            "    given string = 'Ann'\n"
            "      extension element\n"
            "        url string = 'u'\n"
            "        valueBoolean string = 'true'\n"
            "    given string = 'B'\n");
}

TEST(FhirXmlReader, PathsAndPositionsAreThoseOfTheResource) {
  auto document = read_resource(kPatient);
  ASSERT_THAT(document, IsOk());
  const tree::Node& name = *document->root().last_child();
  EXPECT_EQ(document->path(*name.last_child()), "Patient.name.given[1]");
  EXPECT_EQ(document->position(name), (Position{16, 3}));
}

TEST(FhirXmlReader, APrefixForTheFhirNamespaceIsFine) {
  EXPECT_EQ(outline_of(read_resource(
                R"(<f:Patient xmlns:f="http://hl7.org/fhir"><f:id value="1"/></f:Patient>)")),
            " element : Patient resource\n"
            "  id string = '1'\n");
}

TEST(FhirXmlReader, WhatFhirXmlDoesNotHaveIsRefused) {
  const auto refused = [](std::string inner, std::string_view why, std::string_view expression) {
    expect_refused(read_resource("<Patient xmlns=\"http://hl7.org/fhir\">" + inner + "</Patient>"),
                   ErrorCode::invalid, why, expression);
  };
  refused("stray", "text between elements", "Patient");
  refused("<id value=\"1\">x</id>", "text between elements", "Patient.id");
  refused("<![CDATA[x]]>", "a CDATA section", "Patient");
  refused("<id/>", "an element without content", "Patient.id");
  refused("<name><given/></name>", "an element without content", "Patient.name.given");
  refused("<id other=\"1\"/>", "an attribute FHIR does not have", "Patient.id");
  refused("<id url=\"1\"/>", "an attribute FHIR does not have", "Patient.id");
  refused("<id xmlns:x=\"urn:x\" x:value=\"1\"/>", "an attribute FHIR does not have", "Patient.id");
  refused("<x:id xmlns:x=\"urn:x\" value=\"1\"/>",
          "an element outside the namespace http://hl7.org/fhir", "Patient");
  refused("<id xmlns=\"\" value=\"1\"/>", "an element outside the namespace http://hl7.org/fhir",
          "Patient");
  refused("<a value=\"1\"/><b value=\"2\"/><a value=\"3\"/>",
          "repeats of an element that do not stand side by side", "Patient");
  refused("<Medication><id value=\"1\"/></Medication>", "a resource where none may stand",
          "Patient");
  refused("<contained><A/><B/></contained>", "more than one resource in an element",
          "Patient.contained");
  refused("<contained><A/><b value=\"1\"/></contained>", "more than one resource in an element",
          "Patient.contained");
  refused("<contained id=\"1\"><A/></contained>", "a resource where none may stand",
          "Patient.contained");
  refused("<contained><A id=\"1\"/></contained>", "an attribute on a resource",
          "Patient.contained");
  refused("<text><div xmlns=\"http://www.w3.org/1999/xhtml\"><svg xmlns=\"urn:svg\"/></div></text>",
          "an element outside XHTML in a narrative", "Patient.text");
}

TEST(FhirXmlReader, RootMustBeAResourceInTheNamespace) {
  expect_refused(read_resource("<Patient><id value=\"1\"/></Patient>"), ErrorCode::invalid,
                 "an element outside the namespace http://hl7.org/fhir");
  expect_refused(read_resource("<patient xmlns=\"http://hl7.org/fhir\"/>"), ErrorCode::invalid,
                 "the outermost element is no resource");
  expect_refused(read_resource("<Patient xmlns=\"http://hl7.org/fhir\" "
                               "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                               "xsi:schemaLocation=\"x\"/>"),
                 ErrorCode::invalid, "an attribute on a resource");
}

TEST(FhirXmlReader, NarrativeMustStandForItself) {
  expect_refused(
      read_resource(
          R"(<f:Patient xmlns:f="http://hl7.org/fhir" xmlns="http://www.w3.org/1999/xhtml">)"
          R"(<f:text><div>x</div></f:text></f:Patient>)"),
      ErrorCode::unsupported, "a narrative that does not declare its own namespace",
      "Patient.text");
  expect_refused(
      read_resource(
          R"(<Patient xmlns="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml">)"
          R"(<text><h:div>x</h:div></text></Patient>)"),
      ErrorCode::unsupported, "a narrative that does not declare its own namespace",
      "Patient.text");
}

}  // namespace
}  // namespace concord::xml
