// Every filter of ValueSet.compose, by what it selects.

#include "tests/fhir/terminology/terms.h"

namespace concord::terminology {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::string filter(std::string_view property, std::string_view op, std::string_view value) {
  return R"({"property": ")" + std::string(property) + R"(", "op": ")" + std::string(op) +
         R"(", "value": ")" + std::string(value) + "\"}";
}

std::vector<std::string> selected(const std::string& filters) {
  const std::string set = animals("x", filters);
  const Terms terms({kAnimals, set});
  ExpandOptions flat;
  flat.exclude_nested = true;
  return codes_of(terms->expand("http://example.org/vs/x", flat));
}

TEST(Filters, Hierarchy) {
  // snake says its parent by property, dodo has two: by nesting and by property.
  EXPECT_THAT(selected(filter("concept", "is-a", "animal")),
              UnorderedElementsAre("animal", "dog", "puppy", "bird", "dodo", "snake"));
  EXPECT_THAT(selected(filter("concept", "descendent-of", "animal")),
              UnorderedElementsAre("dog", "puppy", "bird", "dodo", "snake"));
  EXPECT_THAT(selected(filter("concept", "is-a", "bird")), UnorderedElementsAre("bird", "dodo"));
  EXPECT_THAT(selected(filter("concept", "is-not-a", "bird")),
              UnorderedElementsAre("animal", "dog", "puppy", "snake"));
  EXPECT_THAT(selected(filter("concept", "generalizes", "puppy")),
              UnorderedElementsAre("puppy", "dog", "animal"));
  EXPECT_THAT(selected(filter("concept", "child-of", "animal")),
              UnorderedElementsAre("dog", "bird", "dodo", "snake"));
  EXPECT_THAT(selected(filter("concept", "descendent-leaf", "animal")),
              UnorderedElementsAre("puppy", "dodo", "snake"));
  EXPECT_THAT(selected(filter("parent", "=", "bird")), ElementsAre("dodo"));
  EXPECT_THAT(selected(filter("child", "=", "puppy")), ElementsAre("dog"));
}

TEST(Filters, CodesAndNames) {
  EXPECT_THAT(selected(filter("code", "=", "dog")), ElementsAre("dog"));
  EXPECT_THAT(selected(filter("concept", "in", "dog, bird,unicorn")),
              UnorderedElementsAre("dog", "bird"));
  EXPECT_THAT(selected(filter("code", "not-in", "dog,bird,animal,puppy")),
              UnorderedElementsAre("dodo", "snake"));
  // A pattern is for the whole code.
  EXPECT_THAT(selected(filter("code", "regex", "d.*")), UnorderedElementsAre("dog", "dodo"));
  EXPECT_THAT(selected(filter("code", "regex", "d")), IsEmpty());
  EXPECT_THAT(selected(filter("display", "=", "Dog")), ElementsAre("dog"));
  EXPECT_THAT(selected(filter("display", "regex", "(?i)d.*")), UnorderedElementsAre("dog", "dodo"));
  EXPECT_THAT(selected(filter("designation", "=", "Hond")), ElementsAre("dog"));
}

TEST(Filters, Properties) {
  EXPECT_THAT(selected(filter("legs", "=", "2")), UnorderedElementsAre("bird", "dodo"));
  EXPECT_THAT(selected(filter("legs", "in", "2,4")),
              UnorderedElementsAre("dog", "puppy", "bird", "dodo"));
  EXPECT_THAT(selected(filter("legs", "not-in", "2")),
              UnorderedElementsAre("animal", "dog", "puppy", "snake"));
  EXPECT_THAT(selected(filter("sound", "exists", "true")), UnorderedElementsAre("dog", "bird"));
  EXPECT_THAT(selected(filter("sound", "exists", "false")),
              UnorderedElementsAre("animal", "puppy", "dodo", "snake"));
  // One of several values is enough; not-in needs all of them out.
  EXPECT_THAT(selected(filter("sound", "=", "squawk")), ElementsAre("bird"));
  EXPECT_THAT(selected(filter("sound", "not-in", "squawk")),
              UnorderedElementsAre("animal", "dog", "puppy", "dodo", "snake"));
  EXPECT_THAT(selected(filter("sound", "regex", "w.*f|tweet")),
              UnorderedElementsAre("dog", "bird"));
  EXPECT_THAT(selected(filter("inactive", "=", "false")),
              UnorderedElementsAre("animal", "dog", "puppy", "bird", "snake"));
  EXPECT_THAT(selected(filter("notSelectable", "=", "true")), ElementsAre("animal"));
  EXPECT_THAT(selected(filter("kin", "=", "worm")), ElementsAre("snake"));
}

TEST(Filters, SeveralAreAnd) {
  EXPECT_THAT(selected(filter("concept", "is-a", "animal") + "," + filter("legs", "=", "4") + "," +
                       filter("sound", "exists", "false")),
              ElementsAre("puppy"));
}

TEST(Filters, WhatNobodyCanAnswerIsAGapWithItsReason) {
  struct Row {
    std::string filter, reason;
  };
  const Row rows[] = {
      {filter("code", "regex", "(["), "the pattern is none"},
      {filter("wings", "=", "2"), "no such property"},
      {filter("concept", "is-a", "unicorn"), "no such concept"},
      {filter("concept", "resembles", "dog"), "is not known"},
      {filter("legs", "is-a", "2"), "not known for properties"},
      {filter("code", "regex", std::string(3000, 'a')), "too long"},
      {R"({"property": "legs", "op": "="})", "is missing"},
  };
  for (const Row& row : rows) {
    const std::string set = animals("x", row.filter);
    const Terms terms({kAnimals, set});
    const auto compiled = terms->value_set("http://example.org/vs/x");
    ASSERT_NE(compiled, nullptr);
    ASSERT_EQ(compiled->gaps().size(), 1u) << row.filter;
    EXPECT_EQ(compiled->gaps()[0].gap, Gap::bad_filter);
    EXPECT_THAT(compiled->gaps()[0].text, testing::HasSubstr(row.reason));
    const Hit hit = compiled->find(kSystem, "dog");
    EXPECT_EQ(hit.answer, Answer::unknown);
    EXPECT_EQ(hit.gap, Gap::bad_filter);
    const auto expansion = terms->expand("http://example.org/vs/x");
    ASSERT_FALSE(expansion.has_value());
    EXPECT_EQ(expansion.error().code, ErrorCode::invalid);
  }
}

TEST(Filters, PatternsThatWouldRunForeverElsewhereEnd) {
  const std::string set = animals("x", filter("code", "regex", "(a+)+(b+)+(a|aa)+$"));
  const std::string long_code =
      R"({"resourceType": "CodeSystem", "url": "http://example.org/cs/animals", "status": "active",
          "content": "complete", "caseSensitive": true, "concept": [{"code": ")" +
      std::string(5000, 'a') + "\"}]}";
  const Terms terms({long_code, set});
  EXPECT_EQ(terms->value_set("http://example.org/vs/x")->contains(kSystem, std::string(5000, 'a')),
            Answer::no);
}

}  // namespace
}  // namespace concord::terminology
