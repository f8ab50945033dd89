// Membership: includes, excludes, imports, versions, what is not here.

#include <thread>

#include "tests/fhir/terminology/terms.h"

namespace concord::terminology {
namespace {

constexpr std::string_view kBase = "http://example.org/vs/";

std::string url(std::string_view name) { return std::string(kBase) + std::string(name); }
std::string import(std::string_view name) { return "\"" + url(name) + "\""; }

std::string whole() { return R"({"system": "http://example.org/cs/animals"})"; }
std::string listing(std::string_view codes) {
  return R"({"system": "http://example.org/cs/animals", "concept": [)" + std::string(codes) + "]}";
}

TEST(ValueSets, AWholeSystemIsOneRange) {
  const std::string set = value_set("all", "\"include\": [" + whole() + "]");
  const Terms terms({kAnimals, set});
  const auto compiled = terms->value_set(url("all"));
  ASSERT_NE(compiled, nullptr);
  EXPECT_TRUE(compiled->gaps().empty());
  EXPECT_EQ(compiled->contains(kSystem, "dog"), Answer::yes);
  EXPECT_EQ(compiled->contains(kSystem, "Dog"), Answer::no) << "case matters in this system";
  EXPECT_EQ(compiled->contains("http://example.org/cs/other", "dog"), Answer::no);
  const Hit hit = compiled->infer("puppy");
  EXPECT_EQ(hit.answer, Answer::yes);
  EXPECT_EQ(hit.system, kSystem);
  EXPECT_EQ(hit.in->display(hit.number), "Puppy");
}

TEST(ValueSets, ExcludesAreTakenOutOfWhatIsIncluded) {
  const std::string set =
      value_set("some", "\"include\": [" + whole() + "], \"exclude\": [" +
                            listing(R"({"code": "dog"}, {"code": "unicorn"})") + "," +
                            R"({"system": "http://example.org/cs/animals",
                                "filter": [{"property": "concept", "op": "is-a", "value": "bird"}]})" +
                            "]");
  const Terms terms({kAnimals, set});
  ExpandOptions flat;
  flat.exclude_nested = true;
  EXPECT_THAT(codes_of(terms->expand(url("some"), flat)),
              testing::ElementsAre("animal", "puppy", "snake"));
}

TEST(ValueSets, TwoSetsInOneIncludeAreWhatTheyHaveInCommon) {
  const std::string dogs =
      animals("dogs", R"({"property": "concept", "op": "is-a", "value": "dog"})");
  const std::string four = animals("four", R"({"property": "legs", "op": "=", "value": "4"})");
  const std::string both = value_set(
      "both", "\"include\": [{\"valueSet\": [" + import("dogs") + "," + import("four") + "]}]");
  const std::string either = value_set(
      "either", "\"include\": [{\"valueSet\": [" + import("dogs") + "]}, {\"valueSet\": [" +
                    import("four") + "]}, " + listing(R"({"code": "snake"})") + "]");
  const std::string beside =
      value_set("beside",
                "\"include\": [{\"system\": \"http://example.org/cs/animals\", \"concept\": "
                "[{\"code\": \"puppy\"}, {\"code\": \"bird\"}], \"valueSet\": [" +
                    import("dogs") + "]}]");
  const Terms terms({kAnimals, dogs, four, both, either, beside});
  EXPECT_THAT(codes_of(terms->expand(url("both"))), testing::UnorderedElementsAre("dog", "puppy"));
  EXPECT_THAT(codes_of(terms->expand(url("either"))),
              testing::UnorderedElementsAre("dog", "puppy", "snake"));
  EXPECT_THAT(codes_of(terms->expand(url("beside"))), testing::ElementsAre("puppy"));
}

TEST(ValueSets, ACircleOfImportsIsRefusedAndTheRestStands) {
  const std::string a = value_set("a", "\"include\": [{\"valueSet\": [" + import("b") + "]}, " +
                                           listing(R"({"code": "dog"})") + "]");
  const std::string b = value_set("b", "\"include\": [{\"valueSet\": [" + import("a") + "]}]");
  const std::string self =
      value_set("self", "\"include\": [{\"valueSet\": [" + import("self") + "]}]");
  const Terms terms({kAnimals, a, b, self});
  const auto compiled = terms->value_set(url("a"));
  ASSERT_FALSE(compiled->gaps().empty());
  EXPECT_EQ(compiled->gaps()[0].gap, Gap::cycle);
  EXPECT_EQ(compiled->contains(kSystem, "dog"), Answer::yes);
  EXPECT_EQ(compiled->contains(kSystem, "bird"), Answer::unknown);
  EXPECT_EQ(terms->value_set(url("self"))->gaps()[0].gap, Gap::cycle);
  EXPECT_EQ(terms->value_set(url("b"))->contains(kSystem, "dog"), Answer::yes);
  EXPECT_FALSE(terms->expand(url("a")).has_value());
}

TEST(ValueSets, WhatIsNotHereIsUnknownAndSaysWhy) {
  const std::string listed = value_set("listed", R"("include": [{"system": "http://snomed.info/sct",
      "concept": [{"code": "22298006", "display": "Myocardial infarction"}]}])");
  const std::string filtered =
      value_set("filtered", R"("include": [{"system": "http://snomed.info/sct",
      "filter": [{"property": "concept", "op": "is-a", "value": "22298006"}]}])");
  const std::string nowhere =
      value_set("nowhere", R"("include": [{"system": "http://example.org/none"}])");
  const std::string missing =
      value_set("missing", "\"include\": [{\"valueSet\": [" + import("gone") + "]}]");
  const std::string other_version = value_set("version", R"("include": [
      {"system": "http://example.org/cs/animals", "version": "9.0.0"}])");
  const Terms terms({kAnimals, listed, filtered, nowhere, missing, other_version});
  // A list decides, whoever owns the codes.
  const auto list = terms->value_set(url("listed"));
  EXPECT_TRUE(list->gaps().empty());
  EXPECT_EQ(list->contains("http://snomed.info/sct", "22298006"), Answer::yes);
  EXPECT_EQ(list->contains("http://snomed.info/sct", "1"), Answer::no);
  EXPECT_EQ(list->own_display("http://snomed.info/sct", "22298006"), "Myocardial infarction");

  const Hit filter = terms->value_set(url("filtered"))->find("http://snomed.info/sct", "22298006");
  EXPECT_EQ(filter.answer, Answer::unknown);
  EXPECT_EQ(filter.gap, Gap::needs_release);
  EXPECT_EQ(terms->value_set(url("filtered"))->contains(kSystem, "dog"), Answer::no);

  EXPECT_EQ(terms->value_set(url("nowhere"))->find("http://example.org/none", "x").gap,
            Gap::unknown_system);
  EXPECT_EQ(terms->value_set(url("missing"))->find(kSystem, "dog").gap, Gap::unknown_value_set);
  EXPECT_EQ(terms->value_set(url("missing"))->infer("dog").answer, Answer::unknown);
  EXPECT_EQ(terms->value_set(url("version"))->find(kSystem, "dog").gap, Gap::unknown_version);
  EXPECT_EQ(terms->value_set(url("gone")), nullptr);
}

TEST(ValueSets, AFragmentSaysYesOrUnknown) {
  constexpr std::string_view kFragment = R"({"resourceType": "CodeSystem", "status": "active",
    "url": "http://example.org/cs/part", "content": "fragment", "caseSensitive": true,
    "concept": [{"code": "a", "property": [{"code": "x", "valueCode": "1"}]}, {"code": "b"}]})";
  const std::string all =
      value_set("all", R"("include": [{"system": "http://example.org/cs/part"}])");
  const std::string some = value_set("some", R"("include": [{"system": "http://example.org/cs/part",
      "filter": [{"property": "x", "op": "=", "value": "1"}]}])");
  const Terms terms({kFragment, all, some});
  const auto whole_set = terms->value_set(url("all"));
  EXPECT_EQ(whole_set->contains("http://example.org/cs/part", "a"), Answer::yes);
  EXPECT_EQ(whole_set->contains("http://example.org/cs/part", "z"), Answer::unknown);
  const auto filtered = terms->value_set(url("some"));
  EXPECT_EQ(filtered->contains("http://example.org/cs/part", "a"), Answer::yes);
  EXPECT_EQ(filtered->contains("http://example.org/cs/part", "b"), Answer::no) << "known not to be";
  EXPECT_EQ(filtered->contains("http://example.org/cs/part", "z"), Answer::unknown);
  EXPECT_EQ(filtered->find("http://example.org/cs/part", "z").gap, Gap::incomplete_system);
}

TEST(ValueSets, APublishedExpansionServesWhereNothingElseDoes) {
  constexpr std::string_view kOnly = R"({"resourceType": "ValueSet", "status": "active",
    "url": "http://example.org/vs/only", "expansion": {"timestamp": "2026-01-01", "contains": [
      {"abstract": true, "display": "Four legs", "contains": [
        {"system": "http://example.org/cs/animals", "code": "dog", "display": "Dog"}]},
      {"system": "http://example.org/cs/other", "code": "x"}]}})";
  constexpr std::string_view kSnomed = R"({"resourceType": "ValueSet", "status": "active",
    "url": "http://example.org/vs/sct", "compose": {"include": [{"system": "http://snomed.info/sct",
      "filter": [{"property": "concept", "op": "is-a", "value": "404684003"}]}]},
    "expansion": {"timestamp": "2026-01-01", "total": 1, "contains": [
      {"system": "http://snomed.info/sct", "code": "404684003"}]}})";
  constexpr std::string_view kPart = R"({"resourceType": "ValueSet", "status": "active",
    "url": "http://example.org/vs/part", "compose": {"include": [{"system": "http://snomed.info/sct"}]},
    "expansion": {"timestamp": "2026-01-01", "total": 9, "contains": [
      {"system": "http://snomed.info/sct", "code": "404684003"}]}})";
  const Terms terms({kAnimals, kOnly, kSnomed, kPart});
  EXPECT_EQ(terms->value_set(url("only"))->contains(kSystem, "dog"), Answer::yes);
  EXPECT_EQ(terms->value_set(url("only"))->contains(kSystem, "bird"), Answer::no);
  EXPECT_EQ(terms->value_set(url("sct"))->contains("http://snomed.info/sct", "404684003"),
            Answer::yes);
  EXPECT_EQ(terms->value_set(url("sct"))->contains("http://snomed.info/sct", "1"), Answer::no);
  EXPECT_EQ(terms->value_set(url("part"))->contains("http://snomed.info/sct", "404684003"),
            Answer::yes);
  EXPECT_EQ(terms->value_set(url("part"))->contains("http://snomed.info/sct", "1"),
            Answer::unknown);
  const auto expansion = terms->expand(url("only"));
  ASSERT_THAT(expansion, IsOk());
  ASSERT_EQ(expansion->lines.size(), 3u);
  EXPECT_TRUE(expansion->lines[0].abstract);
  EXPECT_EQ(expansion->lines[1].parent, 0u);
}

TEST(ValueSets, InactiveCodesAreLeftOutWhenTheSetSaysSo) {
  const std::string out = value_set("out", "\"inactive\": false, \"include\": [" + whole() + "]");
  const std::string in = value_set("in", "\"include\": [" + whole() + "]");
  const Terms terms({kAnimals, out, in});
  EXPECT_EQ(terms->value_set(url("out"))->contains(kSystem, "dodo"), Answer::no);
  EXPECT_EQ(terms->value_set(url("in"))->contains(kSystem, "dodo"), Answer::yes);
}

TEST(ValueSets, VersionsChooseAmongSystemsOfOneUrl) {
  const auto system = [](std::string_view version, std::string_view code) {
    return R"({"resourceType": "CodeSystem", "status": "active", "content": "complete",
        "caseSensitive": true, "url": "http://example.org/cs/v", "version": ")" +
           std::string(version) + R"(", "concept": [{"code": ")" + std::string(code) + "\"}]}";
  };
  const std::string one = system("1.0.0", "old"), two = system("2.0.0", "new");
  const std::string set_one =
      value_set("one", R"("include": [{"system": "http://example.org/cs/v", "version": "1.0.0"}])");
  const std::string set_any =
      value_set("any", R"("include": [{"system": "http://example.org/cs/v"}])");
  const Terms terms({one, two, set_one, set_any});
  EXPECT_EQ(terms->value_set(url("one"))->contains("http://example.org/cs/v", "old"), Answer::yes);
  EXPECT_EQ(terms->value_set(url("one"))->contains("http://example.org/cs/v", "new"), Answer::no);
  EXPECT_EQ(terms->value_set(url("any"))->contains("http://example.org/cs/v", "new"), Answer::yes);
  EXPECT_EQ(terms->value_set(url("one"))->find("http://example.org/cs/v", "old", "2.0.0").answer,
            Answer::no)
      << "the set has it in another version than the message";
  ExpandOptions forced;
  forced.system_versions = {"http://example.org/cs/v|1.0.0"};
  EXPECT_THAT(codes_of(terms->expand(url("any"), forced)), testing::ElementsAre("old"));
}

TEST(ValueSets, CaseDoesNotMatterWhereTheSystemSaysSo) {
  constexpr std::string_view kLoose = R"({"resourceType": "CodeSystem", "status": "active",
    "content": "complete", "caseSensitive": false, "url": "http://example.org/cs/loose",
    "concept": [{"code": "Straße"}, {"code": "ABC"}]})";
  const std::string all =
      value_set("all", R"("include": [{"system": "http://example.org/cs/loose"}])");
  const Terms terms({kLoose, all});
  const auto set = terms->value_set(url("all"));
  EXPECT_EQ(set->contains("http://example.org/cs/loose", "abc"), Answer::yes);
  EXPECT_EQ(set->contains("http://example.org/cs/loose", "STRASSE"), Answer::yes);
  const auto check = terms->check({"http://example.org/cs/loose", "abc", {}, {}});
  EXPECT_EQ(check.standing, Standing::valid);
  EXPECT_TRUE(check.other_case);
}

TEST(ValueSets, OneOfADocumentIsCompiledForItself) {
  const Terms terms({kAnimals});
  auto document = json::read(R"({"resourceType": "ValueSet", "status": "draft", "compose": {
      "include": [{"system": "http://example.org/cs/animals",
                   "concept": [{"code": "dog"}, {"code": "unicorn"}]}]}})",
                             core().symbols());
  ASSERT_THAT(document, IsOk());
  const auto set = terms->compile(*document, document->root());
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ((*set)->contains(kSystem, "dog"), Answer::yes);
  EXPECT_EQ((*set)->contains(kSystem, "unicorn"), Answer::yes) << "listed is in the set";
  EXPECT_EQ((*set)->contains(kSystem, "bird"), Answer::no);
  EXPECT_EQ(terms->contains(*set, {kSystem, "unicorn", {}, {}}).code.standing,
            Standing::unknown_code);
  auto other = json::read(R"({"resourceType": "Patient"})", core().symbols());
  EXPECT_FALSE(terms->compile(*other, other->root()).has_value());
}

TEST(ValueSets, BoundsEndWhatWouldNot) {
  std::string chain;
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) {
    texts.push_back(
        value_set("v" + std::to_string(i),
                  "\"include\": [{\"valueSet\": [" + import("v" + std::to_string(i + 1)) + "]}]"));
  }
  packages::Registry registry(core());
  for (const std::string& text : texts) {
    ASSERT_TRUE(registry.add_text("x.json", text).has_value());
  }
  ASSERT_TRUE(
      registry
          .add_text("big.json",
                    value_set("big", "\"include\": [" + listing(R"({"code": "a"}, {"code": "b"},
                                                                        {"code": "c"})") +
                                         "]"))
          .has_value());
  const Terminology terms(registry, {.max_listed = 2, .max_depth = 8, .max_parts = 100});
  ASSERT_FALSE(terms.value_set(url("v0"))->gaps().empty());
  EXPECT_EQ(terms.value_set(url("v0"))->gaps()[0].gap, Gap::too_costly);
  EXPECT_EQ(terms.value_set(url("big"))->gaps()[0].gap, Gap::too_costly);
  EXPECT_EQ(terms.value_set(url("big"))->find(kSystem, "a").answer, Answer::unknown);
}

TEST(ValueSets, ManyThreadsMayAskAtOnce) {
  const Terms terms({kAnimals, animals("a", R"({"property": "legs", "op": "=", "value": "2"})")});
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        const auto one = terms->contains(url("a"), {kSystem, "bird", "Bird", {}});
        const auto two = terms->contains("http://hl7.org/fhir/ValueSet/administrative-gender",
                                         {{}, "female", {}, {}});
        if (one && two && one.code.display == DisplayStanding::right) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
}

}  // namespace
}  // namespace concord::terminology
