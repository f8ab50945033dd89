// Each assertion of R4, held and broken.

#include <gmock/gmock.h>

#include "tests/conformance/runner/fake_server.h"

namespace concord::runner {
namespace {

using testing::HasSubstr;

/// Around every assertion: two fixtures, a profile, a variable.
const char* const kAround =
    R"("fixture":[{"id":"least","autocreate":false,"autodelete":false,"resource":{"resourceType":"Patient","name":[{"given":["Ash"]}]}},)"
    R"({"id":"other","autocreate":false,"autodelete":false,"resource":{"resourceType":"Patient","active":true,"name":[{"family":"Pier"}]}}],)"
    R"("profile":[{"id":"patient","reference":"http://hl7.org/fhir/StructureDefinition/Patient"}],)"
    R"("variable":[{"name":"family","path":"name.family","sourceId":"answer"}],)";

struct Case {
  const char* assertion;
  Outcome outcome;
};

class Assertions : public testing::TestWithParam<Case> {};

TEST_P(Assertions, AreHeldOrBroken) {
  FakeServer server;
  server.answer = [](const Request&) { return patient(); };
  const auto test = run_test(
      server, std::string(kRead) + R"(,{"assert":{)" + GetParam().assertion + "}}", kAround);
  ASSERT_EQ(test.actions.size(), 2u);
  EXPECT_EQ(test.actions[1].outcome, GetParam().outcome) << GetParam().assertion << "\n"
                                                         << test.actions[1].message;
  if (GetParam().outcome == Outcome::fail) {
    EXPECT_THAT(test.actions[1].message, HasSubstr("expected"));
  }
}

constexpr auto pass = Outcome::pass;
constexpr auto fail = Outcome::fail;
constexpr auto error = Outcome::error;

constexpr Case kCases[] = {
    {R"_("response":"okay")_", pass},
    {R"_("response":"created")_", fail},
    {R"_("response":"nonsense")_", error},
    {R"_("direction":"response","response":"okay","sourceId":"answer")_", pass},
    {R"_("response":"okay","sourceId":"nobody")_", error},
    {R"_("responseCode":"200")_", pass},
    {R"_("responseCode":"404")_", fail},
    {R"_("responseCode":"200,204","operator":"in")_", pass},
    {R"_("responseCode":"201, 204")_", fail},
    {R"_("responseCode":"404","operator":"notEquals")_", pass},
    {R"_("responseCode":"299","operator":"lessThan")_", pass},
    {R"_("contentType":"json")_", pass},
    {R"_("contentType":"application/fhir+json")_", pass},
    {R"_("contentType":"xml")_", fail},
    {R"_("direction":"request","contentType":"json")_", pass},
    {R"_("headerField":"etag","operator":"notEmpty")_", pass},
    {R"_("headerField":"ETag")_", pass},
    {R"_("headerField":"ETag","operator":"equals","value":"W/\"3\"")_", pass},
    {R"_("headerField":"ETag","operator":"contains","value":"4")_", fail},
    {R"_("headerField":"Allow","operator":"empty")_", pass},
    {R"_("headerField":"Allow")_", fail},
    {R"_("direction":"request","headerField":"Accept","operator":"contains","value":"json")_",
     pass},
    {R"_("requestMethod":"get")_", pass},
    {R"_("requestMethod":"post")_", fail},
    {R"_("requestURL":"/Patient/p1")_", pass},
    {R"_("requestURL":"http://server.test/r4/Patient/p1")_", pass},
    {R"_("requestURL":"Observation","operator":"contains")_", fail},
    {R"_("requestURL":"Observation","operator":"notContains")_", pass},
    {R"_("resource":"Patient")_", pass},
    {R"_("resource":"Bundle")_", fail},
    {R"_("resource":"Bundle","operator":"notEquals")_", pass},
    {R"_("navigationLinks":true)_", fail},
    {R"_("navigationLinks":false)_", pass},
    {R"_("minimumId":"least")_", pass},
    {R"_("minimumId":"other")_", fail},
    {R"_("minimumId":"nobody")_", error},
    {R"_("validateProfileId":"patient")_", pass},
    {R"_("validateProfileId":"nobody")_", error},
    {R"_("expression":"Patient.active")_", pass},
    {R"_("expression":"active.not()")_", fail},
    {R"_("expression":"name.given.count() = 2")_", pass},
    {R"_("expression":"name.family = '${family}'")_", pass},
    {R"_("expression":"telecom")_", fail},
    {R"_("expression":"name.given[")_", error},
    {R"_("expression":"name.family = '${nobody}'")_", error},
    {R"_("expression":"Patient.active","operator":"eval")_", pass},
    {R"_("expression":"name.family","value":"Quay")_", pass},
    {R"_("expression":"name.family","operator":"equals","value":"Pier")_", fail},
    {R"_("expression":"name.family","operator":"notEquals","value":"Pier")_", pass},
    {R"_("expression":"name.given","operator":"equals","value":"Ash")_", pass},
    {R"_("expression":"name.given","operator":"notContains","value":"sh")_", fail},
    {R"_("expression":"name.given","operator":"in","value":"Ivy, Ash")_", pass},
    {R"_("expression":"name.given","operator":"notIn","value":"Ivy,Elm")_", pass},
    {R"_("expression":"telecom","operator":"empty")_", pass},
    {R"_("expression":"name","operator":"notEmpty")_", pass},
    {R"_("expression":"telecom.exists()","operator":"equals","value":"false")_", pass},
    {R"_("expression":"multipleBirth","operator":"greaterThan","value":"10")_", fail},
    {R"_("expression":"multipleBirth","operator":"greaterThan","value":"1.5")_", pass},
    {R"_("expression":"multipleBirth","operator":"equals","value":"2.0")_", pass},
    {R"_("expression":"birthDate","operator":"lessThan","value":"1970-06")_", pass},
    {R"_("expression":"meta.lastUpdated","operator":"equals","value":"2026-01-02T04:04:05+01:00")_",
     pass},
    {R"_("path":"fhir:Patient/fhir:name/fhir:family/@value","operator":"equals","value":"Quay")_",
     pass},
    {R"_("path":"//fhir:given[2]/@value","value":"Ash")_", pass},
    {R"_("path":"count(//f:given)","operator":"greaterThan","value":"2")_", fail},
    {R"_("path":"Patient/name/given[2]","value":"Ash")_", pass},
    {R"_("path":"$.name[0].given[1]","value":"Ash")_", pass},
    {R"_("path":"$..family","value":"Quay")_", pass},
    {R"_("path":"$.name[?(@.family=='Quay')].given[0]","value":"Rowan")_", pass},
    {R"_("path":"meta.versionId","value":"3")_", pass},
    {R"_("path":"Patient/photo")_", fail},
    {R"_("compareToSourceId":"other","compareToSourceExpression":"Patient.active")_", pass},
    {R"_("compareToSourceId":"other","compareToSourceExpression":"Patient.name.family","operator":"equals")_",
     fail},
    {R"_("expression":"name.family","compareToSourceId":"other","compareToSourceExpression":"name.family","operator":"notEquals")_",
     pass},
    {R"_("path":"Patient/active/@value","compareToSourceId":"other","compareToSourcePath":"fhir:Patient/fhir:active/@value")_",
     pass},
    {R"_("expression":"name.family","sourceId":"other","value":"Pier")_", pass},
    {R"_("response":"created","warningOnly":true)_", Outcome::warning},
    {R"_("expression":"active","operator":"sometimes","value":"x")_", error},
};

INSTANTIATE_TEST_SUITE_P(EachKind, Assertions, testing::ValuesIn(kCases));

TEST(AssertionGroups, OneMemberThatHoldsIsEnough) {
  FakeServer server;
  server.answer = [](const Request&) { return patient(); };
  const auto member = [](const std::string& status) {
    return R"(,{"assert":{"extension":[{"url":"http://ignixa.io/testscript/assertionAnyOfGroup","valueString":"g"}],"warningOnly":true,"responseCode":")" +
           status + R"("}})";
  };
  const auto good = run_test(server, kRead + member("404") + member("200"));
  EXPECT_EQ(good.outcome, pass);
  EXPECT_EQ(good.actions[1].outcome, Outcome::skip);
  const auto bad = run_test(server, kRead + member("404") + member("410"));
  EXPECT_EQ(bad.outcome, fail);
}

TEST(AssertionsOfTheDialect, AreOnlyForTheStatusTheyName) {
  FakeServer server;
  server.answer = [](const Request&) { return patient(); };
  const auto with = [&](const std::string& status) {
    return run_test(
        server,
        std::string(kRead) +
            R"(,{"assert":{"extension":[{"url":"http://ignixa.io/testscript/assertionWhenResponseStatus","valueString":")" +
            status + R"("}],"resource":"Bundle"}})");
  };
  EXPECT_EQ(with("201").actions[1].outcome, Outcome::skip);
  EXPECT_EQ(with("2xx").actions[1].outcome, fail);
  EXPECT_EQ(with("!200").actions[1].outcome, Outcome::skip);
}

TEST(AssertionsOfOtherEngines, AreReportedAsSkipped) {
  FakeServer server;
  server.answer = [](const Request&) { return patient(); };
  const auto test = run_test(
      server,
      std::string(kRead) +
          R"(,{"assert":{"extension":[{"url":"http://touchstone.aegis.net/touchstone/fhir/testing/StructureDefinition/testscript-assert-rule","valueString":"r"}],"response":"bad"}})");
  EXPECT_EQ(test.actions[1].outcome, Outcome::skip);
  EXPECT_EQ(test.actions[1].message, "rules of other engines are not run");
}

TEST(NavigationLinks, AskForWhatTheTotalPromises) {
  const auto with = [](const std::string& members) {
    FakeServer server;
    server.answer = [&](const Request&) {
      return Response{200, {}, R"({"resourceType":"Bundle","type":"searchset",)" + members + "}"};
    };
    return run_test(server, std::string(kRead) + R"(,{"assert":{"navigationLinks":true}})").outcome;
  };
  const std::string self = R"({"relation":"self","url":"http://server.test/r4/Patient?x=1"})";
  const std::string entry = R"("entry":[{"resource":{"resourceType":"Basic","id":"b"}}])";
  EXPECT_EQ(with(R"("total":0,"link":[)" + self + "]"), pass);
  EXPECT_EQ(with(R"("total":0)"), fail);
  EXPECT_EQ(with(R"("total":2,"link":[)" + self + "]," + entry), fail);
  EXPECT_EQ(with(R"("total":2,"link":[)" + self +
                 R"(,{"relation":"next","url":"http://server.test/r4?p=2"}],)" + entry),
            pass);
}

TEST(AssertionsOnAnAnswerThatIsNoResource, FailAndDoNotStopTheEngine) {
  FakeServer server;
  server.answer = [](const Request&) { return Response{200, {}, "<html>sorry</html>"}; };
  const auto test = run_test(
      server, std::string(kRead) +
                  R"(,{"assert":{"resource":"Patient"}},{"assert":{"expression":"active"}})");
  EXPECT_EQ(test.actions[1].outcome, fail);
  EXPECT_EQ(test.actions[2].outcome, fail);
}

}  // namespace
}  // namespace concord::runner
