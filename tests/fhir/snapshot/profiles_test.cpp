// Profiles by canonical: where they come from, that they are made once, also from many threads.
#include "fhir/snapshot/profiles.h"

#include <gmock/gmock.h>

#include <thread>

#include "fhir/definitions/r4_generated.h"
#include "tests/fhir/snapshot/snapshots.h"
#include "tests/support/result_matchers.h"

namespace concord::snapshot::test {

namespace {

std::string text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

std::string on_patient(const std::string& name, std::string_view elements) {
  std::string text = R"({"resourceType":"StructureDefinition","id":")" + name +
                     R"(","url":"https://a.example/)" + name + R"(","version":"1.0","name":")" +
                     name +
                     R"(","status":"draft","kind":"resource","abstract":false,"type":"Patient",)"
                     R"("baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient",)"
                     R"("derivation":"constraint","differential":{"element":[)";
  return text.append(elements).append("]}}");
}

const definitions::pack::Element* element(const Profile& profile, std::string_view id) {
  for (const auto* row : *profile.definition->elements()) {
    if (text_of(row->id()) == id) return row;
  }
  return nullptr;
}

}  // namespace

TEST(Profiles, DefinitionsOfR4ComeAsCarriedWithoutAnyWork) {
  const Profiles profiles(*engine().registry);
  const auto patient = profiles.find("http://hl7.org/fhir/StructureDefinition/Patient");
  ASSERT_THAT(patient, IsOk());
  EXPECT_EQ(patient->definition,
            engine().definitions->structure("http://hl7.org/fhir/StructureDefinition/Patient"));
  EXPECT_EQ(patient->entry, nullptr);
  EXPECT_THAT(profiles.find("http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"), IsOk());
  EXPECT_THAT(profiles.find("http://hl7.org/fhir/StructureDefinition/Patient|5.0.0"),
              FailsWith(ErrorCode::not_found));
}

TEST(Profiles, WhatNobodyDefinesIsNotFound) {
  const Profiles profiles(*engine().registry);
  EXPECT_THAT(profiles.find("https://a.example/nobody"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(profiles.find(""), FailsWith(ErrorCode::not_found));
}

TEST(Profiles, ExtensionsOfOtherVersionsAcceptAnythingAndSaySoOnce) {
  const Profiles profiles(*engine().registry);
  const std::string url =
      "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.triggeredBy";
  const auto found = profiles.find(url);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(text_of(found->definition->type()), "Extension");
  EXPECT_THAT(found->messages, testing::SizeIs(1));
  const auto* fixed = element(*found, "Extension.url");
  ASSERT_NE(fixed, nullptr);
  EXPECT_EQ(text_of(fixed->value()), url);
  const auto* value = element(*found, "Extension.value[x]");
  ASSERT_NE(value, nullptr);
  EXPECT_GT(value->types()->size(), 40u);
  EXPECT_EQ(profiles.find(url)->definition, found->definition);
  EXPECT_THAT(profiles.find("http://hl7.org/fhir/x.0/StructureDefinition/extension-A.b"),
              FailsWith(ErrorCode::not_found));
}

TEST(Profiles, AnErrorOfADefinitionIsTheSameEveryTime) {
  packages::Registry registry(*engine().definitions);
  ASSERT_THAT(registry.add_text("broken.json", on_patient("Broken", R"({"path":"Patient..name"})")),
              IsOk());
  const Profiles profiles(registry);
  const auto first = profiles.find("https://a.example/Broken");
  ASSERT_THAT(first, FailsWith(ErrorCode::invalid));
  const auto again = profiles.find("https://a.example/Broken");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(to_string(first.error()), to_string(again.error()));
}

TEST(Profiles, ManyThreadsGetTheSameTables) {
  packages::Registry registry(*engine().definitions);
  constexpr int kProfiles = 12;
  for (int i = 0; i < kProfiles; ++i) {
    ASSERT_THAT(registry.add_text("p.json", on_patient("P" + std::to_string(i),
                                                       R"({"path":"Patient.birthDate","min":1})")),
                IsOk());
  }
  const Profiles profiles(registry);
  std::vector<std::vector<const definitions::pack::StructureDefinition*>> seen(6);
  std::vector<std::thread> threads;
  for (auto& own : seen) {
    threads.emplace_back([&profiles, &own] {
      for (int i = 0; i < kProfiles; ++i) {
        const auto found = profiles.find("https://a.example/P" + std::to_string(i));
        own.push_back(found ? found->definition : nullptr);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& own : seen) {
    EXPECT_EQ(own, seen.front());
    for (const auto* definition : own) {
      ASSERT_NE(definition, nullptr);
      EXPECT_TRUE(definition->has_snapshot());
    }
  }
  const auto one = profiles.find("https://a.example/P3|1.0");
  ASSERT_THAT(one, IsOk());
  ASSERT_NE(element(*one, "Patient.birthDate"), nullptr);
  EXPECT_EQ(element(*one, "Patient.birthDate")->min(), 1u);
}

}  // namespace concord::snapshot::test
