// Narratives as a flat list.

#include "fhir/xml/xhtml.h"

#include <gmock/gmock.h>

namespace concord::xml {
namespace {

using testing::ElementsAre;

TEST(Xhtml, IsAListOfElementsAndTextsInOrder) {
  const auto read = read_xhtml(
      R"(<div xmlns="http://www.w3.org/1999/xhtml"><p class="x">a<b>c</b></p> <br/></div>)");
  ASSERT_TRUE(read.has_value());
  std::vector<std::string> shown;
  for (const XhtmlNode& node : read->nodes()) {
    shown.push_back(read->path(node) + (node.is_element() ? "" : ":" + std::string(node.text)) +
                    " " + std::to_string(node.end));
  }
  EXPECT_THAT(shown,
              ElementsAre("div 6", "div/p 5", "div/p:a 3", "div/p/b 5", "div/p/b:c 5", "div/br 6"));
  EXPECT_EQ(read->nodes()[0].name_space, kXhtmlNamespace);
  EXPECT_EQ(read->attribute(read->nodes()[1], "class"), "x");
  EXPECT_EQ(read->attribute(read->nodes()[1], "id").data(), nullptr);
}

TEST(Xhtml, NamesOfCharactersThatOnlyHtmlHasAreToldAndReadAsSpace) {
  const auto read = read_xhtml("<div>a&nbsp;b&amp;c&copy;&nbsp;</div>");
  ASSERT_TRUE(read.has_value());
  EXPECT_THAT(read->html_entities(), ElementsAre("nbsp", "copy"));
}

TEST(Xhtml, DocumentTypesAndHalvesAreRefused) {
  for (const char* text :
       {"", "<div>", "<div/><div/>", "<!DOCTYPE div><div/>", "a", "<div>&x</div>"}) {
    EXPECT_FALSE(read_xhtml(text).has_value()) << text;
  }
  tree::Limits few;
  few.max_nodes = 2;
  const auto read = read_xhtml("<div><p/><p/></div>", few);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::too_long);
}

TEST(Xhtml, KnowsWhatANarrativeMayHold) {
  EXPECT_TRUE(is_narrative_element("blockquote"));
  EXPECT_FALSE(is_narrative_element("script"));
  EXPECT_TRUE(is_narrative_attribute("a", "href"));
  EXPECT_FALSE(is_narrative_attribute("p", "href"));
  EXPECT_FALSE(is_narrative_attribute("p", "onclick"));
  EXPECT_TRUE(has_content(*read_xhtml("<div><img src='x'/></div>")));
  EXPECT_FALSE(has_content(*read_xhtml("<div><p> </p></div>")));
  EXPECT_FALSE(has_narrative_names_only(*read_xhtml("<div><p style='x' onclick='y'>a</p></div>")));
}

}  // namespace
}  // namespace concord::xml
