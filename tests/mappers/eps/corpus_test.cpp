// The published pairs of the national API: FHIR in, HL7 v3 out.

#include "tests/mappers/eps/corpus.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "fhir/xml/canonical.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;

/// Layout taken off, canonical form of the rest.
std::string meaning(const std::string& xml) {
  auto tree = xml::read(xml, World::get().symbols);
  if (!tree) {
    ADD_FAILURE() << to_string(tree.error());
    return {};
  }
  xml::WriteOptions flat;
  flat.indent = 0;
  flat.declaration = false;
  auto written = xml::write(*tree, flat);
  if (!written) {
    ADD_FAILURE() << to_string(written.error());
    return {};
  }
  auto canonical = xml::canonicalise(*written);
  EXPECT_THAT(canonical, IsOk());
  return canonical ? *canonical : std::string();
}

/// Every pair, translated under the clock and identities of its manifest.
class EpsPairs : public testing::Test {
 protected:
  void SetUp() override {
    pairs_ = published_pairs();
    if (pairs_.empty()) GTEST_SKIP() << "corpus absent";
  }
  std::vector<PublishedPair> pairs_;
};

TEST_F(EpsPairs, EachBecomesTheSameBytes) {
  for (const PublishedPair& pair : pairs_) {
    SCOPED_TRACE(pair.name);
    const auto encoded = translate(pair.request, pair.parameters);
    EXPECT_THAT(encoded, IsOk());
    if (!encoded) continue;
    EXPECT_EQ(meaning(encoded->bytes), meaning(pair.expected));
    EXPECT_EQ(encoded->bytes, pair.expected);
    EXPECT_EQ(encoded->interaction, pair.interaction);
  }
  EXPECT_EQ(pairs_.size(), 55u);
}

TEST_F(EpsPairs, EachLosesWhatTheTableForesees) {
  for (const PublishedPair& pair : pairs_) {
    SCOPED_TRACE(pair.name);
    const auto encoded = translate(pair.request, pair.parameters);
    EXPECT_THAT(encoded, IsOk());
    if (!encoded) continue;
    for (const Issue& loss : encoded->losses) {
      EXPECT_EQ(loss.detail_code, "not-carried") << told(loss);
    }
  }
}

TEST_F(EpsPairs, EachIsOfTheKindItsFolderSays) {
  const std::map<std::string, std::set<std::string>> kinds{
      {"send", {"prescription-order"}},
      {"cancel", {"prescription-order-update"}},
      {"dispense", {"dispense-notification"}},
      {"dispenseamend", {"dispense-notification"}},
      {"claim", {"claim"}},
      {"amend", {"claim"}},
      {"release", {"patient-release", "nominated-release"}},
      {"return", {"return"}},
      {"withdraw", {"withdraw"}}};
  for (const PublishedPair& pair : pairs_) {
    const auto encoded = translate(pair.request, pair.parameters);
    if (!encoded) continue;
    const auto expected = kinds.find(pair.operation);
    ASSERT_NE(expected, kinds.end()) << pair.name;
    EXPECT_TRUE(expected->second.contains(encoded->message_kind)) << pair.name;
    EXPECT_EQ(encoded->message_id.size(), 36u) << pair.name;
  }
}

TEST_F(EpsPairs, TheOrderOfTranslationChangesNoByte) {
  std::vector<std::string> first;
  for (const PublishedPair& pair : pairs_) {
    const auto encoded = translate(pair.request, case_parameters());
    ASSERT_THAT(encoded, IsOk()) << pair.name;
    first.push_back(encoded->bytes);
  }
  for (std::size_t at = pairs_.size(); at-- > 0;) {
    const auto encoded = translate(pairs_[at].request, case_parameters());
    ASSERT_THAT(encoded, IsOk()) << pairs_[at].name;
    EXPECT_EQ(encoded->bytes, first[at]) << pairs_[at].name;
  }
}

}  // namespace
}  // namespace concord::eps::test
