// From each operation to its request.

#include <gmock/gmock.h>

#include "conformance/runner/request.h"
#include "tests/conformance/runner/fake_server.h"

namespace concord::runner {
namespace {

using testing::ElementsAre;

const char* const kFixtures =
    R"("fixture":[{"id":"rowan","autocreate":false,"autodelete":false,"resource":{"resourceType":"Patient","id":"f1","meta":{"versionId":"7"}}},)"
    R"({"id":"new","autocreate":false,"autodelete":false,"resource":{"resourceType":"Patient"}},)"
    R"({"id":"batch","autocreate":false,"autodelete":false,"resource":{"resourceType":"Bundle","type":"batch"}},)"
    R"({"id":"jsonpatch","autocreate":false,"autodelete":false,"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W10="}}],)"
    R"("variable":[{"name":"id","defaultValue":"v1"},{"name":"at","defaultValue":"2026-01-01T00:00:00+01:00"}],)";

struct Case {
  const char* operation;
  const char* line;
  const char* body = "";
};

class Operations : public testing::TestWithParam<Case> {};

TEST_P(Operations, BecomeTheRequestOfTheirCode) {
  FakeServer server;
  server.answer = [](const Request&) { return patient(); };
  const auto test = run_test(
      server,
      R"({"operation":{"encodeRequestUrl":true,)" + std::string(GetParam().operation) + "}}",
      kFixtures);
  ASSERT_EQ(test.outcome, Outcome::pass) << test.actions.front().message;
  EXPECT_THAT(server.lines(), ElementsAre(GetParam().line));
  EXPECT_EQ(server.asked.front().body, GetParam().body);
}

constexpr const char* kRowan = R"({"resourceType":"Patient","id":"f1","meta":{"versionId":"7"}})";
constexpr const char* kNew = R"({"resourceType":"Patient"})";

constexpr Case kCases[] = {
    {R"("type":{"code":"read"},"resource":"Patient","params":"/${id}")", "GET /Patient/v1"},
    {R"("type":{"code":"read"},"resource":"Patient","targetId":"rowan")", "GET /Patient/f1"},
    {R"("type":{"code":"read"},"targetId":"rowan")", "GET /Patient/f1"},
    {R"("type":{"code":"read"},"url":"Patient/${id}")", "GET /Patient/v1"},
    {R"("type":{"code":"read"},"url":"http://server.test/r4/Patient/x")", "GET /Patient/x"},
    {R"("type":{"code":"read"},"method":"head","url":"Patient/x")", "HEAD /Patient/x"},
    {R"("type":{"code":"vread"},"targetId":"rowan")", "GET /Patient/f1/_history/7"},
    {R"("type":{"code":"vread"},"resource":"Patient","params":"/a/_history/2")",
     "GET /Patient/a/_history/2"},
    {R"("type":{"code":"update"},"resource":"Patient","sourceId":"rowan")", "PUT /Patient/f1",
     kRowan},
    {R"("type":{"code":"update"},"resource":"Patient","params":"/${id}","sourceId":"rowan")",
     "PUT /Patient/v1", kRowan},
    {R"("type":{"code":"update"},"resource":"Patient","params":"?identifier=a|b","sourceId":"new")",
     "PUT /Patient?identifier=a%7Cb", kNew},
    {R"("type":{"code":"updateCreate"},"sourceId":"rowan")", "PUT /Patient/f1", kRowan},
    {R"("type":{"code":"patch"},"resource":"Patient","params":"/p","sourceId":"jsonpatch")",
     "PATCH /Patient/p", "[]"},
    {R"("type":{"code":"patch"},"resource":"Patient","sourceId":"rowan")", "PATCH /Patient",
     kRowan},
    {R"("type":{"code":"delete"},"resource":"Patient","targetId":"rowan")", "DELETE /Patient/f1"},
    {R"("type":{"code":"delete"},"resource":"Patient","params":"/${id}")", "DELETE /Patient/v1"},
    {R"("type":{"code":"deleteCondSingle"},"resource":"Patient","params":"?name=x")",
     "DELETE /Patient?name=x"},
    {R"("type":{"code":"deleteCondMultiple"},"resource":"Patient","params":"?name=x")",
     "DELETE /Patient?name=x"},
    {R"("type":{"code":"history"},"resource":"Patient","targetId":"rowan")",
     "GET /Patient/f1/_history"},
    {R"("type":{"code":"history"},"resource":"Patient")", "GET /Patient/_history"},
    {R"("type":{"code":"history"},"resource":"Patient","params":"?_count=2")",
     "GET /Patient/_history?_count=2"},
    {R"("type":{"code":"history"},"resource":"Patient","params":"/a?_count=2")",
     "GET /Patient/a/_history?_count=2"},
    {R"("type":{"code":"history"})", "GET /_history"},
    {R"("type":{"code":"history"},"url":"Patient/_history","params":"?_since=${at}")",
     "GET /Patient/_history?_since=2026-01-01T00:00:00%2B01:00"},
    {R"("type":{"code":"create"},"resource":"Patient","sourceId":"new")", "POST /Patient", kNew},
    {R"("type":{"code":"create"},"sourceId":"new")", "POST /Patient", kNew},
    {R"("type":{"code":"search"},"resource":"Patient","params":"?name=a b&x=\"")",
     "GET /Patient?name=a%20b&x=%22"},
    {R"("type":{"code":"search"},"params":"?_type=Patient")", "GET ?_type=Patient"},
    {R"("type":{"code":"search"},"method":"post","resource":"Patient","params":"?name=x&a=b")",
     "POST /Patient/_search", "name=x&a=b"},
    {R"("type":{"code":"batch"},"sourceId":"batch")", "POST ",
     R"({"resourceType":"Bundle","type":"batch"})"},
    {R"("type":{"code":"transaction"},"sourceId":"batch")", "POST ",
     R"({"resourceType":"Bundle","type":"batch"})"},
    {R"("type":{"code":"capabilities"},"params":"?mode=full")", "GET /metadata?mode=full"},
    {R"("type":{"code":"everything"},"resource":"Patient","params":"/${id}")",
     "GET /Patient/v1/$everything"},
    {R"("type":{"code":"everything"},"targetId":"rowan","params":"?_count=1")",
     "GET /Patient/f1/$everything?_count=1"},
    {R"("type":{"code":"expand"},"resource":"ValueSet","params":"?url=http://x")",
     "GET /ValueSet/$expand?url=http://x"},
    {R"("type":{"code":"$expand"},"url":"ValueSet/$expand?url=x")", "GET /ValueSet/$expand?url=x"},
    {R"("type":{"code":"validate"},"resource":"Patient","sourceId":"new")",
     "POST /Patient/$validate", kNew},
    {R"("type":{"code":"process-message"},"sourceId":"batch")", "POST /$process-message",
     R"({"resourceType":"Bundle","type":"batch"})"},
    {R"("type":{"code":"lookup"},"resource":"CodeSystem","params":"?code=a")",
     "GET /CodeSystem/$lookup?code=a"},
    {R"("type":{"code":"my-own"},"resource":"Patient")", "GET /Patient/$my-own"},
    {R"("type":{"code":"meta-add"},"resource":"Patient","params":"/1/$meta-add")",
     "POST /Patient/1/$meta-add"},
};

INSTANTIATE_TEST_SUITE_P(EachCode, Operations, testing::ValuesIn(kCases));

TEST(OperationTable, HoldsTheFortyFiveCodesOfR4) { EXPECT_EQ(operation_rows().size(), 45u); }

TEST(OperationHeaders, AreThoseOfTheScriptOverThoseOfTheRun) {
  FakeServer server;
  server.answer = [](const Request&) { return patient(); };
  Settings given = settings();
  given.headers = {{"Authorization", "Bearer secret-of-the-run"}};
  const auto result = run(
      server,
      std::string(kFixtures) +
          R"("test":[{"action":[{"operation":{"type":{"code":"create"},"sourceId":"new","accept":"xml","contentType":"json","requestHeader":[{"field":"Prefer","value":"return=minimal; ${id}"},{"field":"accept","value":"text/plain"}]}}]}])",
      given);
  ASSERT_EQ(server.asked.size(), 1u);
  const auto& headers = server.asked[0].headers;
  EXPECT_EQ(header(headers, "Authorization"), "Bearer secret-of-the-run");
  EXPECT_EQ(header(headers, "Content-Type"), "application/fhir+json");
  EXPECT_EQ(header(headers, "Prefer"), "return=minimal; v1");
  EXPECT_EQ(header(headers, "Accept"), "text/plain");
  // What is written down holds no secret.
  EXPECT_EQ(header(result.exchanges[0].request.headers, "Authorization"), "***");
}

TEST(Operations, ThatLeadAwayFromTheServersAreRefused) {
  FakeServer server;
  const auto test = run_test(
      server, R"({"operation":{"type":{"code":"read"},"url":"http://elsewhere.test/Patient/1"}})");
  EXPECT_EQ(test.outcome, Outcome::error);
  EXPECT_TRUE(server.asked.empty());
  Settings given = settings();
  given.allow_remote = true;
  given.headers = {{"Authorization", "Bearer secret"}};
  run(server,
      R"("test":[{"action":[{"operation":{"type":{"code":"read"},"url":"http://elsewhere.test/Patient/1"}}]}])",
      given);
  ASSERT_EQ(server.asked.size(), 1u);
  EXPECT_EQ(header(server.asked[0].headers, "Authorization"), std::nullopt);
}

TEST(Destinations, ChooseAmongTheServers) {
  FakeServer server;
  Settings given = settings();
  given.servers.push_back("http://second.test/r4");
  const std::string two =
      R"("test":[{"action":[{"operation":{"type":{"code":"read"},"url":"Patient/1","destination":2}}]}])";
  run(server, two, given);
  // The second server is asked for its statement too; the last request is the operation.
  EXPECT_EQ(server.asked.back().url, "http://second.test/r4/Patient/1");
  const auto lonely = run(server, two);
  EXPECT_EQ(lonely.tests[0].outcome, Outcome::error);
}

TEST(EncodedUrls, KeepWhatWasEncodedAlready) {
  EXPECT_EQ(encode_url("http://h/P?a=%20b|c\"<>^`{}"),
            "http://h/P?a=%20b%7Cc%22%3C%3E%5E%60%7B%7D");
  EXPECT_EQ(encode_url("http://h/P?n=é"), "http://h/P?n=%C3%A9");
}

}  // namespace
}  // namespace concord::runner
