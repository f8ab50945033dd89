// The canonical form of texts, and of trees: there it has a short way for what is written so
// anyhow.
#include "fhir/xml/canonical.h"

#include <gmock/gmock.h>

#include "fhir/tree/builder.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/support/result_matchers.h"

namespace concord::xml {
namespace {

TEST(Canonical, IsExclusiveWithoutCommentsAndSorted) {
  auto text = canonicalise(
      "<?xml version=\"1.0\"?>\n<a:x xmlns:b='urn:b' xmlns:a='urn:a' z='1' b='&gt;&apos;'><!-- c "
      "-->"
      "<y xmlns='urn:y'/><![CDATA[<]]>&#13;</a:x>\n");
  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text,
            "<a:x xmlns:a=\"urn:a\" b=\">'\" z=\"1\"><y xmlns=\"urn:y\"></y>&lt;&#xD;</a:x>");
}

TEST(Canonical, RelativeNamespacesHaveNoCanonicalForm) {
  EXPECT_THAT(canonicalise("<a xmlns='relative'/>"), FailsWith(ErrorCode::invalid));
}

/// The canonical form of a tree, and of what is written of it.
void expect_one_form(const tree::Document& document) {
  const auto written = write(document, {.declaration = false, .indent = 0});
  ASSERT_THAT(written, IsOk());
  const auto of_text = canonicalise(*written);
  const auto of_tree = canonicalise(document, document.root());
  ASSERT_EQ(of_tree.has_value(), of_text.has_value()) << *written;
  if (of_text) {
    EXPECT_EQ(*of_tree, *of_text);
  } else {
    EXPECT_EQ(of_tree.error().code, of_text.error().code);
  }
}

TEST(Canonical, ATreeHasTheFormOfWhatIsWrittenOfIt) {
  tree::Symbols symbols;
  for (const char* text :
       {"<a/>",
        "<a>x</a>",
        "<a> x\n\ty </a>",
        "<a b='1' a='2' B='3'/>",
        "<a b='&quot;&lt;&amp;'/>",
        "<a b='>'/>",
        "<a b=\"'\"/>",
        "<a>&amp;&lt;&gt;\"'</a>",
        "<a>&#13;</a>",
        "<a>x&#13;&#10;</a>",
        "<a b='&#9;x&#10;&#13;'/>",
        "<a xmlns='urn:a'><b/></a>",
        "<a xmlns='urn:a'><b xmlns='urn:b'><c xmlns='urn:a'/></b><d/></a>",
        "<a><b xmlns='urn:b'/><c/></a>",
        "<p:a xmlns:p='urn:p' xmlns='urn:d'><b p:c='1' c='2'/></p:a>",
        "<a xml:lang='en' xml:space='preserve'/>",
        "<a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='T' a='1'/>",
        "<a xmlns='http://www.w3.org/2000/09/xmldsig#'/>",
        "<a xmlns='http://'/>",
        "<a xmlns='http:///x'/>",

        "<a xmlns='urn:'/>",

        "<a xmlns='relative'/>",
        "<a xmlns='x/y:z'/>",
        "<a><b xmlns='relative'/></a>",
        "<a>x<b/>y<c>z</c></a>",
        "<a><![CDATA[<&>]]></a>",
        "<a b='é' é='b'>é\xF0\x9F\x92\x8A</a>",
        "<a\xC2\xB7 a\xC2\xB7='1'/>"}) {
    SCOPED_TRACE(text);
    auto document = read(text, symbols);
    ASSERT_THAT(document, IsOk());
    expect_one_form(*document);
  }
}

TEST(Canonical, ATreeThatNoTextGaveHasTheFormOfWhatIsWrittenOfIt) {
  tree::Symbols symbols;
  for (const auto& [name, value] :
       {std::pair{"xmlns", "urn:x"}, {"b", "a\tb"}, {"b", "a\r\nb"}, {"b", "\f"}, {"b", "\r"}}) {
    SCOPED_TRACE(name);
    tree::Document document(symbols);
    tree::Builder builder(document);
    builder.set_name(builder.root(), builder.symbol("a"));
    tree::Node* attribute =
        builder.append(builder.root(), builder.symbol(name), tree::Kind::string);
    builder.set_flag(*attribute, tree::Flag::attribute);
    builder.set_copy(*attribute, value);
    expect_one_form(document);
  }
}

TEST(Canonical, ATreeTooDeepForATextIsRefusedAsWell) {
  tree::Symbols symbols;
  tree::Document document(symbols);
  tree::Builder builder(document);
  builder.set_name(builder.root(), builder.symbol("a"));
  tree::Node* at = &builder.root();
  for (int i = 0; i < 400; ++i) at = builder.append(*at, builder.symbol("a"));
  EXPECT_FALSE(canonicalise(document, document.root()).has_value());
}

}  // namespace
}  // namespace concord::xml
