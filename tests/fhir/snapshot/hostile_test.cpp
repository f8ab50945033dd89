// Definitions that mean no good: circles, giants, depths, nonsense. An error, soon, or a snapshot.
#include <gmock/gmock.h>

#include "tests/fhir/snapshot/snapshots.h"
#include "tests/support/result_matchers.h"

namespace concord::snapshot::test {

namespace {

std::string profile(std::string_view url, std::string_view type, std::string_view base,
                    std::string_view elements) {
  std::string text = R"({"resourceType":"StructureDefinition","url":")";
  text.append(url)
      .append(R"(","name":"T","status":"draft","kind":"resource","abstract":false,"type":")")
      .append(type)
      .append(R"(","baseDefinition":")")
      .append(base)
      .append(R"(","derivation":"constraint","differential":{"element":[)")
      .append(elements)
      .append("]}}");
  return text;
}

std::string on_patient(std::string_view elements) {
  return profile("https://a.example/P", "Patient",
                 "http://hl7.org/fhir/StructureDefinition/Patient", elements);
}

Result<Generated> run(const std::string& text, Overlay& source, const Limits& limits = {}) {
  static std::deque<tree::Document> kept;
  GenerateOptions options;
  options.limits = limits;
  return generate_from(source, kept.emplace_back(resource(text)), *engine().definitions, options);
}

Result<Generated> run(const std::string& text, const Limits& limits = {}) {
  Overlay source;
  return run(text, source, limits);
}

}  // namespace

TEST(SnapshotHostile, DefinitionsBasedOnOneAnotherAreAConflict) {
  Overlay source;
  source.add(
      profile("https://a.example/A", "Patient", "https://a.example/B", R"({"path":"Patient"})"));
  source.add(
      profile("https://a.example/B", "Patient", "https://a.example/A", R"({"path":"Patient"})"));
  const auto generated =
      run(profile("https://a.example/C", "Patient", "https://a.example/A", R"({"path":"Patient"})"),
          source);
  EXPECT_THAT(generated, FailsWith(ErrorCode::conflict));
}

TEST(SnapshotHostile, ADefinitionBasedOnItselfIsAConflict) {
  const std::string text =
      profile("https://a.example/A", "Patient", "https://a.example/A", R"({"path":"Patient"})");
  Overlay source;
  source.add(text);
  EXPECT_FALSE(run(text, source).has_value());
}

TEST(SnapshotHostile, ALongChainOfBasesEndsWithAnError) {
  Overlay source;
  std::string base = "http://hl7.org/fhir/StructureDefinition/Patient";
  for (int i = 0; i < 200; ++i) {
    const std::string url = "https://a.example/" + std::to_string(i);
    source.add(profile(url, "Patient", base, R"({"path":"Patient"})"));
    base = url;
  }
  EXPECT_FALSE(
      run(profile("https://a.example/last", "Patient", base, R"({"path":"Patient"})"), source)
          .has_value());
}

TEST(SnapshotHostile, TypeProfilesThatNeedOneAnotherAreCutAndEnd) {
  Overlay source;
  const auto extension = [](std::string_view url, std::string_view other) {
    std::string elements = R"({"path":"Extension"},{"path":"Extension.extension","sliceName":"a",)"
                           R"("type":[{"code":"Extension","profile":[")";
    elements.append(other).append(R"("]}]},{"path":"Extension.extension.extension","min":1})");
    return profile(url, "Extension", "http://hl7.org/fhir/StructureDefinition/Extension", elements);
  };
  source.add(extension("https://a.example/X", "https://a.example/Y"));
  source.add(extension("https://a.example/Y", "https://a.example/X"));
  const auto generated = run(extension("https://a.example/Z", "https://a.example/X"), source);
  if (generated) {
    EXPECT_FALSE(told(generated->definition).empty());
  }
}

TEST(SnapshotHostile, ContentReferencesGoAsDeepAsTheDifferentialAndNoDeeper) {
  std::string elements = R"({"path":"Questionnaire"})";
  std::string path = "Questionnaire.item";
  for (int i = 0; i < 12; ++i) {
    path += ".item";
    elements += R"(,{"path":")" + path + R"(","max":"3"})";
  }
  const auto generated =
      run(profile("https://a.example/Q", "Questionnaire",
                  "http://hl7.org/fhir/StructureDefinition/Questionnaire", elements));
  ASSERT_THAT(generated, IsOk());
  const auto all = told(generated->definition);
  EXPECT_THAT(all, testing::Contains(testing::Field(&Told::id, path)));
}

TEST(SnapshotHostile, PathsDeeperThanTheLimitAreTooCostly) {
  std::string elements = R"({"path":"Questionnaire"})";
  std::string path = "Questionnaire.item";
  for (int i = 0; i < 300; ++i) path += ".item";
  elements += R"(,{"path":")" + path + R"(","max":"3"})";
  const auto generated =
      run(profile("https://a.example/Q", "Questionnaire",
                  "http://hl7.org/fhir/StructureDefinition/Questionnaire", elements));
  EXPECT_THAT(generated, FailsWith(ErrorCode::too_costly));
}

TEST(SnapshotHostile, ManySlicesStayWithinTheLimits) {
  std::string elements =
      R"({"path":"Patient"},{"path":"Patient.identifier","slicing":{"discriminator":[)"
      R"({"type":"value","path":"system"}],"rules":"open"}})";
  for (int i = 0; i < 3000; ++i) {
    elements += R"(,{"path":"Patient.identifier","sliceName":"s)" + std::to_string(i) +
                R"("},{"path":"Patient.identifier.system","fixedUri":"https://a.example/)" +
                std::to_string(i) + R"("})";
  }
  Limits limits;
  limits.max_elements = 10'000;
  EXPECT_THAT(run(on_patient(elements), limits), FailsWith(ErrorCode::too_costly));
  limits.max_elements = 20'000;
  limits.max_steps = 1000;
  EXPECT_THAT(run(on_patient(elements), limits), FailsWith(ErrorCode::too_costly));
}

TEST(SnapshotHostile, NonsenseIsAnErrorAndNotMore) {
  for (const std::string_view elements : {
           R"({"id":"no-path"})",
           R"({"path":""})",
           R"({"path":"Patient..name"})",
           R"({"path":"Observation"})",
           R"({"path":"Patient.na me"})",
           R"({"path":"Patient"},{"path":"Patient.name[y]"})",
           R"({"path":"Patient"},{"path":"Patient.birthDate","slicing":{"rules":"open"}},)"
           R"({"path":"Patient.birthDate","sliceName":"a"})",
           R"({"path":"Patient"},{"path":"Patient.birthDate","type":[{"code":"Coding"}]})",
           R"({"path":"Patient","type":[{"code":"Observation"}]})",
           R"({"path":"Patient"},{"path":"Patient.name","isSummary":false})",
       }) {
    const auto generated = run(on_patient(elements));
    if (!generated) {
      EXPECT_FALSE(generated.error().issues.empty()) << elements;
      continue;
    }
    EXPECT_THAT(generated->messages,
                testing::Contains(testing::Field(&Issue::severity, Severity::error)))
        << elements;
  }
}

TEST(SnapshotHostile, WhatIsNoStructureDefinitionIsRefused) {
  EXPECT_THAT(run(R"({"resourceType":"Patient","id":"a"})"), FailsWith(ErrorCode::invalid));
}

TEST(SnapshotHostile, AnUnknownBaseIsNotFound) {
  EXPECT_THAT(run(profile("https://a.example/C", "Patient", "https://a.example/nobody",
                          R"({"path":"Patient"})")),
              FailsWith(ErrorCode::not_found));
}

}  // namespace concord::snapshot::test
