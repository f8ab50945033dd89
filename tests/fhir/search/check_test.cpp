#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/fhir/search/engine.h"

namespace concord::search::test {
namespace {

std::vector<Issue> check(const std::string& base, const std::string& type,
                         const std::string& expression) {
  const auto member = [](const char* name, const std::string& value) {
    return value.empty() ? std::string() : std::string(",\"") + name + "\":" + value;
  };
  const auto quoted = [](const std::string& text) {
    return text.empty() ? "" : "\"" + text + "\"";
  };
  const tree::Document document = resource(
      R"({"resourceType":"SearchParameter","url":"http://sp.example/x","name":"x","status":"draft",)"
      R"("description":"x","code":"x")" +
      member("base", base) + member("type", quoted(type)) +
      member("expression", quoted(expression)) + "}");
  return engine().parameters->check(document);
}

bool says(const std::vector<Issue>& issues, std::string_view words) {
  return std::any_of(issues.begin(), issues.end(), [words](const Issue& issue) {
    return issue.text.find(words) != std::string::npos && issue.severity == Severity::error &&
           issue.wording == Wording::diagnostics;
  });
}

TEST(Check, GoodParametersHaveNoFindings) {
  EXPECT_TRUE(check(R"(["Encounter"])", "reference", "Encounter.diagnosis.condition").empty());
  EXPECT_TRUE(check(R"(["Patient","Practitioner"])", "string",
                    "Patient.name.family | Practitioner.name.family")
                  .empty());
  EXPECT_TRUE(check(R"(["Patient"])", "token", "Patient.deceased.exists()").empty());
  EXPECT_TRUE(check(R"(["Patient"])", "token",
                    "Patient.extension.where(url = 'http://e.example').value.as(CodeableConcept)")
                  .empty());
  EXPECT_TRUE(
      check(R"(["Observation"])", "reference", "Observation.subject.where(resolve() is Patient)")
          .empty());
}

TEST(Check, EachMistakeIsSaid) {
  EXPECT_TRUE(says(check(R"(["Patient"])", "token", "Patient.name.where("), "invalid"));
  EXPECT_TRUE(says(check(R"(["Encounter"])", "token", "Encounter.diagnosis.foo"),
                   "Encounter.diagnosis.foo"));
  EXPECT_TRUE(says(check(R"(["foo"])", "token", "Patient.name"), "'foo'"));
  EXPECT_TRUE(says(check(R"(["Patient"])", "foo", "Patient.name"), "'foo'"));
  EXPECT_TRUE(says(check("", "token", "Patient.name"), "cardinality"));
  EXPECT_TRUE(says(check(R"(["Patient"])", "", "Patient.name"), "cardinality"));
  EXPECT_TRUE(says(check(R"(["Patient"])", "token", ""), "not supported"));
  EXPECT_TRUE(says(check(R"(["Patient"])", "quantity", "Patient.name"), "not supported"));
  EXPECT_TRUE(says(check(R"(["Patient"])", "special", "Patient.name"), "not supported"));
  EXPECT_TRUE(says(check(R"(["Patient"])", "token", "Observation.code"), "not supported"));
}

TEST(Check, NamesOfAnExpressionLeaveNothingBehind) {
  const std::size_t before = engine().symbols.size();
  EXPECT_FALSE(check(R"(["Patient"])", "token", "Patient.neverHeardOf").empty());
  EXPECT_FALSE(check(R"(["Patient"])", "token", "Patient.name.where(unheardOf = 'x')").empty());
  EXPECT_EQ(engine().symbols.size(), before);
}

TEST(Check, HostileExpressionsAreRefused) {
  EXPECT_FALSE(check(R"(["Patient"])", "token", std::string(20'000, '(')).empty());
  EXPECT_FALSE(check(R"(["Patient"])", "token", std::string(10'000, '(')).empty());
  EXPECT_FALSE(check(R"(["Patient"])", "token", "|||||").empty());
  EXPECT_FALSE(check(R"(["Patient"])", "token", "Patient.name as").empty());
  EXPECT_FALSE(check(R"(["Patient"])", "token", "'unfinished").empty());
}

}  // namespace
}  // namespace concord::search::test
