// Published packages: their snapshots made anew from their differentials and compared with those
// they came with, and all of UK Core, which comes without.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>

#include "fhir/definitions/r4_generated.h"
#include "fhir/snapshot/generator.h"
#include "fhir/snapshot/profiles.h"
#include "tests/fhir/snapshot/snapshots.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::snapshot::test {

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

struct Comparison {
  std::size_t definitions = 0;
  std::size_t identical = 0;
  std::size_t elements = 0;
  std::vector<std::string> errors;                           ///< definitions that fail
  std::map<std::string, std::size_t> fields;                 ///< how many elements differ in each
  std::map<std::string, std::vector<std::string>> examples;  ///< a few of them

  void print(std::string_view name) const {
    std::cout << name << ": " << identical << " of " << definitions << " definitions, " << elements
              << " elements; " << errors.size() << " fail\n";
    for (const std::string& error : errors) std::cout << "  " << error << "\n";
    for (const auto& [field, count] : fields) {
      std::cout << "  " << count << " differ in " << field << "\n";
      for (const std::string& example : examples.at(field)) std::cout << "    " << example << "\n";
    }
  }
};

Comparison compare_with_published(const packages::Registry& registry,
                                  const GenerateOptions& options) {
  Comparison result;
  for (const packages::Entry* entry : registry.all("StructureDefinition")) {
    if (entry->derivation != "constraint") continue;
    const auto document = registry.document(*entry);
    EXPECT_THAT(document, IsOk());
    if (!document) continue;
    const auto published = told(**document);
    if (published.empty() || told(**document, "differential").empty()) continue;
    ++result.definitions;
    auto generated = generate(**document, registry, options);
    if (!generated) {
      result.errors.push_back(std::string(entry->url) + ": " + to_string(generated.error()));
      continue;
    }
    for (const Issue& issue : generated->messages) {
      if (issue.severity == Severity::error) {
        result.errors.push_back(std::string(entry->url) + ": " + issue.text);
        break;
      }
    }
    const auto made = told(generated->definition);
    result.elements += made.size();
    const auto differ = differences(published, made);
    result.identical += differ.empty() ? 1 : 0;
    for (const Difference& at : differ) {
      const std::string field = at.field.empty() ? "being there" : at.field;
      ++result.fields[field];
      auto& examples = result.examples[field];
      if (examples.size() < 6) examples.push_back(std::string(entry->id) + " " + at.text);
    }
  }
  return result;
}

}  // namespace

TEST(SnapshotPackages, TheDerivedDefinitionsOfR4ComeOutAsPublished) {
  const auto corpus = concord::test::corpus("fhir");
  if (!corpus) return;
  packages::Registry registry(*engine().definitions);
  ASSERT_THAT(registry.add(*corpus / "packages" / "hl7.fhir.r4.core-4.0.1.tgz"), IsOk());
  const Comparison result = compare_with_published(registry, {});
  result.print("R4 core");
  // 43 profiles, 393 extensions, a type profile, and five that are examples or used by R4 itself.
  EXPECT_EQ(result.definitions, 442u);
  EXPECT_THAT(result.errors, testing::IsEmpty());
  // The rest were published by a generator of 2018, which (1) took "valueQuantity" to rule out all
  // other types, (2) copied the constraints of a data type's profile into elements of that type,
  // (3) wrote down the children of extensions nobody went into, (4) named slices in content
  // references, (5) did not require a choice whose only slice is required.
  EXPECT_GE(result.identical, 422u);
}

TEST(SnapshotPackages, TheExtensionsPackComesOutAsPublished) {
  const auto corpus = concord::test::corpus("fhir");
  if (!corpus) return;
  packages::Registry registry(*engine().definitions);
  ASSERT_THAT(registry.add(*corpus / "packages" / "hl7.fhir.uv.extensions.r4-5.3.0.tgz"), IsOk());
  GenerateOptions options;
  options.complete_slicing = true;  // as its publisher did
  const Comparison result = compare_with_published(registry, options);
  result.print("Extensions");
  EXPECT_EQ(result.definitions, 701u);
  EXPECT_EQ(result.identical, result.definitions);
  EXPECT_THAT(result.errors, testing::IsEmpty());
}

TEST(SnapshotPackages, AllOfUkCoreIsGeneratedWithoutErrors) {
  const auto corpus = concord::test::corpus("fhir");
  if (!corpus) return;
  packages::Registry registry(*engine().definitions);
  ASSERT_THAT(registry.add(*corpus / "ukcore"), IsOk());
  const Profiles profiles(registry);
  std::size_t definitions = 0, elements = 0;
  double slowest = 0;
  std::string slowest_url;
  const auto start = Clock::now();
  for (const packages::Entry* entry : registry.all("StructureDefinition")) {
    const auto one = Clock::now();
    const auto profile = profiles.find(entry->url, entry);
    if (const double took = milliseconds_since(one); took > slowest) {
      slowest = took;
      slowest_url = entry->url;
    }
    ASSERT_THAT(profile, IsOk()) << entry->url;
    ++definitions;
    EXPECT_TRUE(profile->definition->has_snapshot());
    EXPECT_EQ(profile->entry, entry);
    for (const Issue& issue : profile->messages) {
      EXPECT_NE(issue.severity, Severity::error) << entry->url << ": " << issue.text;
    }
    const std::string type = text_of(profile->definition->type());
    for (const auto* element : *profile->definition->elements()) {
      ++elements;
      const std::string path = text_of(element->path());
      EXPECT_TRUE(path == type || path.starts_with(type + ".")) << entry->url << " " << path;
      if (element->constraints() == nullptr) continue;
      for (const std::uint16_t rule : *element->constraints()) {
        EXPECT_LT(rule, profile->pack->constraints()->size());
      }
    }
    const auto again = profiles.find(entry->url, entry);
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->definition, profile->definition);
  }
  EXPECT_EQ(definitions, 153u);
  std::cout << "UK Core: " << definitions << " definitions, " << elements << " elements in "
            << milliseconds_since(start) << " ms; slowest " << slowest << " ms (" << slowest_url
            << ")\n";
}

}  // namespace concord::snapshot::test
