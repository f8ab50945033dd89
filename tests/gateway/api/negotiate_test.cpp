#include "tests/gateway/api/calling.h"

namespace concord::api {
namespace {

std::string asked(std::string_view accept, std::string_view query = {}) {
  http::Request request;
  if (!accept.empty()) request.fields.push_back({"accept", accept});
  const auto answering = answer_format(request, *http::parse_query(query));
  if (!answering) return answering.error().code == ErrorCode::unsupported ? "406" : "400";
  if (answering->browser) return "page";
  return answering->format == Format::json ? "json" : "xml";
}

TEST(AnswerFormat, FollowsAcceptAndItsWeights) {
  EXPECT_EQ(asked(""), "json");
  EXPECT_EQ(asked("*/*"), "json");
  EXPECT_EQ(asked("application/fhir+xml"), "xml");
  EXPECT_EQ(asked("application/xml, application/json;q=0.5"), "xml");
  EXPECT_EQ(asked("application/xml;q=0.5, application/json"), "json");
  EXPECT_EQ(asked("application/xml, application/json"), "json");
  EXPECT_EQ(asked("application/fhir+json; fhirVersion=4.0"), "json");
  EXPECT_EQ(asked("application/fhir+xml;fhirVersion=\"4.0\";q=1.0"), "xml");
  EXPECT_EQ(asked("application/fhir+json;fhirVersion=3.0, application/fhir+xml"), "xml");
  EXPECT_EQ(asked("*/*;q=0.1, application/fhir+xml;q=0.001"), "json");
  EXPECT_EQ(asked("application/*, application/json;q=0"), "xml");
  EXPECT_EQ(asked("APPLICATION/FHIR+XML"), "xml");
}

TEST(AnswerFormat, BrowsersGetPagesAndNobodyElse) {
  EXPECT_EQ(asked("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), "page");
  EXPECT_EQ(asked("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
                  "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"),
            "page");
  EXPECT_EQ(asked("text/html"), "page");
  EXPECT_EQ(asked("text/html, application/fhir+json"), "page") << "named first";
  EXPECT_EQ(asked("application/fhir+json, text/html"), "json");
  EXPECT_EQ(asked("application/fhir+xml;q=0.9, text/html;q=0.8"), "xml");
  EXPECT_EQ(asked("text/html;q=0.8, application/fhir+json"), "json");
  EXPECT_EQ(asked("text/html;q=0, */*"), "json");
  EXPECT_EQ(asked("text/*"), "json");
  EXPECT_EQ(asked("*/*"), "json");
  EXPECT_EQ(asked("application/fhir+json", "_format=html"), "page");
  EXPECT_EQ(asked("text/html", "_format=json"), "json");
}

TEST(AnswerFormat, LayoutIsTrueOrFalse) {
  EXPECT_EQ(asked("", "_pretty=true"), "json");
  EXPECT_EQ(asked("", "_pretty=false"), "json");
  for (const char* wrong : {"_pretty=abc", "_pretty=1", "_pretty=", "_pretty=TRUE", "_pretty"}) {
    EXPECT_EQ(asked("", wrong), "400") << wrong;
  }
}

TEST(AnswerFormat, NothingWeWriteIsNotAcceptable) {
  EXPECT_EQ(asked("text/turtle"), "406");
  EXPECT_EQ(asked("application/fhir+json;fhirVersion=5.0"), "406");
  EXPECT_EQ(asked("*/*;q=0"), "406");
  EXPECT_EQ(asked("nonsense"), "406");
  EXPECT_EQ(asked("application/json;q=nan"), "406");
  EXPECT_EQ(asked(",,;,"), "406");
}

TEST(AnswerFormat, FormatParameterGoesBeforeAccept) {
  EXPECT_EQ(asked("application/fhir+json", "_format=xml"), "xml");
  EXPECT_EQ(asked("application/fhir+xml", "_format=json"), "json");
  EXPECT_EQ(asked("", "_format=application/fhir%2Bxml"), "xml");
  EXPECT_EQ(asked("", "_format=application/fhir+xml"), "xml") << "an unescaped plus";
  EXPECT_EQ(asked("", "_format=text/xml"), "xml");
  EXPECT_EQ(asked("application/fhir+json", "_format=ttl"), "406");
  EXPECT_EQ(asked("", "_format=application/fhir%2Bjson;fhirVersion=3.0"), "406");
}

bool readable(std::vector<std::pair<std::string, std::string>> fields) {
  http::Request request;
  for (const auto& [name, value] : fields) request.fields.push_back({name, value});
  return body_format(request).has_value();
}

TEST(BodyFormat, ReadsFhirR4InUtf8Only) {
  EXPECT_TRUE(readable({{"content-type", "application/fhir+json"}}));
  EXPECT_TRUE(
      readable({{"content-type", "application/fhir+json; charset=UTF-8; fhirVersion=4.0"}}));
  EXPECT_TRUE(readable({{"content-type", "application/json"}}));
  EXPECT_TRUE(readable({{"content-type", "text/xml;charset=\"utf-8\""}}));
  EXPECT_FALSE(readable({}));
  EXPECT_FALSE(readable({{"content-type", ""}}));
  EXPECT_FALSE(readable({{"content-type", "text/plain"}}));
  EXPECT_FALSE(readable({{"content-type", "application/x-www-form-urlencoded"}}));
  EXPECT_FALSE(readable({{"content-type", "multipart/form-data; boundary=a"}}));
  EXPECT_FALSE(readable({{"content-type", "application/fhir+json; charset=iso-8859-1"}}));
  EXPECT_FALSE(readable({{"content-type", "application/fhir+json; fhirVersion=3.0"}}));
  EXPECT_FALSE(
      readable({{"content-type", "application/fhir+json"}, {"content-type", "text/plain"}}));
}

std::string patch_type(std::string_view type) {
  http::Request request;
  request.fields.push_back({"content-type", type});
  const auto format = patch_format(request);
  if (!format) return "415";
  return *format == PatchFormat::json_patch  ? "json patch"
         : *format == PatchFormat::fhir_json ? "json"
                                             : "xml";
}

TEST(PatchFormat, IsJsonPatchOrParameters) {
  EXPECT_EQ(patch_type("application/json-patch+json"), "json patch");
  EXPECT_EQ(patch_type("application/json-patch+json; charset=utf-8"), "json patch");
  EXPECT_EQ(patch_type("application/fhir+json"), "json");
  EXPECT_EQ(patch_type("application/fhir+xml; fhirVersion=4.0"), "xml");
  EXPECT_EQ(patch_type("application/xml-patch+xml"), "415");
  EXPECT_EQ(patch_type("application/merge-patch+json"), "415");
  EXPECT_EQ(patch_type("application/json-patch+json; charset=utf-16"), "415");
  EXPECT_EQ(patch_type(""), "415");
}

}  // namespace
}  // namespace concord::api
