// Pages for people: what they show, and that nothing of a resource becomes markup.

#include "gateway/api/page.h"

#include "gateway/api/html_json.h"
#include "gateway/api/html_text.h"
#include "gateway/api/summary_line.h"
#include "tests/gateway/api/kept.h"

namespace concord::api {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::pair<std::string, std::string>> kBrowser{
    {"accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}};

std::string html(std::string_view text) {
  std::string out;
  append_html(out, text);
  return out;
}

TEST(HtmlText, NothingBecomesMarkup) {
  EXPECT_EQ(html("<script>alert('x')</script> & \"q\""),
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;q&quot;");
  EXPECT_EQ(html(std::string("a\0b\x1b\x7f", 5)), "a\\u0000b\\u001B\\u007F");
  EXPECT_EQ(html("a\xE2\x80\xAE"
                 "b\xE2\x81\xA6"),
            "a\\u202Eb\\u2066")
      << "overrides of direction";
  EXPECT_EQ(html("caf\xC3\xA9 \xE2\x82\xAC \xE2\x80"), "caf\xC3\xA9 \xE2\x82\xAC \xE2\x80");
  std::string json;
  append_html_json(json, "a\"b\\c\nd<");
  EXPECT_EQ(json, "a\\&quot;b\\\\c\\nd&lt;");
}

std::string printed(std::string_view text, const HtmlJsonLimits& limits = {}) {
  tree::Symbols symbols;
  const auto document = json::read(std::string(text), symbols);
  if (!document) return to_string(document.error());
  std::string out;
  const bool whole = append_html_json(
      out, *document, document->root(),
      [](std::string_view value) { return value == "Patient/1" ? "/P" : std::string(); }, limits);
  return out + (whole ? "" : " CUT");
}

TEST(HtmlJson, IsIndentedJsonWithLinks) {
  EXPECT_EQ(
      printed(
          R"({"resourceType":"Group","active":true,"quantity":1.50,"_code":{"id":"c"},"member":[{"entity":{"reference":"Patient/1"}}],"x":[null,"b"],"_x":[{"id":"1"},null]})"),
      "{\n"
      "  <b>&quot;resourceType&quot;</b>: &quot;Group&quot;,\n"
      "  <b>&quot;active&quot;</b>: true,\n"
      "  <b>&quot;quantity&quot;</b>: 1.50,\n"
      "  <b>&quot;_code&quot;</b>: {\n"
      "    <b>&quot;id&quot;</b>: &quot;c&quot;\n"
      "  },\n"
      "  <b>&quot;member&quot;</b>: [\n"
      "    {\n"
      "      <b>&quot;entity&quot;</b>: {\n"
      "        <b>&quot;reference&quot;</b>: <a href=\"/P\">&quot;Patient/1&quot;</a>\n"
      "      }\n"
      "    }\n"
      "  ],\n"
      "  <b>&quot;x&quot;</b>: [\n"
      "    null,\n"
      "    &quot;b&quot;\n"
      "  ],\n"
      "  <b>&quot;_x&quot;</b>: [\n"
      "    {\n"
      "      <b>&quot;id&quot;</b>: &quot;1&quot;\n"
      "    },\n"
      "    null\n"
      "  ]\n"
      "}");
}

TEST(HtmlJson, IsBounded) {
  const std::string data =
      R"({"resourceType":"Binary","data":")" + std::string(100'000, 'A') + "\"}";
  const std::string shown = printed(data);
  EXPECT_LT(shown.size(), 5000U);
  EXPECT_THAT(shown, HasSubstr("96000 bytes more"));
  std::string many = R"({"resourceType":"List","entry":[{"id":"0"})";
  for (int i = 1; i < 5000; ++i) many += R"(,{"id":"x"})";
  const std::string cut = printed(many + "]}", {.max_bytes = 10'000});
  EXPECT_LT(cut.size(), 12'000U);
  EXPECT_THAT(cut, testing::EndsWith(" CUT"));
  const std::string accent =
      R"({"resourceType":"Basic","x":")" + std::string(3, 'a') + "\xC3\xA9\"}";
  EXPECT_THAT(printed(accent, {.max_text = 4}), HasSubstr("&quot;aaa&quot;<i>"))
      << "never half of a character";
}

TEST_F(Kept, ResourceIsAPageWithItsVersionsAndLinks) {
  put("Patient/p1", patient("Ashdown", "p1"));
  put("Patient/p1",
      R"({"resourceType":"Patient","id":"p1","managingOrganization":{"reference":"Organization/o1"},
         "link":[{"other":{"reference":"https://concord.example/FHIR/R4/Patient/p2"},"type":"seealso"}]})");
  const auto page = get("Patient/p1", kBrowser);
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(field(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(field(page, "ETag"), "W/\"2\"");
  EXPECT_THAT(page.body, HasSubstr("<title>Patient/p1"));
  EXPECT_THAT(page.body, HasSubstr("version 2 of "));
  const std::string base = "<a href=\"https://concord.example/FHIR/R4";
  EXPECT_THAT(page.body, HasSubstr(base + "/Patient/p1/_history/1\">1</a>"));
  EXPECT_THAT(page.body, HasSubstr(base + "/Patient/p1/_history\">history</a>"));
  EXPECT_THAT(page.body, HasSubstr(base + "/Organization/o1\">&quot;Organization/o1&quot;</a>"));
  EXPECT_THAT(page.body, HasSubstr(base + "/Patient/p2\">"));
  EXPECT_THAT(page.body, HasSubstr("<a href=\"?_format=json\">JSON</a>"));
  EXPECT_THAT(get("Patient/p1?_format=html").body, HasSubstr("<!DOCTYPE html>"));
}

TEST_F(Kept, PagesHaveNoScriptAndLoadNothing) {
  put("Patient/p1", patient("Ashdown", "p1"));
  const auto page = get("Patient/p1", kBrowser);
  const std::string policy = field(page, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_THAT(page.body, Not(HasSubstr(" style=")));
  EXPECT_THAT(page.body, Not(HasSubstr(" src=")));
}

TEST_F(Kept, HostileContentStaysText) {
  const auto made = put("Patient/p1", R"j({"resourceType":"Patient","id":"p1",
    "name":[{"family":"<img src=x onerror=alert(1)>","given":["\"><svg onload=alert(2)>"]}],
    "managingOrganization":{"reference":"javascript:alert(3)"},
    "photo":[{"url":"https://concord.example/FHIR/R4/Binary/1#\"onmouseover=\"x"}],
    "link":[{"other":{"reference":"Patient/x#\" onclick=\"y"},"type":"seealso"}]})j");
  ASSERT_EQ(made.status, 201) << made.body;
  for (const char* target : {"Patient/p1", "Patient", "_history", "Patient/p1/_history/1"}) {
    const auto page = get(target, kBrowser);
    EXPECT_EQ(page.status, 200) << target;
    EXPECT_THAT(page.body, Not(HasSubstr("<img"))) << target;
    EXPECT_THAT(page.body, Not(HasSubstr("<svg"))) << target;
    EXPECT_THAT(page.body, Not(HasSubstr("<div"))) << target;
    EXPECT_THAT(page.body, Not(HasSubstr("href=\"javascript"))) << target;
    EXPECT_THAT(page.body, Not(HasSubstr("\" on"))) << target;
    EXPECT_THAT(page.body, Not(HasSubstr("\"on"))) << target;
  }
}

TEST_F(Kept, TheAddressItselfIsEscapedInItsPage) {
  const auto page =
      get("Patient?nothing=%22%3E%3Cscript%3E&x=\"><script>alert(1)</script>", kBrowser);
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_THAT(page.body, HasSubstr("_format=json"));
}

TEST_F(Kept, ListsShowEntriesAndThePagesAround) {
  for (int i = 0; i < 5; ++i) post("Patient", patient("Ash" + std::to_string(i)));
  const auto page = get("Patient?_count=2&_total=accurate", kBrowser);
  EXPECT_THAT(page.body, HasSubstr("<span>total 5</span>"));
  EXPECT_THAT(page.body, HasSubstr(">next</a>"));
  EXPECT_THAT(page.body, HasSubstr(">Patient/id-5</a>"));
  EXPECT_THAT(page.body, HasSubstr("<td>Ash4"));
  const auto history = get("Patient/id-1/_history", kBrowser);
  EXPECT_THAT(history.body, HasSubstr("/Patient/id-1/_history/1\">"));
  EXPECT_THAT(history.body, HasSubstr("201"));
}

TEST_F(Kept, ErrorsArePagesToo) {
  const auto page = get("Patient/none", kBrowser);
  EXPECT_EQ(page.status, 404);
  EXPECT_EQ(field(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("<p class=\"error\">error · not-found<br>"));
  EXPECT_EQ(field(get("unknownRoute", kBrowser), "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(field(get("Patient?birthdate=x", kBrowser), "Content-Type"),
            "text/html; charset=utf-8");
  EXPECT_NE(field(get("metadata", kBrowser), "Content-Security-Policy"), "");
}

std::string line_of(std::string_view text) {
  tree::Symbols symbols;
  const auto document = json::read(std::string(text), symbols);
  return document ? summary_line(*document, document->root()) : "";
}

TEST(SummaryLine, SaysWhatTellsResourcesApart) {
  EXPECT_EQ(
      line_of(R"({"resourceType":"Patient","name":[{"family":"Ashdown","given":["Mary","Ann"]}],
                        "gender":"female","birthDate":"1950-01-02"})"),
      "Mary Ann Ashdown · female · 1950-01-02");
  EXPECT_EQ(line_of(R"({"resourceType":"Observation","status":"final","code":{"coding":[{"code":"1",
                        "display":"Weight"}]},"valueQuantity":{"value":70,"unit":"kg"}})"),
            "Weight · 70 kg · final");
  EXPECT_EQ(line_of(R"({"resourceType":"ValueSet","title":"Colours","status":"draft"})"),
            "Colours · draft");
  EXPECT_EQ(line_of(R"({"resourceType":"Basic"})"), "");
  EXPECT_LT(line_of(R"({"resourceType":"Basic","title":")" + std::string(5000, 'x') + "\"}").size(),
            200U);
}

}  // namespace
}  // namespace concord::api
