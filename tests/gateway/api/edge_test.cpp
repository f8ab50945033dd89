// What holds for every call: packed bodies, other origins, the CapabilityStatement, routing.

#include "gateway/http/content_coding.h"
#include "tests/gateway/api/kept.h"

namespace concord::api {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(Kept, PackedBodiesAreUnpackedOrRefused) {
  const auto send_packed = [&](std::string body, std::string coding) {
    return put(
        "Patient/p1", std::move(body),
        {{"content-type", "application/fhir+json"}, {"content-encoding", std::move(coding)}});
  };
  const std::string packed = *http::gzip(patient("Ashdown", "p1"));
  EXPECT_EQ(send_packed(packed, "gzip").status, 201);
  EXPECT_EQ(send_packed(patient("Ashdown", "p1"), "identity").status, 200);
  const auto unknown = send_packed(packed, "br");
  EXPECT_EQ(unknown.status, 415);
  EXPECT_THAT(unknown.body, HasSubstr(R"("expression":["http.content-encoding"])"));
  EXPECT_EQ(send_packed(packed.substr(0, 20), "gzip").status, 400);
  EXPECT_EQ(send_packed(*http::gzip(std::string(std::size_t{20} << 20, ' ')), "gzip").status, 413);
}

TEST_F(Kept, LongAnswersArePackedForThoseWhoTakeIt) {
  put("Patient/p1", patient(std::string(5000, 'a'), "p1"));
  put("Patient/p2", patient("Short", "p2"));
  const auto plain = get("Patient/p1");
  EXPECT_EQ(field(plain, "Content-Encoding"), "");
  EXPECT_EQ(field(plain, "Vary"), "Accept, Accept-Encoding");
  const auto packed = get("Patient/p1", {{"accept-encoding", "gzip, deflate"}});
  EXPECT_EQ(field(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(*http::decode_content(packed.body, "gzip", {}), plain.body);
  EXPECT_EQ(field(get("Patient/p1", {{"accept-encoding", "gzip;q=0"}}), "Content-Encoding"), "");
  EXPECT_EQ(field(get("Patient/p2", {{"accept-encoding", "gzip"}}), "Content-Encoding"), "");
}

TEST_F(Kept, OriginsAreLetInByNameOnly) {
  const Fields asking{{"origin", "https://app.example"},
                      {"access-control-request-method", "PUT"},
                      {"access-control-request-headers", "authorization,content-type"}};
  const auto preflight = [&] { return calling.call({"OPTIONS", "/FHIR/R4/Patient", asking}); };
  EXPECT_EQ(field(preflight(), "Access-Control-Allow-Origin"), "") << "off";
  EXPECT_EQ(field(get("metadata", asking), "Vary"), "Accept, Accept-Encoding");

  calling.services.cors_origins = {"https://other.example"};
  const auto foreign = preflight();
  EXPECT_EQ(field(foreign, "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(field(foreign, "Access-Control-Allow-Methods"), "");

  calling.services.cors_origins = {"https://other.example", "https://app.example"};
  const auto known = preflight();
  EXPECT_EQ(known.status, 204);
  EXPECT_EQ(field(known, "Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_THAT(field(known, "Access-Control-Allow-Methods"), HasSubstr("PUT"));
  EXPECT_THAT(field(known, "Access-Control-Allow-Headers"), HasSubstr("authorization"));
  EXPECT_THAT(field(known, "Access-Control-Allow-Headers"), HasSubstr("content-type"));
  EXPECT_EQ(field(known, "Access-Control-Max-Age"), "600");
  EXPECT_EQ(field(known, "Access-Control-Allow-Credentials"), "");
  const auto read = get("Patient/none", {{"origin", "https://app.example"}});
  EXPECT_EQ(field(read, "Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_THAT(field(read, "Access-Control-Expose-Headers"), HasSubstr("ETag"));
  EXPECT_EQ(field(read, "Vary"), "Origin");
  const auto near = get("Patient/none", {{"origin", "https://app.example.evil.example"}});
  EXPECT_EQ(field(near, "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(field(near, "Vary"), "Origin");
  for (const auto& [name, value] : read.headers) {
    if (!name.starts_with("Access-Control")) continue;
    EXPECT_THAT(value, Not(HasSubstr("*")));
  }
}

TEST_F(Kept, OptionsOfTheBaseAreItsCapabilities) {
  const auto base = calling.call({"OPTIONS", "/FHIR/R4"});
  EXPECT_EQ(base.status, 200);
  EXPECT_THAT(base.body, HasSubstr(R"("resourceType":"CapabilityStatement")"));
  EXPECT_THAT(field(base, "Allow"), HasSubstr("POST"));
  EXPECT_EQ(calling.call({"OPTIONS", "/FHIR/R4/Patient/p1"}).status, 204);
  EXPECT_EQ(calling.call({"OPTIONS", "/FHIR/R4/unknownRoute"}).status, 404);
}

TEST_F(Kept, CapabilitiesSayWhatIsServed) {
  const auto answer = get("metadata");
  ASSERT_EQ(answer.status, 200);
  const std::string& body = answer.body;
  const auto at = body.find(R"({"type":"Patient")");
  ASSERT_NE(at, std::string::npos);
  const std::string own = body.substr(at, body.find(R"({"type":"PaymentNotice")") - at);
  for (const char* code : {"read", "vread", "update", "patch", "delete", "history-instance",
                           "history-type", "create", "search-type"}) {
    EXPECT_THAT(own, HasSubstr(std::string(R"({"code":")") + code + '"')) << code;
  }
  EXPECT_THAT(own, HasSubstr(R"("versioning":"versioned-update","readHistory":true,)"
                             R"("updateCreate":true,"conditionalCreate":true,)"
                             R"("conditionalRead":"full-support","conditionalUpdate":true,)"
                             R"("conditionalDelete":"single")"));
  EXPECT_THAT(own, HasSubstr(R"({"name":"birthdate","definition":)"
                             R"("http://hl7.org/fhir/SearchParameter/individual-birthdate",)"
                             R"("type":"date")"));
  EXPECT_THAT(own, HasSubstr(R"("Patient:general-practitioner")"));
  EXPECT_THAT(own, HasSubstr(R"("Observation:subject")")) << "_revinclude";
  EXPECT_THAT(own, HasSubstr(R"("name":"everything")"));
  for (const char* code : {"transaction", "batch", "search-system", "history-system"}) {
    EXPECT_THAT(body, HasSubstr(std::string(R"({"code":")") + code + '"')) << code;
  }
  EXPECT_THAT(body, HasSubstr(R"("patchFormat":["application/json-patch+json")"));
  EXPECT_THAT(body, Not(HasSubstr(R"({"type":"Parameters")")));
  EXPECT_EQ(get("metadata", {{"if-none-match", field(answer, "ETag")}}).status, 304);
  EXPECT_THAT(get("metadata?_elements=fhirVersion").body, Not(HasSubstr("searchParam")));
  EXPECT_EQ(get("metadata?_summary=true").status, 200);
  for (const char* wrong : {"_pretty=abc", "_pretty=1", "_summary=abc", "_elements="}) {
    EXPECT_EQ(get(std::string("metadata?") + wrong).status, 400) << wrong;
  }
  EXPECT_EQ(get("metadata?_format=blah").status, 406);
  EXPECT_THAT(get("metadata?_format=xml").body,
              HasSubstr("<CapabilityStatement xmlns=\"http://hl7.org/fhir\">"));
}

TEST_F(Kept, CapabilitiesNameEveryTypeThatIsServed) {
  const std::string body = get("metadata").body;
  for (const std::string& type : service->types()) {
    EXPECT_THAT(body, HasSubstr("{\"type\":\"" + type + "\"")) << type;
  }
  EXPECT_GT(service->types().size(), 140U);
}

}  // namespace
}  // namespace concord::api
