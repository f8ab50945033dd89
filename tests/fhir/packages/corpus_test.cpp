// Published packages: ../shared/corpora/fhir/packages and UK Core.

#include <gmock/gmock.h>

#include "fhir/definitions/r4_generated.h"
#include "fhir/packages/registry.h"
#include "tests/fhir/packages/loaded.h"
#include "tests/support/files.h"

namespace concord::packages {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::NotNull;

class Corpus : public testing::Test {
 protected:
  void SetUp() override {
    const auto found = test::corpus("fhir");
    if (!found) GTEST_SKIP() << "the FHIR corpus is absent";
    corpus = *found;
  }
  Loaded add(const fs::path& what, const AddOptions& options = {}) {
    auto loaded = registry.add(corpus / what, options);
    if (!loaded) ADD_FAILURE() << to_string(loaded.error());
    return loaded ? *std::move(loaded) : Loaded{};
  }
  /// Every definition becomes tables.
  void expect_tables() {
    for (const Entry* entry : registry.all()) {
      const auto tables = registry.tables(*entry);
      EXPECT_TRUE(tables) << entry->package << " " << entry->file << ": "
                          << (tables ? "" : to_string(tables.error()));
    }
  }
  fs::path corpus;
  Registry registry{r4().definitions};
};

TEST_F(Corpus, BothLayoutsOfPackagesAreRead) {
  for (const char* name : {"packages/test.format.old.tgz", "packages/test.format.new.tgz"}) {
    Registry own(r4().definitions);
    const auto loaded = own.add(corpus / name);
    ASSERT_THAT(loaded, IsOk()) << name;
    EXPECT_THAT(loaded->packages, ElementsAre("hl7.fhir.pubpack#0.0.2"));
    EXPECT_EQ(loaded->resources, 1u);
    EXPECT_THAT(loaded->warnings, IsEmpty());
    EXPECT_THAT(
        own.find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/Definition"),
        NotNull());
  }
}

TEST_F(Corpus, EachPackageSeesTheVersionItDependsOn) {
  const AddOptions options{.folders = {corpus / "packages"}, .cache = {}};
  for (const char* name : {"verB-1.0.0", "verB-2.0.0", "verC-1.0.0"}) {
    add("packages/hl7.fhir.test." + std::string(name) + ".tgz", options);
  }
  EXPECT_EQ(registry.packages().size(), 5u);
  const std::string set = "http://hl7.org/fhir/test/CodeSystem/verA-cs-test";
  const auto asked_from = [&](std::string_view url) {
    const Entry* entry = registry.find("StructureDefinition", url);
    EXPECT_THAT(entry, NotNull()) << url;
    const Entry* found = registry.find("CodeSystem", set, entry);
    return found == nullptr ? "" : std::string(found->version);
  };
  const std::string profile = "http://hl7.org/fhir/test/StructureDefinition/ver";
  EXPECT_EQ(asked_from(profile + "B-sd-test-one|1.0.0"), "1.0.0");
  EXPECT_EQ(asked_from(profile + "B-sd-test-one|2.0.0"), "2.0.0");
  EXPECT_EQ(asked_from(profile + "C-sd-test-one"), "1.0.0");
  EXPECT_EQ(registry.find("CodeSystem", set)->version, "2.0.0");
}

TEST_F(Corpus, UkCoreIsLoadedWhole) {
  const Loaded loaded = add("ukcore");
  EXPECT_THAT(loaded.packages, ElementsAre("UKCore.R4.STU.02.00.00#2.0.0"));
  EXPECT_EQ(registry.all("StructureDefinition").size(), 153u);
  EXPECT_EQ(registry.all("ValueSet").size(), 134u);
  EXPECT_GE(registry.all("CodeSystem").size(), 87u);
  EXPECT_EQ(registry.all("ConceptMap").size(), 3u);
  // A code system has a word between two elements; it is read over.
  ASSERT_EQ(loaded.warnings.size(), 2u);
  EXPECT_THAT(loaded.warnings[1].text, HasSubstr("CodeSystem-UKCore-EthnicCategoryScotland.xml"));
  EXPECT_EQ(loaded.warnings[0].text,
            "package UKCore.R4.STU.02.00.00#2.0.0 depends on hl7.fhir.r5.core#5.0.0, which was not "
            "found");
  expect_tables();
  const auto patient =
      registry.structure("https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient");
  ASSERT_TRUE(patient);
  EXPECT_FALSE(patient.table->has_snapshot());
}

TEST_F(Corpus, TheExtensionsPackIsLoadedWhole) {
  const Loaded loaded = add("packages/hl7.fhir.uv.extensions.r4-5.3.0.tgz");
  EXPECT_EQ(registry.all("StructureDefinition").size(), 701u);
  ASSERT_EQ(loaded.warnings.size(), 1u) << "hl7.terminology.r4";
  const auto found =
      registry.structure("http://hl7.org/fhir/StructureDefinition/patient-birthPlace");
  ASSERT_TRUE(found);
  EXPECT_EQ(found.entry->version, "5.3.0");
}

}  // namespace
}  // namespace concord::packages
