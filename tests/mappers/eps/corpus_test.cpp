// The published pairs of the national API: FHIR in, HL7 v3 out.

#include <gmock/gmock.h>

#include "fhir/core/instant.h"
#include "fhir/json/reader.h"
#include "fhir/xml/canonical.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;

std::string text_at(const tree::Document& document, const tree::Node& node, std::string_view name) {
  const tree::Node* child = node.child(document.find(name));
  return child == nullptr ? std::string() : std::string(child->text());
}

/// Clock and identities of a manifest.
mappers::Parameters parameters_of(const fs::path& folder) {
  mappers::Parameters parameters;
  auto manifest =
      json::read_plain(concord::test::read_file(folder / "manifest.json"), World::get().symbols);
  if (!manifest) {
    ADD_FAILURE() << folder << ": " << to_string(manifest.error());
    return parameters;
  }
  const auto now = parse_instant(text_at(*manifest, manifest->root(), "clock"));
  EXPECT_THAT(now, IsOk());
  if (now) parameters.now = *now;
  const tree::Node* identities = manifest->root().child(manifest->find("identities"));
  if (identities == nullptr) {
    ADD_FAILURE() << folder << ": no identities";
    return parameters;
  }
  parameters.values = {{"from_asid", text_at(*manifest, *identities, "from_asid")},
                       {"to_asid", text_at(*manifest, *identities, "to_asid")},
                       {"user_id", text_at(*manifest, *identities, "sds_user_id")},
                       {"role_id", text_at(*manifest, *identities, "sds_role_profile_id")}};
  return parameters;
}

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

TEST(EpsCorpus, EveryPublishedPrescriptionOrderBecomesTheSameBytes) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  std::size_t seen = 0;
  for (const fs::path& folder : concord::test::case_folders(*corpus / "convert" / "send")) {
    SCOPED_TRACE(folder.filename().string());
    const auto encoded =
        translate(concord::test::read_file(folder / "request.json"), parameters_of(folder));
    ASSERT_THAT(encoded, IsOk());
    const std::string expected = concord::test::read_file(folder / "expected.xml");
    EXPECT_EQ(meaning(encoded->bytes), meaning(expected));
    EXPECT_EQ(encoded->bytes + "\n", expected);  // the file ends with a line feed
    EXPECT_EQ(encoded->interaction, "PORX_IN020101SM31");
    EXPECT_EQ(encoded->message_kind, "prescription-order");
    ++seen;
  }
  EXPECT_EQ(seen, 25u);
}

TEST(EpsCorpus, NothingOfAPublishedPrescriptionOrderIsLostUnexpectedly) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  for (const fs::path& folder : concord::test::case_folders(*corpus / "convert" / "send")) {
    SCOPED_TRACE(folder.filename().string());
    const auto encoded =
        translate(concord::test::read_file(folder / "request.json"), parameters_of(folder));
    ASSERT_THAT(encoded, IsOk());
    for (const Issue& loss : encoded->losses) {
      EXPECT_EQ(loss.detail_code, "not-carried") << told(loss);
    }
  }
}

TEST(EpsCorpus, TheOrderOfTranslationChangesNoByte) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  auto folders = concord::test::case_folders(*corpus / "convert" / "send");
  std::vector<std::string> first;
  for (const fs::path& folder : folders) {
    const auto encoded =
        translate(concord::test::read_file(folder / "request.json"), case_parameters());
    ASSERT_THAT(encoded, IsOk()) << folder;
    first.push_back(encoded->bytes);
  }
  for (std::size_t at = folders.size(); at-- > 0;) {
    const auto encoded =
        translate(concord::test::read_file(folders[at] / "request.json"), case_parameters());
    ASSERT_THAT(encoded, IsOk()) << folders[at];
    EXPECT_EQ(encoded->bytes, first[at]) << folders[at];
  }
}

TEST(EpsCorpus, AnIntentThatIsNoOrderIsRefused) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  const auto encoded =
      translate(concord::test::read_file(*corpus / "errors" / "invalid-intent" / "request.json"));
  ASSERT_THAT(encoded, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(encoded.error().issues.front().detail_code, "INVALID_VALUE");
  EXPECT_THAT(encoded.error().issues.front().expression, testing::EndsWith(".intent"));
}

}  // namespace
}  // namespace concord::eps::test
