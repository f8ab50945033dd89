// Setup, tests, teardown: what runs, in which order, after what went wrong.

#include <gmock/gmock.h>

#include "tests/conformance/runner/fake_server.h"

namespace concord::runner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string read(const std::string& id) {
  return R"({"operation":{"type":{"code":"read"},"url":"Patient/)" + id + R"("}})";
}
const char* const kOkay = R"({"assert":{"response":"okay"}})";

FakeServer serving() {
  FakeServer server;
  server.answer = [](const Request& request) {
    if (request.url.ends_with("/missing")) return Response{404, {}, {}};
    if (request.url.ends_with("/broken")) return Response{-1, {}, {}};
    if (request.method == "POST") {
      return Response{201, {{"Location", std::string(kBase) + "/Patient/made-7/_history/1"}}, {}};
    }
    return patient();
  };
  return server;
}

TEST(Lifecycle, AFailedSetupSkipsTheTestsAndTeardownStillRuns) {
  FakeServer server = serving();
  const auto result = run(server, R"("setup":{"action":[)" + read("missing") + "," + kOkay +
                                      R"(]},"test":[{"name":"t","action":[)" + read("t") +
                                      R"(]}],"teardown":{"action":[)" + read("down") + "]}");
  EXPECT_THAT(server.lines(), ElementsAre("GET /Patient/missing", "GET /Patient/down"));
  EXPECT_EQ(result.outcome, Outcome::fail);
  EXPECT_EQ(result.tests[0].outcome, Outcome::skip);
  EXPECT_EQ(result.tests[0].reason, "setup did not succeed");
}

TEST(Lifecycle, AFailedAssertionDoesNotEndItsTestAndAnOperationWithoutAnswerDoes) {
  FakeServer server = serving();
  const auto result =
      run(server, R"("test":[{"name":"one","action":[)" + read("missing") + "," + kOkay + "," +
                      read("next") + R"(]},{"name":"two","action":[)" + read("broken") + "," +
                      kOkay + "," + read("never") + R"(]},{"name":"three","action":[)" +
                      read("three") + "," + kOkay + R"(]}],"teardown":{"action":[)" +
                      read("broken") + "," + read("last") + "]}");
  EXPECT_THAT(server.lines(),
              ElementsAre("GET /Patient/missing", "GET /Patient/next", "GET /Patient/broken",
                          "GET /Patient/three", "GET /Patient/broken", "GET /Patient/last"));
  EXPECT_EQ(result.tests[0].outcome, Outcome::fail);
  EXPECT_EQ(result.tests[1].outcome, Outcome::error);
  EXPECT_EQ(result.tests[1].actions[0].message, "no answer: the connection broke");
  EXPECT_EQ(result.tests[1].actions[2].outcome, Outcome::skip);
  EXPECT_EQ(result.tests[2].outcome, Outcome::pass);
  EXPECT_EQ(result.outcome, Outcome::error);
}

TEST(Lifecycle, StopTestOnFailEndsTheTest) {
  FakeServer server = serving();
  const auto test =
      run_test(server, read("missing") +
                           R"(,{"assert":{"response":"okay","stopTestOnFail":true}},)" + read("x"));
  EXPECT_THAT(server.lines(), ElementsAre("GET /Patient/missing"));
  EXPECT_EQ(test.outcome, Outcome::fail);
}

TEST(Lifecycle, FixturesAreCreatedFirstAndDeletedLastInReverseOrder) {
  FakeServer server = serving();
  const std::string members =
      R"("fixture":[{"id":"a","autocreate":true,"autodelete":true,"resource":{"resourceType":"Patient","id":"own"}},)"
      R"({"id":"b","autocreate":true,"autodelete":true,"resource":{"resourceType":"Patient"}}],)"
      R"("test":[{"action":[{"operation":{"type":{"code":"read"},"targetId":"b"}}]}],)"
      R"("teardown":{"action":[)" +
      read("down") + "]}";
  run(server, members);
  EXPECT_THAT(server.lines(),
              ElementsAre("PUT /Patient/own", "POST /Patient", "GET /Patient/made-7",
                          "GET /Patient/down", "DELETE /Patient/made-7", "DELETE /Patient/p1"));
}

TEST(Lifecycle, AFixtureThatTheServerRefusesFailsTheSetup) {
  FakeServer server;
  server.answer = [](const Request&) { return Response{422, {}, {}}; };
  const auto result = run(
      server,
      R"("fixture":[{"id":"a","autocreate":true,"autodelete":false,"resource":{"resourceType":"Patient"}}],"test":[{"action":[)" +
          read("x") + "]}]");
  EXPECT_EQ(result.outcome, Outcome::error);
  EXPECT_EQ(result.tests[0].outcome, Outcome::skip);
}

const char* const kStatement =
    R"({"resourceType":"CapabilityStatement","status":"active","date":"2026-01-01","kind":"instance","fhirVersion":"4.0.1","format":["json"],"rest":[{"mode":"server","resource":[{"type":"Patient","interaction":[{"code":"read"}]}]}]})";

std::string with_condition(const std::string& name, const std::string& value) {
  return R"("test":[{"extension":[{"url":"http://ignixa.io/testscript/)" + name +
         R"(","valueString":")" + value + R"("}],"name":"t","action":[)" + read("x") + "]}]";
}

TEST(Conditions, SkipWithTheReasonWhenTheServerDoesNotClaimIt) {
  FakeServer server = serving();
  server.statement = kStatement;
  const auto claims = [&](const std::string& code) {
    return run(server,
               with_condition("requiresCapability",
                              "rest.resource.where(type='Patient').interaction.where(code='" +
                                  code + "').exists()"))
        .tests[0];
  };
  EXPECT_EQ(claims("read").outcome, Outcome::pass);
  EXPECT_EQ(claims("patch").outcome, Outcome::skip);
  EXPECT_THAT(claims("patch").reason, HasSubstr("does not claim"));
  EXPECT_EQ(run(server, with_condition("fhirVersions", "4.0,5.0")).tests[0].outcome, Outcome::pass);
  EXPECT_EQ(run(server, with_condition("fhirVersions", "4.3,5.0")).tests[0].reason,
            "not for FHIR 4.0.1");
}

TEST(Conditions, CountAsMetWhenTheStatementCannotBeRead) {
  FakeServer server = serving();
  EXPECT_EQ(run(server, with_condition("requiresCapability", "false")).tests[0].outcome,
            Outcome::pass);
  EXPECT_EQ(run(server, with_condition("fhirVersions", "5.0")).tests[0].outcome, Outcome::pass);
}

TEST(RequiredCapabilities, SkipTheScriptWhenAnInteractionIsNotClaimed) {
  FakeServer server = serving();
  server.statement = kStatement;
  const auto with = [&](const std::string& link) {
    return run(
        server,
        R"("metadata":{"capability":[{"required":true,"validated":false,"link":[)"
        R"("http://hl7.org/fhir/http.html#)" +
            link +
            R"("],"capabilities":"http://example.org/x"}]},"test":[{"action":[)"
            R"({"operation":{"type":{"code":"read"},"resource":"Patient","params":"/x"}}]}])");
  };
  EXPECT_EQ(with("read").outcome, Outcome::pass);
  EXPECT_EQ(with("delete").outcome, Outcome::skip);
  EXPECT_EQ(with("delete").reason, "the server does not claim delete of Patient");
}

TEST(Parameters, RunTheTestOnceForEachValue) {
  FakeServer server = serving();
  const auto result = run(
      server,
      R"("variable":[{"name":"v","defaultValue":"d"}],"test":[{"extension":[{"url":"http://ignixa.io/testscript/parametrize","extension":[{"url":"variable","valueString":"v"},{"url":"values","valueString":"a, b"}]}],"name":"t","action":[)" +
          read("${v}") + R"(]},{"name":"u","action":[)" + read("${v}") + "]}]");
  EXPECT_THAT(server.lines(), ElementsAre("GET /Patient/a", "GET /Patient/b", "GET /Patient/d"));
  EXPECT_EQ(full_name(result, result.tests[1]), "Sample/t [v=b]");
}

TEST(WaitFor, AsksAgainUntilWhatFollowsHolds) {
  FakeServer server;
  int asked = 0;
  server.answer = [&](const Request&) { return ++asked < 4 ? Response{202, {}, {}} : patient(); };
  const auto waiting = [](const std::string& inside) {
    return R"({"operation":{"extension":[{"url":"http://ignixa.io/testscript/waitFor",)" + inside +
           R"(}],"type":{"code":"read"},"url":"Patient/x"}},)" + kOkay;
  };
  EXPECT_EQ(run_test(server, waiting(R"("valueString":"5s")")).outcome, Outcome::pass);
  EXPECT_EQ(asked, 4);
  asked = 0;
  EXPECT_EQ(run_test(server, waiting(R"("extension":[{"url":"status","valueString":"200"},)"
                                     R"({"url":"intervalMs","valueInteger":10}])"))
                .outcome,
            Outcome::pass);
  asked = -1'000'000;  // never
  EXPECT_EQ(run_test(server, waiting(R"("extension":[{"url":"timeout","valueInteger":2},)"
                                     R"({"url":"expression","valueString":"active"}])"))
                .outcome,
            Outcome::fail);
  EXPECT_LT(server.asked.size(), 30u);
}

TEST(Filter, RunsOnlyWhatItNames) {
  FakeServer server = serving();
  Settings given = settings();
  given.filter = "Sample/tw";
  const auto result = run(server,
                          R"("test":[{"name":"one","action":[)" + read("1") +
                              R"(]},{"name":"two","action":[)" + read("2") + "]}]",
                          given);
  EXPECT_THAT(server.lines(), ElementsAre("GET /Patient/2"));
  EXPECT_EQ(result.tests.size(), 1u);
  given.filter = "nothing";
  server.asked.clear();
  run(server,
      R"("setup":{"action":[)" + read("s") + R"(]},"test":[{"name":"o","action":[)" + read("1") +
          "]}]",
      given);
  EXPECT_THAT(server.lines(), IsEmpty());
}

TEST(GeneratedFixtures, AreValidAndKeepWhatTheScriptAdds) {
  FakeServer server = serving();
  run(server,
      R"("fixture":[{"id":"f","autocreate":false,"autodelete":false,"resource":{"extension":[{"url":"http://ignixa.io/testscript/fhirfakes","valueCode":"Observation"}]}},)"
      R"({"id":"g","autocreate":false,"autodelete":false,"resource":{"resourceType":"Observation","extension":[{"url":"http://ignixa.io/testscript/fhirfakes","valueCode":"Observation"}],"status":"amended"}}],)"
      R"("test":[{"action":[{"operation":{"type":{"code":"create"},"sourceId":"f"}},{"operation":{"type":{"code":"create"},"sourceId":"g"}}]}])");
  ASSERT_EQ(server.asked.size(), 2u);
  EXPECT_EQ(server.lines()[0], "POST /Observation");
  const auto made = r4().read(server.asked[0].body, false);
  ASSERT_TRUE(made.has_value());
  EXPECT_THAT(r4().errors_of(*made, {}), IsEmpty());
  EXPECT_THAT(server.asked[1].body, HasSubstr(R"("status":"amended")"));
  EXPECT_THAT(server.asked[1].body, testing::Not(HasSubstr("fhirfakes")));
}

}  // namespace
}  // namespace concord::runner
