#include "tests/gateway/api/calling.h"

namespace concord::api {
namespace {

std::string asked(std::string_view accept, std::string_view query = {}) {
  http::Request request;
  if (!accept.empty()) request.fields.push_back({"accept", accept});
  const auto answering = answer_format(request, *http::parse_query(query));
  if (!answering) return "406";
  return answering->format == Format::json ? "json" : "xml";
}

TEST(AnswerFormat, FollowsAcceptAndItsWeights) {
  EXPECT_EQ(asked(""), "json");
  EXPECT_EQ(asked("*/*"), "json");
  EXPECT_EQ(asked("application/fhir+xml"), "xml");
  EXPECT_EQ(asked("application/xml, application/json;q=0.5"), "xml");
  EXPECT_EQ(asked("application/xml;q=0.5, application/json"), "json");
  EXPECT_EQ(asked("application/xml, application/json"), "json");
  EXPECT_EQ(asked("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), "xml");
  EXPECT_EQ(asked("application/fhir+json; fhirVersion=4.0"), "json");
  EXPECT_EQ(asked("application/fhir+xml;fhirVersion=\"4.0\";q=1.0"), "xml");
  EXPECT_EQ(asked("application/fhir+json;fhirVersion=3.0, application/fhir+xml"), "xml");
  EXPECT_EQ(asked("*/*;q=0.1, application/fhir+xml;q=0.001"), "json");
  EXPECT_EQ(asked("application/*, application/json;q=0"), "xml");
  EXPECT_EQ(asked("APPLICATION/FHIR+XML"), "xml");
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
  EXPECT_TRUE(
      readable({{"content-type", "application/fhir+xml"}, {"content-encoding", "identity"}}));
  EXPECT_FALSE(readable({}));
  EXPECT_FALSE(readable({{"content-type", ""}}));
  EXPECT_FALSE(readable({{"content-type", "text/plain"}}));
  EXPECT_FALSE(readable({{"content-type", "application/x-www-form-urlencoded"}}));
  EXPECT_FALSE(readable({{"content-type", "multipart/form-data; boundary=a"}}));
  EXPECT_FALSE(readable({{"content-type", "application/fhir+json; charset=iso-8859-1"}}));
  EXPECT_FALSE(readable({{"content-type", "application/fhir+json; fhirVersion=3.0"}}));
  EXPECT_FALSE(
      readable({{"content-type", "application/fhir+json"}, {"content-type", "text/plain"}}));
  EXPECT_FALSE(readable({{"content-type", "application/fhir+json"}, {"content-encoding", "gzip"}}));
}

}  // namespace
}  // namespace concord::api
