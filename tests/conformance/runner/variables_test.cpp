// Variables and placeholders.

#include <gmock/gmock.h>

#include "conformance/runner/session.h"
#include "tests/conformance/runner/fake_server.h"
#include "tests/support/result_matchers.h"

namespace concord::runner {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

/// A session over a script with those variables and one answer under the id "answer".
struct Knowing {
  explicit Knowing(const std::string& variables, Settings given = settings())
      : script(loaded(R"("fixture":[{"id":"fix","autocreate":false,"autodelete":false,"resource":)"
                      R"({"resourceType":"Patient","id":"f1","language":"${lang}"}}],)"
                      R"("variable":[)" +
                      variables + "]")),
        used(std::move(given)),
        session(script, r4(), used, [](const Request&) -> Result<Response> {
          return make_error(ErrorCode::internal, "not asked");
        }) {
    session.keep(Exchange{{"GET", "u", {}, {}}, patient(), {}, {}, 1, {}, {}, {}}, "", "answer");
  }
  std::string value(const std::string& name) {
    const auto found = session.variable(name);
    return found ? *found : "error: " + found.error().issues[0].text;
  }
  Script script;
  Settings used;
  Session session;
};

TEST(Variables, ComeFromExpressionsPathsAndHeaders) {
  Knowing k(
      R"({"name":"a","expression":"name.given[1]","sourceId":"answer"},)"
      R"({"name":"b","path":"meta.versionId","sourceId":"answer"},)"
      R"({"name":"c","path":"fhir:Patient/fhir:name/fhir:family/@value","sourceId":"answer"},)"
      R"({"name":"d","headerField":"etag","sourceId":"answer"},)"
      R"({"name":"e","path":"Patient/id","sourceId":"fix"},)"
      R"({"name":"lang","defaultValue":"en"})");
  EXPECT_EQ(k.value("a"), "Ash");
  EXPECT_EQ(k.value("b"), "3");
  EXPECT_EQ(k.value("c"), "Quay");
  EXPECT_EQ(k.value("d"), "W/\"3\"");
  EXPECT_EQ(k.value("e"), "f1");
}

TEST(Variables, WithoutSourceLookAtTheLastResponse) {
  Knowing k(R"({"name":"a","expression":"birthDate"})");
  EXPECT_EQ(k.value("a"), "1970-05-06");
}

TEST(Variables, FallBackToTheirDefaultAndElseAreErrorsThatNameThem) {
  Knowing k(
      R"({"name":"a","expression":"telecom.value","sourceId":"answer","defaultValue":"x${b}"},)"
      R"({"name":"b","defaultValue":"y"},{"name":"c","path":"photo","sourceId":"answer"},)"
      R"({"name":"d","hint":"[a name]"},{"name":"e","expression":"id","sourceId":"later"},)"
      R"({"name":"f","defaultValue":"${g}"},{"name":"g","defaultValue":"${f}"})");
  EXPECT_EQ(k.value("a"), "xy");
  EXPECT_EQ(k.value("c"), "error: the variable c has no value");
  EXPECT_THAT(k.value("d"), HasSubstr("--variable d="));
  EXPECT_THAT(k.value("e"), HasSubstr("no fixture, request or response has the id later"));
  EXPECT_THAT(k.value("f"), HasSubstr("leads back to itself"));
  EXPECT_EQ(k.value("nobody"), "error: there is no variable nobody");
}

TEST(Variables, GivenOnTheCommandLineGoFirst) {
  Settings given = settings();
  given.variables["a"] = "mine";
  Knowing k(R"({"name":"a","defaultValue":"theirs"})", given);
  EXPECT_EQ(k.value("a"), "mine");
  k.session.bind("a", "of the test");
  EXPECT_EQ(k.value("a"), "of the test");
}

TEST(Variables, AreEvaluatedAtEachUse) {
  Knowing k(R"({"name":"a","expression":"id"})");
  EXPECT_EQ(k.value("a"), "p1");
  Response other{200, {}, R"({"resourceType":"Patient","id":"p2"})"};
  k.session.keep(Exchange{{"GET", "u", {}, {}}, other, {}, {}, 1, {}, {}, {}}, "", "");
  EXPECT_EQ(k.value("a"), "p2");
}

TEST(Fixtures, GetVariablesWrittenFitForJson) {
  Knowing k(R"({"name":"lang","defaultValue":"e\"n\\"})");
  const auto text = k.session.fixture_text(*k.session.fixture("fix"));
  ASSERT_THAT(text, IsOk());
  EXPECT_THAT(*text, HasSubstr(R"("language":"e\"n\\")"));
  Knowing none(R"({"name":"other","defaultValue":"x"})");
  EXPECT_THAT(none.session.fixture_text(*none.session.fixture("fix")),
              FailsWith(ErrorCode::not_found));
}

TEST(Placeholders, HaveTheFormTheirNameSays) {
  Knowing k(
      R"({"name":"mine","defaultValue":"${C6}-${D9}"},{"name":"yours","defaultValue":"${C6}"})");
  EXPECT_THAT(k.value("C6"), MatchesRegex("[A-Za-z]{6}"));
  EXPECT_THAT(k.value("D9"), MatchesRegex("[1-9][0-9]{8}"));
  EXPECT_THAT(k.value("CD14"), MatchesRegex("[A-Za-z0-9]{14}"));
  EXPECT_THAT(k.value("UUID"), MatchesRegex("[0-9a-f-]{36}"));
  EXPECT_EQ(k.value("CURRENTDATE"), "2026-03-02");
  EXPECT_EQ(k.value("CURRENTDATETIME"), "2026-03-02T10:20:30Z");
  EXPECT_EQ(k.value("DATE"), "2026-03-02");
  EXPECT_EQ(k.value("CURRENTDATE, -2, day"), "2026-02-28");
  EXPECT_EQ(k.value("DATE+1W"), "2026-03-09");
  // One value per variable, another for another variable, the same in every run of a seed.
  EXPECT_EQ(k.value("mine"), k.value("mine"));
  EXPECT_NE(k.value("mine").substr(0, 6), k.value("yours"));
  Knowing again(
      R"({"name":"mine","defaultValue":"${C6}-${D9}"},{"name":"yours","defaultValue":"${C6}"})");
  EXPECT_EQ(Knowing(R"({"name":"x","defaultValue":"${C6}"})").value("x"),
            Knowing(R"({"name":"x","defaultValue":"${C6}"})").value("x"));
  for (const char* wrong : {"C", "C0", "C999", "D1x", "CX9"}) {
    EXPECT_THAT(k.value(wrong), HasSubstr("there is no variable")) << wrong;
  }
}

TEST(Substitution, LeavesWhatIsNoPlaceholderAlone) {
  Knowing k(R"({"name":"a","defaultValue":"+ #"})");
  EXPECT_EQ(*k.session.substitute("$a {a} ${a} ${open"), "$a {a} + # ${open");
  EXPECT_EQ(*k.session.substitute("${a}?x=${a}", Into::query), "+ #?x=%2B%20%23");
}

}  // namespace
}  // namespace concord::runner
