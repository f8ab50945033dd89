// Finding resources by canonical url, documents and tables.

#include "fhir/packages/registry.h"

#include <array>
#include <thread>

#include "fhir/definitions/r4_generated.h"
#include "fhir/json/writer.h"
#include "tests/fhir/packages/loaded.h"

namespace concord::packages {
namespace {

using testing::IsNull;
using testing::NotNull;

std::string value_set(std::string_view url, std::string_view version, std::string_view extra = "") {
  std::string text = R"({"resourceType":"ValueSet","id":"x","url":")";
  text += url;
  text += "\"";
  if (!version.empty()) text += R"(,"version":")" + std::string(version) + "\"";
  text += R"(,"name":"Colours","status":"active")";
  text += extra;
  text += "}";
  return text;
}

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
}

class RegistryTest : public testing::Test {
 protected:
  const Entry* add(std::string text) {
    auto added = registry.add_text("test.json", std::move(text));
    if (!added) ADD_FAILURE() << to_string(added.error());
    return added ? *added : nullptr;
  }
  Registry registry{r4().definitions};
};

TEST_F(RegistryTest, FindsAResourceByUrlAndByUrlAndVersion) {
  const Entry* one = add(value_set("https://example.org/ValueSet/colours", "1.0.0"));
  ASSERT_THAT(one, NotNull());
  EXPECT_EQ(one->resource_type, "ValueSet");
  EXPECT_EQ(one->name, "Colours");
  EXPECT_EQ(one->package, "test.json");
  EXPECT_EQ(registry.find("ValueSet", "https://example.org/ValueSet/colours"), one);
  EXPECT_EQ(registry.find("ValueSet", "https://example.org/ValueSet/colours|1.0.0"), one);
  EXPECT_THAT(registry.find("ValueSet", "https://example.org/ValueSet/colours|2.0.0"), IsNull());
  EXPECT_THAT(registry.find("CodeSystem", "https://example.org/ValueSet/colours"), IsNull());
}

TEST_F(RegistryTest, WithoutVersionTheHighestIsFoundAndAReleaseGoesBeforeItsPreRelease) {
  const std::string url = "https://example.org/ValueSet/colours";
  add(value_set(url, "1.9.0"));
  const Entry* highest = add(value_set(url, "1.10.0"));
  add(value_set(url, "1.10.0-beta"));
  EXPECT_EQ(registry.find("ValueSet", url), highest);
}

TEST_F(RegistryTest, APartialVersionFindsTheHighestPatch) {
  const std::string url = "https://example.org/ValueSet/colours";
  add(value_set(url, "4.0.1"));
  const Entry* highest = add(value_set(url, "4.0.3"));
  add(value_set(url, "4.1.0"));
  EXPECT_EQ(registry.find("ValueSet", url + "|4.0"), highest);
}

TEST_F(RegistryTest, APatchNobodyHasGivesAnotherOfTheSameMinorAsTheReferenceDoes) {
  const std::string url = "https://example.org/ValueSet/colours";
  const Entry* one = add(value_set(url, "4.0.1"));
  EXPECT_EQ(registry.find("ValueSet", url + "|4.0.0"), one);
  EXPECT_THAT(registry.find("ValueSet", url + "|4.1.0"), IsNull());
}

TEST_F(RegistryTest, OfTwoWithTheSameVersionTheLastAddedIsFound) {
  const std::string url = "https://example.org/ValueSet/colours";
  add(value_set(url, "1.0.0"));
  const Entry* later = add(value_set(url, "1.0.0"));
  EXPECT_EQ(registry.find("ValueSet", url), later);
}

TEST_F(RegistryTest, TablesHoldWhatTheResourceSays) {
  add(value_set("https://example.org/ValueSet/colours", "1.0.0",
                R"(,"immutable":true,"expansion":{"timestamp":"2024-01-01","contains":[)"
                R"({"system":"https://example.org/colours","code":"red","display":"Red",)"
                R"("contains":[{"code":"pink","inactive":true}]}]})"));
  const auto found = registry.value_set("https://example.org/ValueSet/colours|1.0");
  ASSERT_TRUE(found);
  ASSERT_THAT(found.entry, NotNull());
  EXPECT_TRUE(found.table->immutable());
  EXPECT_FALSE(found.table->composed());
  ASSERT_EQ(found.table->expansion()->size(), 2u);
  EXPECT_EQ(view(found.table->expansion()->Get(0)->display()), "Red");
  EXPECT_EQ(found.table->expansion()->Get(1)->parent(), 0u);
  EXPECT_TRUE(found.table->expansion()->Get(1)->inactive());
  EXPECT_EQ(registry.value_set("https://example.org/ValueSet/colours").table, found.table);
}

TEST_F(RegistryTest, TheCoreAnswersWhatNobodyLoaded) {
  const auto found = registry.structure("http://hl7.org/fhir/StructureDefinition/Patient|4.0.1");
  ASSERT_TRUE(found);
  EXPECT_THAT(found.entry, IsNull());
  EXPECT_EQ(view(found.table->version()), "4.0.1");
  EXPECT_FALSE(registry.structure("http://hl7.org/fhir/StructureDefinition/Patient|5.0.0"));
  EXPECT_FALSE(registry.structure("https://example.org/StructureDefinition/none"));
}

TEST_F(RegistryTest, ALoadedVersionAskedForExactlyGoesBeforeTheCore) {
  const std::string url = "http://hl7.org/fhir/ValueSet/administrative-gender";
  add(value_set(url, "4.0.1"));
  add(value_set(url, "3.9.0"));
  EXPECT_THAT(registry.value_set(url + "|4.0.1").entry, NotNull());
  EXPECT_EQ(registry.value_set(url + "|3.9.0").entry->version, "3.9.0");
}

TEST_F(RegistryTest, WithoutVersionTheCoreGoesBeforeAnOlderLoadedOne) {
  const std::string url = "http://hl7.org/fhir/ValueSet/administrative-gender";
  add(value_set(url, "3.9.0"));
  EXPECT_THAT(registry.value_set(url).entry, IsNull());
  add(value_set(url, "4.0.2"));
  EXPECT_THAT(registry.value_set(url).entry, NotNull());
}

TEST_F(RegistryTest, DefinitionsOfAnotherReleaseNeverHideThoseOfTheCore) {
  add(R"({"resourceType":"StructureDefinition","url":"http://hl7.org/fhir/StructureDefinition/Patient",)"
      R"("version":"5.0.0","fhirVersion":"5.0.0","name":"Patient","status":"active","kind":"resource",)"
      R"("abstract":false,"type":"Patient","derivation":"specialization",)"
      R"("snapshot":{"element":[{"path":"Patient"}]}})");
  EXPECT_THAT(registry.structure("http://hl7.org/fhir/StructureDefinition/Patient").entry,
              IsNull());
  EXPECT_THAT(registry.structure("http://hl7.org/fhir/StructureDefinition/Patient|5.0.0").entry,
              NotNull());
}

TEST_F(RegistryTest, DocumentsAreAnnotatedAndTheSameEachTime) {
  const Entry* entry = add(value_set("https://example.org/ValueSet/colours", "1.0.0"));
  const auto first = registry.document(*entry), again = registry.document(*entry);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(*first, *again);
  const tree::Node* status = (*first)->root().child((*first)->find("status"));
  ASSERT_THAT(status, NotNull());
  EXPECT_EQ((*first)->text(status->type()), "code");
  const auto own = registry.read(*entry);
  ASSERT_THAT(own, IsOk());
  EXPECT_EQ(own->node_count(), (*first)->node_count());
}

TEST_F(RegistryTest, ManyThreadsMayAskForTheSameResource) {
  const Entry* entry = add(value_set("https://example.org/ValueSet/colours", "1.0.0"));
  std::vector<std::jthread> threads;
  std::array<const void*, 8> seen{};
  for (std::size_t i = 0; i < seen.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto document = registry.document(*entry);
      if (document && registry.value_set("https://example.org/ValueSet/colours")) {
        seen[i] = *document;
      }
    });
  }
  threads.clear();
  for (const void* at : seen) EXPECT_EQ(at, *registry.document(*entry));
}

TEST_F(RegistryTest, EachResourceOfABundleIsFound) {
  const auto added = registry.add_text(
      "bundle.json", R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)" +
                         value_set("https://example.org/ValueSet/a", "") + R"(},{"resource":)" +
                         value_set("https://example.org/ValueSet/b", "") + "}]}");
  ASSERT_THAT(added, IsOk());
  EXPECT_THAT(*added, IsNull());
  EXPECT_EQ(registry.all("ValueSet").size(), 2u);
  EXPECT_TRUE(registry.value_set("https://example.org/ValueSet/b"));
}

TEST_F(RegistryTest, ADefinitionThatCannotBeToldInTablesIsUnknownAndSaysWhy) {
  const Entry* entry =
      add(R"({"resourceType":"StructureDefinition","url":"https://example.org/sd","name":"Sd"})");
  EXPECT_FALSE(registry.structure("https://example.org/sd"));
  const auto tables = registry.tables(*entry);
  ASSERT_THAT(tables, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(tables.error().issues.at(0).text, "the StructureDefinition lists no element");
}

TEST_F(RegistryTest, TextThatIsNoResourceIsRefusedWithItsName) {
  const auto added = registry.add_text("x.json", "[]");
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().issues.at(0).text, testing::StartsWith("x.json: "));
}

TEST_F(RegistryTest, ADefinitionOfTheCoreIsWrittenBackAsItsTableHasIt) {
  const auto found = registry.structure("http://hl7.org/fhir/StructureDefinition/bodyweight");
  ASSERT_TRUE(found);
  auto document = registry.core_document(*found.table);
  ASSERT_THAT(document, IsOk());
  const auto json = json::write(*document);
  ASSERT_THAT(json, IsOk());
  Registry other(r4().definitions);
  ASSERT_THAT(other.add_text("bodyweight.json", *json), IsOk());
  const auto again = other.structure("http://hl7.org/fhir/StructureDefinition/bodyweight|4.0.1");
  ASSERT_TRUE(again);
  ASSERT_THAT(again.entry, NotNull());
  ASSERT_EQ(again.table->elements()->size(), found.table->elements()->size());
  for (flatbuffers::uoffset_t i = 0; i < found.table->elements()->size(); ++i) {
    const auto &before = *found.table->elements()->Get(i),
               &after = *again.table->elements()->Get(i);
    SCOPED_TRACE(view(before.path()));
    EXPECT_EQ(view(after.id()), view(before.id()));
    EXPECT_EQ(after.min(), before.min());
    EXPECT_EQ(after.max(), before.max());
    EXPECT_EQ(view(after.value()), view(before.value()));
    EXPECT_EQ(view(after.value_set()), view(before.value_set()));
    EXPECT_EQ(view(after.base_path()), view(before.base_path()));
    EXPECT_EQ(view(after.regex()), view(before.regex()));
    EXPECT_EQ(after.constraints() == nullptr, before.constraints() == nullptr);
  }
}

}  // namespace
}  // namespace concord::packages
