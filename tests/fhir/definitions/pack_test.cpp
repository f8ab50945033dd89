// The pack against the figures of the published package, and damaged packs.

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include "fhir/core/resource.h"
#include "fhir/definitions/pack_writer.h"
#include "fhir/definitions/r4_generated.h"
#include "tests/fhir/definitions/loaded.h"
#include "tests/support/files.h"

namespace concord::definitions {

std::span<const Resource> resources();

namespace {

using testing::SizeIs;

TEST(Pack, HoldsAsManyDefinitionsAsThePackagePublishes) {
  const pack::Pack& pack = r4().definitions.pack();
  EXPECT_EQ(pack.fhir_version()->string_view(), "4.0.1");
  std::map<std::string, int> kinds;
  for (const auto* type : *pack.types()) ++kinds[type->kind()->str()];
  EXPECT_EQ(kinds["primitive-type"], 20);
  EXPECT_EQ(kinds["complex-type"], 41) << "40 and the abstract Element";
  EXPECT_EQ(kinds["resource"], 148) << "147 and the abstract Resource";
  EXPECT_EQ(kinds["logical"], 1);
  EXPECT_EQ(pack.profiles()->size(), 393u + 43u + 1u + 2u);
  EXPECT_EQ(pack.value_sets()->size(), 1316u);
  EXPECT_EQ(pack.code_systems()->size(), 1062u);
  EXPECT_EQ(pack.concept_maps()->size(), 19u);
  EXPECT_EQ(pack.search_parameters()->size(), 1378u);
  EXPECT_EQ(pack.search_index()->size(), 1709u);
  EXPECT_EQ(pack.operations()->size(), 46u);
  EXPECT_EQ(pack.compartments()->size(), 5u);
}

TEST(Pack, HoldsEverySnapshotElementAndEveryInvariant) {
  const pack::Pack& pack = r4().definitions.pack();
  std::size_t elements = 0;
  for (const auto* at : *pack.types()) elements += at->elements()->size();
  for (const auto* at : *pack.profiles()) elements += at->elements()->size();
  EXPECT_EQ(elements, 12927u);
  std::set<std::pair<std::string, std::string>> rules;
  for (const auto* rule : *pack.constraints()) {
    rules.emplace(rule->key()->str(), rule->expression()->str());
  }
  EXPECT_EQ(rules.size(), 246u);
}

TEST(Pack, CodeSystemsKeepTheirConceptTreeAndAreSearchedByCode) {
  std::map<std::string, int> contents;
  std::size_t concepts = 0;
  for (const auto* system : *r4().definitions.pack().code_systems()) {
    ++contents[system->content()->str()];
    if (system->concepts() == nullptr) continue;
    concepts += system->concepts()->size();
    const auto& order = *system->by_code();
    for (flatbuffers::uoffset_t i = 1; i < order.size(); ++i) {
      ASSERT_LE(system->concepts()->Get(order.Get(i - 1))->code()->str(),
                system->concepts()->Get(order.Get(i))->code()->str());
    }
  }
  EXPECT_EQ(concepts, 20731u);
  EXPECT_EQ(contents["complete"], 1054);
  EXPECT_EQ(contents["not-present"], 2);
  EXPECT_EQ(contents["fragment"], 1);
  EXPECT_EQ(contents["supplement"], 1);
  EXPECT_EQ(contents["example"], 4);

  const auto* requests = r4().definitions.code_system("http://hl7.org/fhir/request-intent");
  ASSERT_NE(requests, nullptr);
  const auto& rows = *requests->concepts();
  const auto named = [&](std::string_view code) {
    return std::find_if(rows.begin(), rows.end(),
                        [&](const auto* row) { return row->code()->string_view() == code; });
  };
  ASSERT_NE(named("filler-order"), rows.end());
  EXPECT_EQ(rows.Get(named("filler-order")->parent())->code()->string_view(), "order");
}

TEST(Pack, ValueSetsAndMapsAreFoundByCanonicalUrl) {
  const Definitions& d = r4().definitions;
  const auto* set = d.value_set("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1");
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->include()->Get(0)->system()->string_view(),
            "http://hl7.org/fhir/administrative-gender");
  const auto* map = d.concept_map("http://hl7.org/fhir/ConceptMap/cm-contact-point-use-v3");
  ASSERT_NE(map, nullptr);
  const auto& target = *map->groups()->Get(0)->elements()->Get(0)->targets()->Get(0);
  EXPECT_EQ(target.code()->string_view(), "H");
  EXPECT_EQ(target.equivalence()->string_view(), "equal");
  EXPECT_EQ(d.value_set("http://hl7.org/fhir/ValueSet/absent"), nullptr);
  EXPECT_EQ(d.code_system(""), nullptr);
  const auto* extension = d.structure("http://hl7.org/fhir/StructureDefinition/patient-birthPlace");
  ASSERT_NE(extension, nullptr);
  EXPECT_TRUE(extension->constraint());
  EXPECT_EQ(extension->contexts()->Get(0)->expression()->string_view(), "Patient");
}

TEST(Pack, SearchParametersAreFoundForATypeAndItsBases) {
  const Definitions& d = r4().definitions;
  const auto* birthdate = d.search_parameter("Patient", "birthdate");
  ASSERT_NE(birthdate, nullptr);
  EXPECT_EQ(birthdate->type()->string_view(), "date");
  EXPECT_THAT(birthdate->expression()->str(), testing::HasSubstr("Patient.birthDate"));
  const auto* id = d.search_parameter("MedicationRequest", "_id");
  ASSERT_NE(id, nullptr);
  EXPECT_EQ(id->expression()->string_view(), "Resource.id");
  EXPECT_NE(d.search_parameter("Patient", "_text"), nullptr) << "from DomainResource";
  EXPECT_EQ(d.search_parameter("Bundle", "_text"), nullptr) << "a Bundle is no DomainResource";
  EXPECT_EQ(d.search_parameter("Patient", "nothing"), nullptr);
  EXPECT_EQ(d.search_parameter("Nothing", "_id"), nullptr);
}

class PackFile : public testing::Test {
 protected:
  std::filesystem::path write(std::string_view bytes) {
    const auto file = folder_.path() / "r4.pack";
    std::ofstream(file, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return file;
  }
  const std::string_view whole_ = resources().front().bytes;
  test::TemporaryFolder folder_;
};

TEST_F(PackFile, OpensAsThePackCarriedInTheBinary) {
  tree::Symbols symbols;
  const auto opened = Definitions::open(write(whole_), symbols);
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ((*opened).types().size(), r4().definitions.types().size());
}

TEST_F(PackFile, AbsentEmptyAndForeignFilesAreRefused) {
  tree::Symbols symbols;
  EXPECT_THAT(Definitions::open(folder_.path() / "absent", symbols),
              FailsWith(ErrorCode::not_found));
  EXPECT_THAT(Definitions::open(write(""), symbols), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(Definitions::open(write("pack"), symbols), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(Definitions::open(write(std::string(64, '{')), symbols),
              FailsWith(ErrorCode::malformed));
}

TEST_F(PackFile, ATruncatedPackIsRefused) {
  for (const std::size_t size :
       {std::size_t{17}, std::size_t{4096}, whole_.size() / 2, whole_.size() - 64}) {
    tree::Symbols symbols;
    EXPECT_THAT(Definitions::open(write(whole_.substr(0, size)), symbols),
                FailsWith(ErrorCode::malformed))
        << size;
  }
}

TEST_F(PackFile, ADamagedPackIsRefusedOrReadWithinItsBounds) {
  std::mt19937 random(20240501);
  int refused = 0;
  constexpr int kTries = 24;
  for (int i = 0; i < kTries; ++i) {
    std::string bytes(whole_);
    // Offsets crowd at both ends of the file; strings in between.
    for (int j = 0; j < 40; ++j) {
      const std::size_t span = (i % 2 == 0) ? bytes.size() : 4096;
      bytes[random() % span] = static_cast<char>(random());
    }
    tree::Symbols symbols;
    const auto opened = Definitions::open(write(bytes), symbols);
    refused += !opened.has_value();
    if (!opened) continue;
    for (const Type* at : (*opened).types()) EXPECT_TRUE(at->is(*at));
  }
  EXPECT_GT(refused, kTries / 4);
}

// Found by the fuzzer: tables must not lack what they cannot be without.
TEST(Pack, DefinitionsWithoutANameWhereOneMustBeAreRefusedOrKeptEmpty) {
  const auto add = [](const std::string& text) {
    auto document = json::read(text, r4().symbols);
    EXPECT_THAT(document, IsOk());
    PackWriter writer;
    auto added = writer.add(*document, document->root());
    if (added) {
      EXPECT_THAT(writer.finish("4.0.1"), IsOk());
    }
    return added;
  };
  for (const char* path : {"Patient.", "Patient.[x]", "[x]", "."}) {
    EXPECT_THAT(
        add(std::string(
                R"({"resourceType":"StructureDefinition","url":"http://a.example/s","name":"S",)") +
            R"("kind":"resource","type":"Patient","derivation":"constraint","differential":{"element":[{"path":")" +
            path + "\"}]}}"),
        FailsWith(ErrorCode::invalid))
        << path;
  }
  EXPECT_THAT(
      add(R"({"resourceType":"SearchParameter","url":"http://a.example/p","base":["Patient"]})"),
      IsOk());
  EXPECT_THAT(
      add(R"({"resourceType":"CodeSystem","url":"http://a.example/c","concept":[{"display":"x"}]})"),
      IsOk());
}

}  // namespace
}  // namespace concord::definitions
