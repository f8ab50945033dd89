// Plain fragments take a short cut: what comes out must be what the full reader gives.

#include <gmock/gmock.h>

#include "fhir/xml/detail/plain.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/support/result_matchers.h"

namespace concord::xml {
namespace {

/// Every node on a line: depth, name, namespace, attribute or not, text.
std::string told(const tree::Document& document, const tree::Node& node, std::size_t depth = 0) {
  std::string text(depth, ' ');
  text += std::string(document.name(node)) + "|" +
          std::string(document.text(node.xml_namespace())) + "|" +
          (node.is(tree::Flag::attribute) ? "@" : "") +
          (node.has_value() ? "=" + std::string(node.text()) : "") + "\n";
  for (const tree::Node& child : node.children()) text += told(document, child, depth + 1);
  return text;
}

class PlainFragment : public testing::TestWithParam<std::string> {};

TEST_P(PlainFragment, IsTheSameTreeAsTheFullReaders) {
  tree::Symbols symbols;
  tree::Document quick(symbols);
  tree::Builder build(quick);
  const tree::Node* read =
      detail::read_plain_fragment(build, build.root(), GetParam(), WhiteSpace::keep);
  ASSERT_NE(read, nullptr);
  const auto full = xml::read(GetParam(), symbols);
  ASSERT_THAT(full, IsOk());
  EXPECT_EQ(told(quick, *read), told(*full, full->root()));
}

INSTANTIATE_TEST_SUITE_P(Shapes, PlainFragment,
                         testing::Values("<a/>", "<a></a>", "<a>x</a>", "  <a> x \n y </a>\n",
                                         "<a b='1' c=\"2\"/>", "<a b = \"x y\" ><c/><c d=''/></a >",
                                         "<a> <b/> \n <b>t</b> </a>",
                                         "<S xmlns=\"urn:s\"><I A=\"u\"/><V>abc=</V></S>",
                                         "<a xmlns='urn:1'><b xmlns='urn:2'><c/></b><d/></a>",
                                         "<a> </a>", "<a.b-c_1><d/></a.b-c_1>",
                                         "<a b=\"it's\" c='say \"x\"'/>"));

class NotPlain : public testing::TestWithParam<std::string> {};

TEST_P(NotPlain, IsLeftToTheFullReaderAndLeavesNothingBehind) {
  tree::Symbols symbols;
  tree::Document document(symbols);
  tree::Builder build(document);
  EXPECT_EQ(detail::read_plain_fragment(build, build.root(), GetParam(), WhiteSpace::keep),
            nullptr);
  EXPECT_EQ(build.root().first_child(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, NotPlain,
    testing::Values("", " ", "x", "<", "<a", "<a>", "<a></b>", "<a></a></a>", "<a/><b/>", "<a/>x",
                    "<a b='1' b='2'/>", "<a b=1/>", "<a b/>", "<a b='1'c='2'/>", "<a b='<'/>",
                    "<a>&amp;</a>", "<a>x<b/></a>", "<a><b/>x</a>", "<!DOCTYPE a><a/>",
                    "<?xml?><a/>", "<!-- --><a/>", "<a><!-- --></a>", "<a><![CDATA[x]]></a>",
                    "<p:a xmlns:p='u'/>", "<a xmlns:p='u'/>", "<a xmlns=''/>", "<1/>",
                    "<a>\xC3\xA9</a>", "<a>\x01</a>", "<a>\r\n</a>", "<a b='\t'/>", "<a>]]></a>",
                    "<a b='1' xmlns='u'/>", std::string("<a>\0</a>", 8)));

TEST(PlainFragmentLimits, DeepAndLargeOnesAreLeftToTheFullReader) {
  tree::Symbols symbols;
  tree::Document document(symbols, tree::Limits{.max_nodes = 4});
  tree::Builder build(document);
  EXPECT_EQ(
      detail::read_plain_fragment(build, build.root(), "<a><b/><b/><b/><b/></a>", WhiteSpace::keep),
      nullptr);
  EXPECT_EQ(build.root().first_child(), nullptr);
  std::string deep;
  for (int i = 0; i < 17; ++i) deep += "<a>";
  for (int i = 0; i < 17; ++i) deep += "</a>";
  tree::Document roomy(symbols);
  tree::Builder other(roomy);
  EXPECT_EQ(detail::read_plain_fragment(other, other.root(), deep, WhiteSpace::keep), nullptr);
  ASSERT_THAT(read_fragment_into(other, other.root(), deep), IsOk());
}

TEST(PlainFragmentLimits, DroppedWhiteSpaceMakesAnElementEmpty) {
  tree::Symbols symbols;
  tree::Document document(symbols);
  tree::Builder build(document);
  const tree::Node* read = detail::read_plain_fragment(
      build, build.root(), "<a> <b>\n</b><c>x </c></a>", WhiteSpace::drop);
  ASSERT_NE(read, nullptr);
  EXPECT_FALSE(read->first_child()->has_value());
  EXPECT_EQ(read->last_child()->text(), "x ");
}

}  // namespace
}  // namespace concord::xml
