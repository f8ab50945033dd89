// Scripts as they are read and checked.

#include "conformance/runner/load.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/conformance/runner/fake_server.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::runner {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const char* const kTest = R"("test":[{"action":[{"assert":{"response":"okay"}}]}])";

std::vector<std::string> errors_in(const Script& script) {
  std::vector<std::string> all;
  for (const Issue& issue : script.issues) {
    if (issue.severity <= Severity::error) all.push_back(issue.expression + ": " + issue.text);
  }
  return all;
}

TEST(Loading, WhatIsNoTestScriptIsRefused) {
  EXPECT_THAT(load("{", "f", r4()), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(load("", "f", r4()), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(load(R"({"resourceType":"Patient"})", "f", r4()), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(load(std::string(10'000, '['), "f", r4()), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(load_file("/nowhere.json", r4()), FailsWith(ErrorCode::not_found));
}

TEST(Loading, AnInvariantIsAnErrorAtItsActionWithLineAndColumn) {
  const std::string text = script_text(
      "\n\"test\":[{\"action\":[\n{\"assert\":{\"response\":\"okay\",\"resource\":\"Patient\"}},\n"
      "{\"assert\":{\"response\":\"okay\"}}]}]");
  const auto script = load(text, "f.json", r4());
  ASSERT_THAT(script, IsOk());
  EXPECT_FALSE(script->sound());
  EXPECT_THAT(errors_in(*script),
              testing::Contains(HasSubstr("TestScript.test[0].action[0].assert: tst-6")));
  for (const Issue& issue : script->issues) {
    if (issue.severity == Severity::error) {
      EXPECT_EQ(issue.position.line, 3u);
    }
  }
  EXPECT_THAT(script->tests[0].actions[0].fault, HasSubstr("tst-6"));
  EXPECT_EQ(script->tests[0].actions[1].fault, "");
}

TEST(Loading, EachInvariantIsLookedAt) {
  const auto wrong = [](const std::string& members) {
    const auto errors = errors_in(loaded(members));
    std::string all;
    for (const std::string& error : errors) all += error + "\n";
    return all;
  };
  const std::string after = std::string(",") + kTest;
  EXPECT_THAT(
      wrong(
          R"("setup":{"action":[{"operation":{"type":{"code":"read"},"url":"x"},"assert":{"response":"okay"}}]})" +
          after),
      HasSubstr("tst-1"));
  EXPECT_THAT(
      wrong(
          R"("test":[{"action":[{"operation":{"type":{"code":"read"},"url":"x"},"assert":{"response":"okay"}}]}])"),
      HasSubstr("tst-2"));
  EXPECT_THAT(wrong(R"("variable":[{"name":"v","path":"a","headerField":"b"}])" + after),
              HasSubstr("tst-3"));
  EXPECT_THAT(
      wrong(R"("setup":{"action":[{"assert":{"response":"okay","resource":"Patient"}}]})" + after),
      HasSubstr("tst-5"));
  EXPECT_THAT(wrong(R"("setup":{"action":[{"assert":{"compareToSourceId":"x"}}]})" + after),
              HasSubstr("tst-10"));
  EXPECT_THAT(wrong(R"("test":[{"action":[{"assert":{"compareToSourceId":"x"}}]}])"),
              HasSubstr("tst-10"));
  EXPECT_THAT(
      wrong(R"("setup":{"action":[{"assert":{"direction":"request","response":"okay"}}]})" + after),
      HasSubstr("tst-12"));
  EXPECT_THAT(
      wrong(R"("test":[{"action":[{"assert":{"direction":"request","response":"okay"}}]}])"),
      HasSubstr("tst-12"));
}

TEST(Loading, FixturesKeepTheirBytesWrongOnesToo) {
  const Script script = loaded(
      R"("fixture":[{"id":"a","autocreate":false,"autodelete":false,"resource":{ "resourceType":"Patient", "name":[], "active":"maybe" }},)"
      R"({"id":"b","autocreate":false,"autodelete":false,"resource":{}},)"
      R"({"id":"c","autocreate":false,"autodelete":false,"resource":{"reference":"#in"}},)"
      R"({"id":"d","autocreate":false,"autodelete":false,"resource":{"reference":"Patient/example"}},)"
      R"({"id":"e","autocreate":false,"autodelete":false,"resource":[ {"op":"remove","path":"/a"} , {"op":"x"}]}],)"
      R"("contained":[{"resourceType":"Patient","id":"in","gender":"wrong"}],)" +
      std::string(kTest));
  EXPECT_THAT(errors_in(script), IsEmpty());
  ASSERT_EQ(script.fixtures.size(), 5u);
  EXPECT_EQ(script.fixtures[0].text,
            R"({ "resourceType":"Patient", "name":[], "active":"maybe" })");
  EXPECT_EQ(script.fixtures[1].text, "{}");
  EXPECT_EQ(script.fixtures[2].text, R"({"resourceType":"Patient","id":"in","gender":"wrong"})");
  EXPECT_EQ(script.fixtures[3].reference, "Patient/example");
  EXPECT_EQ(script.fixtures[4].text, R"([ {"op":"remove","path":"/a"} , {"op":"x"}])");
}

TEST(Loading, XmlSaysTheSame) {
  const auto script = load(
      R"(<TestScript xmlns="http://hl7.org/fhir"><url value="http://example.org/s"/><name value="Said"/><status value="active"/>)"
      R"(<test><name value="t"/><action><operation><type><code value="read"/></type><encodeRequestUrl value="false"/><params value="/1"/></operation></action>)"
      R"(<action><assert><path value="fhir:Patient/fhir:id/@value"/><value value="1"/><warningOnly value="true"/></assert></action></test></TestScript>)",
      "s.xml", r4());
  ASSERT_THAT(script, IsOk());
  EXPECT_TRUE(script->sound());
  EXPECT_EQ(script->name, "Said");
  EXPECT_FALSE(script->tests[0].actions[0].operation->encode_url);
  EXPECT_TRUE(script->tests[0].actions[1].assertion->warning_only);
  EXPECT_EQ(script->tests[0].actions[1].assertion->value, "1");
}

TEST(Loading, FixtureFilesAreFoundBesideTheScriptAndInTheFoldersGiven) {
  const test::TemporaryFolder folder, other;
  std::ofstream(other.path() / "patient-example.json") << R"({"resourceType":"Patient","id":"x"})";
  const auto script = load(
      script_text(
          R"("fixture":[{"id":"f","autocreate":false,"autodelete":false,"resource":{"reference":"Patient/example"}},{"id":"u","autocreate":false,"autodelete":false,"resource":{"reference":"http://elsewhere.test/x"}}],)" +
          std::string(kTest)),
      folder.path() / "s.json", r4());
  ASSERT_THAT(script, IsOk());
  FakeServer server;
  Settings given = settings();
  Session alone(*script, r4(), given, server.transport());
  EXPECT_THAT(alone.fixture_text(*alone.fixture("f")), FailsWith(ErrorCode::not_found));
  given.fixture_folders = {other.path()};
  Session session(*script, r4(), given, server.transport());
  EXPECT_EQ(*session.fixture_text(*session.fixture("f")), R"({"resourceType":"Patient","id":"x"})");
  EXPECT_THAT(session.fixture_text(*session.fixture("u")), FailsWith(ErrorCode::forbidden));
  EXPECT_TRUE(server.asked.empty());
}

TEST(PublishedScripts, AreReadWithoutErrors) {
  const auto fhir = test::corpus("fhir");
  if (!fhir) return;
  const std::filesystem::path folders[] = {*fhir / "testscripts"};
  const auto files = find_scripts(folders);
  ASSERT_THAT(files, IsOk());
  EXPECT_GE(files->size(), 37u);
  std::size_t tests = 0;
  for (const auto& file : *files) {
    const auto script = load_file(file, r4());
    ASSERT_THAT(script, IsOk()) << file;
    EXPECT_THAT(errors_in(*script), IsEmpty()) << file;
    tests += script->tests.size();
    for (const auto& one : script->tests) {
      for (const Action& action : one.actions) EXPECT_EQ(action.fault, "") << file;
    }
  }
  EXPECT_GE(tests, 202u);
}

}  // namespace
}  // namespace concord::runner
