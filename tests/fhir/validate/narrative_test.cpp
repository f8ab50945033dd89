// Narratives and texts: what they must not carry.

#include "tests/fhir/validate/rule_sets.h"

namespace concord::validate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const RuleSets& rules() {
  static const RuleSets loaded{};
  return loaded;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::vector<std::string> ids(std::string_view inside, std::string_view more = "",
                             std::string_view attributes = "") {
  const std::string div = R"(<div xmlns="http://www.w3.org/1999/xhtml")" + std::string(attributes) +
                          ">" + std::string(inside) + "</div>";
  std::vector<std::string> found = rules().findings(
      R"({"resourceType": "Patient", "id": "p", "text": {"status": "generated", "div": ")" +
          escaped(div) + "\"}" + std::string(more) + "}",
      {"XHTML"});
  for (std::string& line : found) line = line.substr(0, line.rfind(' '));
  return found;
}

TEST(Narrative, OfPlainTextTablesAndLinksHasNoFindings) {
  EXPECT_THAT(
      ids(R"(<p>Take <b>one</b> <a href="#p">tablet</a></p><table><tr><td>1</td></tr></table>
                     <ul><li>a</li></ul><p><a href="https://a.example/x?y=1">more</a><br/></p>)"),
      IsEmpty());
}

struct Case {
  std::string name;
  std::string inside;
  std::vector<std::string> expected;
};
class NarrativeFault : public testing::TestWithParam<Case> {};

TEST_P(NarrativeFault, IsNamed) {
  EXPECT_THAT(ids(GetParam().inside), testing::ElementsAreArray(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    Each, NarrativeFault,
    testing::Values(
        Case{"Script", "<script>x</script>", {"error XHTML_XHTML_Element_Illegal"}},
        Case{"Event", R"(<p onclick="x">a</p>)", {"error XHTML_XHTML_Attribute_Illegal"}},
        Case{"AttributeOfAnotherElement",
             R"(<p href="x">a</p>)",
             {"error XHTML_XHTML_Attribute_Illegal"}},
        Case{"Namespace", R"(<p xmlns="urn:x">a</p>)", {"error XHTML_XHTML_NS_Invalid"}},
        Case{"Entity", "a&nbsp;b", {"error XHTML_XHTML_Entity_Illegal"}},
        Case{"Unfinished", "<p>a", {"error Error_parsing_XHTML_"}},
        Case{"BlockInParagraph",
             "<p>a<table><tr><td>b</td></tr></table></p>",
             {"error XHTML_XHTML_ELEMENT_ILLEGAL_IN_PARA", "error XHTML_XHTML_BLOCK_IN_PARA"}},
        Case{"LinkInLink",
             R"(<a href="#p">a <i><a href="#p">b</a></i></a>)",
             {"error XHTML_XHTML_NO_RECURSION"}},
        Case{"ItemWithoutList", "<li>a</li>", {"error XHTML_XHTML_OUT_OF_PLACE"}},
        Case{"TextInList", "<ul>a<li>b</li></ul>", {"error XHTML_XHTML_ILLEGAL_CHILDREN"}},
        Case{"ContentInBreak", "<br>a</br>", {"error XHTML_XHTML_NO_CHILDREN"}},
        Case{"Active",
             R"(<a href="javascript:x">a</a>)",
             {"error TYPE_SPECIFIC_CHECKS_DT_XHTML_ACTIVE_HREF"}},
        Case{"Urn",
             R"(<a href="urn:uuid:1">a</a><a href="urn:uuid:2">b</a>)",
             {"error TYPE_SPECIFIC_CHECKS_DT_XHTML_LITERAL_HREF",
              "error TYPE_SPECIFIC_CHECKS_DT_XHTML_LITERAL_HREF"}},
        Case{"UnknownScheme",
             R"(<a href="ftp://a.example/x">a</a>)",
             {"information TYPE_SPECIFIC_CHECKS_DT_XHTML_UNKNOWN_HREF"}},
        Case{"NoTarget",
             R"(<a href="#nowhere">a</a>)",
             {"error Type_Specific_Checks_DT_XHTML_Resolve"}},
        Case{"TwoTargets",
             R"(<a href="#x">a</a><p id="x">b</p><a name="x">c</a>)",
             {"warning TYPE_SPECIFIC_CHECKS_DT_XHTML_MULTIPLE_MATCHES",
              "warning XHTML_XHTML_DUPLICATE_IDS"}},
        Case{"EmptyLink",
             R"(<a href="">a</a>)",
             {"error XHTML_URL_INVALID", "error TYPE_SPECIFIC_CHECKS_DT_XHTML_EMPTY_HREF"}},
        Case{"NoUrl", R"(<a href="a b">a</a>)", {"error XHTML_URL_INVALID"}},
        Case{"Data",
             R"(<img alt="x" src="data:image/png;base64,AAA"/>)",
             {"error XHTML_URL_INVALID"}},
        Case{"Image",
             R"(<img alt="x" src="#nothing"/>)",
             {"error TYPE_SPECIFIC_CHECKS_DT_XHTML_RESOLVE_IMG"}},
        Case{"Space",
             R"(<p xml:space="preserve">a</p>)",
             {"information XHTML_XHTML_ATTRIBUTE_XML_SPACE"}},
        Case{"Languages", R"(a<div xml:lang="en">b</div>)", {"warning XHTML_XHTML_MIXED_LANG"}}),
    [](const auto& row) { return row.param.name; });

TEST(Narrative, SaysItsLanguageTwice) {
  EXPECT_THAT(rules().findings(R"({"resourceType": "Patient", "language": "en", "text": {
      "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"cy\">a</div>"}})",
                               {"Language_XHTML"}),
              ElementsAre("warning Language_XHTML_Lang_Different1 Patient.text.div",
                          "warning Language_XHTML_Lang_Missing3 Patient.text.div"));
}

TEST(Narrative, DeepAndWideOnesEnd) {
  std::string deep, wide;
  for (int i = 0; i < 10'000; ++i) deep += "<b>";
  EXPECT_THAT(ids(deep), ElementsAre("error Error_parsing_XHTML_"));
  for (int i = 0; i < 5'000; ++i) wide += "<a href='#p'>x</a>";
  EXPECT_THAT(ids(wide), IsEmpty());
}

std::vector<std::string> about_text(std::string_view text, const Options& options) {
  return rules().findings(
      R"({"resourceType": "Patient", "name": [{"text": ")" + escaped(text) + R"("}]})",
      {"SECURITY", "UNICODE"}, options);
}

TEST(Text, WithTagsIsToldOfAndRefusedWhereSecurityIsChecked) {
  Options strict = Options::reference();
  strict.security_checks = true;
  EXPECT_THAT(about_text("a <b>c</b>", Options::reference()),
              ElementsAre("information SECURITY_STRING_CONTENT_WARNING Patient.name[0].text"));
  EXPECT_THAT(about_text("a <b>c</b>", strict),
              ElementsAre("error SECURITY_STRING_CONTENT_ERROR Patient.name[0].text"));
  EXPECT_THAT(about_text("1 < 2 and 3 > 2 < 4", strict), IsEmpty());
}

TEST(Text, ThatTurnsTheDirectionOfWritingTurnsItBack) {
  Options strict = Options::reference();
  strict.no_unicode_bidi_controls = true;
  EXPECT_THAT(about_text("a \xE2\x80\xAE b", Options::reference()),
              ElementsAre("warning UNICODE_BIDI_CONTROLS_CHARS_MATCH Patient.name[0].text"));
  EXPECT_THAT(about_text("a \xE2\x80\xAE b \xE2\x80\xAC c", Options::reference()), IsEmpty());
  EXPECT_THAT(about_text("a \xE2\x80\xAE b \xE2\x80\xAC c", strict),
              ElementsAre("error UNICODE_BIDI_CONTROLS_CHARS_DISALLOWED Patient.name[0].text"));
}

TEST(Text, OfMarkdownHoldsNoTags) {
  const auto markdown = [](std::string_view text, bool refuse) {
    Options options = Options::reference();
    options.no_html_in_markdown = refuse;
    return rules().findings(R"({"resourceType": "Communication", "status": "completed",
                                "note": [{"text": ")" +
                                escaped(text) + "\"}]}",
                            {"MARKDOWN"}, options);
  };
  EXPECT_THAT(
      markdown("<br> x", false),
      ElementsAre("warning TYPE_SPECIFIC_CHECKS_DT_MARKDOWN_HTML Communication.note[0].text"));
  EXPECT_THAT(
      markdown("<!-- x -->", true),
      ElementsAre("error TYPE_SPECIFIC_CHECKS_DT_MARKDOWN_HTML Communication.note[0].text"));
  EXPECT_THAT(markdown("\\<br> <https://a.example/> 1 <2", true), IsEmpty());
}

}  // namespace
}  // namespace concord::validate
