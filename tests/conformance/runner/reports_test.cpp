// Reports against golden files, and what must never stand in one.

#include "conformance/runner/reports/reports.h"

#include <gmock/gmock.h>

#include "conformance/runner/claims.h"
#include "conformance/runner/table.h"
#include "tests/conformance/runner/fake_server.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::runner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::filesystem::path kGolden = std::filesystem::path(concord::test::test_dir()) / "golden";

const char* const kStatement =
    R"({"resourceType":"CapabilityStatement","status":"active","date":"2026-01-01","kind":"instance",)"
    R"("software":{"name":"Fake","version":"1.2"},"fhirVersion":"4.0.1","format":["json"],"rest":[{"mode":"server",)"
    R"("resource":[{"type":"Patient","interaction":[{"code":"read"},{"code":"delete"},{"code":"patch"}]}]}]})";

/// One of everything: pass, warning, failure, error, skip, and text that would break a page.
const char* const kMembers =
    R"("id":"sample","setup":{"action":[{"operation":{"type":{"code":"create"},"label":"make <one>","sourceId":"f"}}]},)"
    R"("fixture":[{"id":"f","autocreate":false,"autodelete":false,"resource":{"resourceType":"Patient","active":true}}],)"
    R"("test":[)"
    R"({"id":"1","name":"passes & warns","description":"<script>alert(1)</script>","action":[{"operation":{"type":{"code":"read"},"url":"Patient/p1?access_token=abcdef"}},{"assert":{"label":"L","response":"okay"}},{"assert":{"description":"soft","warningOnly":true,"response":"created"}}]},)"
    R"({"id":"2","name":"fails","action":[{"operation":{"type":{"code":"delete"},"url":"Patient/gone"}},{"assert":{"description":"it is gone","response":"noContent"}}]},)"
    R"({"id":"3","name":"breaks","action":[{"operation":{"type":{"code":"read"},"url":"Patient/${nobody}"}}]},)"
    R"({"id":"4","name":"is skipped","extension":[{"url":"http://ignixa.io/testscript/fhirVersions","valueString":"5.0"}],"action":[{"assert":{"response":"okay"}}]}],)"
    R"("teardown":{"action":[{"operation":{"type":{"code":"delete"},"url":"Patient/p1"}}]})";

struct Ran {
  RunResult run;
  std::vector<Claim> claims;
};

Ran ran() {
  FakeServer server;
  server.statement = kStatement;
  server.answer = [](const Request& request) {
    if (request.method == "DELETE") {
      return Response{
          409, {{"Set-Cookie", "session=very-secret"}}, "<b>no</b> Bearer hidden-token"};
    }
    if (request.method == "POST") return Response{201, {}, {}};
    return patient();
  };
  Settings given = settings();
  given.headers = {{"Authorization", "Bearer hidden-token"}};
  FakeTime time;
  Engine engine(r4(), given, server.transport(), time.timing());
  const Script scripts[] = {loaded(kMembers)};
  Ran made{engine.run(scripts), {}};
  made.claims = check_claims(made.run, *engine.statement(1));
  return made;
}

TEST(Reports, AreAsTheGoldenFilesHaveThem) {
  const RunResult run = ran().run;
  test::expect_golden(kGolden / "console.txt",
                      console_text(run.scripts[0], true) + console_totals(run));
  const auto junit = junit_xml(run);
  ASSERT_THAT(junit, IsOk());
  test::expect_golden(kGolden / "junit.xml", *junit);
  const auto record = json_record(run);
  ASSERT_THAT(record, IsOk());
  test::expect_golden(kGolden / "record.json", *record);
  test::expect_golden(kGolden / "page.html", html_page(run));
  const auto report = test_report(run, run.scripts[0], r4());
  ASSERT_THAT(report, IsOk());
  test::expect_golden(kGolden / "test_report.json", *report);
}

TEST(TestReports, AreValidInJsonAndXmlAndMirrorTheScript) {
  const RunResult run = ran().run;
  for (const bool xml : {false, true}) {
    const auto text = test_report(run, run.scripts[0], r4(), xml);
    ASSERT_THAT(text, IsOk());
    const auto document = r4().read(*text, false);
    ASSERT_THAT(document, IsOk()) << *text;
    for (const Issue& issue : r4().errors_of(*document, {})) {
      ADD_FAILURE() << issue.expression << ": " << issue.text;
    }
    const auto at = [&](const std::string& expression) {
      const auto found = r4().texts(expression, *document);
      return found ? *found : std::vector<std::string>{};
    };
    EXPECT_THAT(at("result"), ElementsAre("fail"));
    EXPECT_THAT(at("score"), ElementsAre("25.0"));
    EXPECT_THAT(at("test[0].action.assert.result"), ElementsAre("pass", "warning"));
    EXPECT_THAT(at("test[1].action.assert.result"), ElementsAre("fail"));
    EXPECT_THAT(at("test[2].action.operation.result"), ElementsAre("error"));
    EXPECT_THAT(at("test[3].action.operation.result"), ElementsAre("skip"));
    EXPECT_THAT(at("teardown.action.operation.count()"), ElementsAre("1"));
    EXPECT_THAT(at("participant.type"), ElementsAre("test-engine", "server"));
  }
}

TEST(TestReports, OfAScriptThatWasNotRunIsPending) {
  FakeServer server;
  server.statement = kStatement;
  const auto result = run(
      server,
      R"("extension":[{"url":"http://ignixa.io/testscript/requiresCapability","valueString":"false"}],"test":[{"action":[{"assert":{"response":"okay"}}]}])");
  RunResult all;
  all.server = kBase;
  all.scripts = {result};
  const auto text = test_report(all, result, r4());
  ASSERT_THAT(text, IsOk());
  EXPECT_THAT(*text, HasSubstr(R"("result": "pending")"));
  EXPECT_EQ(exit_code(all), 0);
}

TEST(Reports, HoldNoSecretAndNoMarkupFromOutside) {
  const RunResult run = ran().run;
  const std::string html = html_page(run);
  for (const std::string& text :
       {html, *json_record(run), *junit_xml(run), *test_report(run, run.scripts[0], r4()),
        console_text(run.scripts[0], true)}) {
    EXPECT_THAT(text, Not(HasSubstr("hidden-token")));
    EXPECT_THAT(text, Not(HasSubstr("abcdef")));
    EXPECT_THAT(text, Not(HasSubstr("very-secret")));
  }
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<b>no</b>")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)"));
}

TEST(ExitCodes, TellFailuresFromErrors) {
  RunResult run = ran().run;
  EXPECT_EQ(exit_code(run), 4);
  run.scripts[0].outcome = Outcome::fail;
  EXPECT_EQ(exit_code(run), 3);
  run.scripts[0].outcome = Outcome::warning;
  EXPECT_EQ(exit_code(run), 0);
}

TEST(Claims, AreHeldAgainstWhatTheTestsSaw) {
  const auto claims = ran().claims;
  const auto standing = [&](const std::string& interaction) {
    for (const Claim& claim : claims) {
      if (claim.type == "Patient" && claim.interaction == interaction) return standing_of(claim);
    }
    return Standing::unclaimed_fails;
  };
  EXPECT_EQ(standing("read"), Standing::kept);
  EXPECT_EQ(standing("delete"), Standing::claimed_but_fails);
  EXPECT_EQ(standing("patch"), Standing::not_tested);
  EXPECT_THAT(claims_text(claims), HasSubstr("claimed but fails:\n  Patient delete  0 of 1"));
}

TEST(Mask, HidesSecretsWhereverTheyStand) {
  Mask mask;
  mask.add("tok-123456");
  mask.add("x");  // too short to be looked for
  EXPECT_EQ(mask.text("a tok-123456 b"), "a *** b");
  EXPECT_EQ(mask.text("extra x"), "extra x");
  EXPECT_EQ(mask.text("?client_secret=abc&b=1"), "?client_secret=***&b=1");
  EXPECT_EQ(mask.text(R"({"access_token" : "abc","n":1})"), R"({"access_token" : "***","n":1})");
  EXPECT_EQ(mask.value({"X-API-Key", "abc"}), "***");
  EXPECT_EQ(mask.value({"proxy-authorization", "abc"}), "***");
  EXPECT_EQ(mask.value({"ETag", "abc"}), "abc");
}

TEST(FeaturesTable, TakesOurColumnFromTheResults) {
  RunResult run = ran().run;
  const auto rows = read_features(
      "# a remark\nread\tY\tN\t?\tP\tSample/passes & warns\nmost\tY\tY\tY\tY\tSample/*\n"
      "delete\tY\tY\tY\tY\tSample/fails\nother\tY\tY\tY\tY\tElse/x\nnever\tN\tN\tN\tN\t\n");
  ASSERT_THAT(rows, IsOk());
  EXPECT_THAT(features_table(*rows, run), HasSubstr("| read | ✓ 1/1 | Y | N | ? | P |\n"
                                                    "| most | 1/4 | Y | Y | Y | Y |\n"
                                                    "| delete | no | Y | Y | Y | Y |\n"
                                                    "| other | not tested | Y | Y | Y | Y |\n"
                                                    "| never | no | N | N | N | N |\n"));
  EXPECT_THAT(read_features("one\ttwo\n"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(with_table("no lines", "t"), FailsWith(ErrorCode::not_found));
  EXPECT_EQ(*with_table("a\n<!-- features: begin -->\nold\n<!-- features: end -->\nz", "new\n"),
            "a\n<!-- features: begin -->\nnew\n<!-- features: end -->\nz");
}

TEST(Features, NameTestsOfOurSuites) {
  const auto rows = features();
  ASSERT_THAT(rows, IsOk());
  EXPECT_GT(rows->size(), 30u);
  const std::filesystem::path suites[] = {std::filesystem::path(concord::test::source_dir()) /
                                          "conformance/suites"};
  const auto files = find_scripts(suites);
  ASSERT_THAT(files, IsOk());
  std::set<std::string> names;
  for (const auto& file : *files) {
    const auto script = load_file(file, r4());
    ASSERT_THAT(script, IsOk()) << file;
    EXPECT_TRUE(script->sound()) << file;
    for (const auto& one : script->tests) names.insert(script->name + "/" + one.name);
  }
  for (const Feature& row : *rows) {
    for (const std::string& test : row.evidence) {
      EXPECT_TRUE(names.contains(test)) << row.name << " names " << test;
    }
  }
}

}  // namespace
}  // namespace concord::runner
