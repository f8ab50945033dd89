// The published digests of $prepare, the published signed prescriptions and their errors.

#include <gmock/gmock.h>

#include "fhir/core/instant.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/xml/canonical.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "mappers/eps/signing/verify.h"
#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

namespace fs = std::filesystem;

tree::Document plain(const fs::path& file) {
  auto read = json::read_plain(concord::test::read_file(file), World::get().symbols);
  if (read) return *std::move(read);
  ADD_FAILURE() << file << ": " << to_string(read.error());
  return tree::Document(World::get().symbols);
}

std::string member(const tree::Document& document, std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  const tree::Node* node = symbol == tree::Symbol::kNone ? nullptr : document.root().child(symbol);
  return node == nullptr ? std::string() : std::string(node->text());
}

std::string prepared(const std::string& request, Instant now, std::string_view algorithm = {}) {
  mappers::Parameters parameters;
  parameters.now = now;
  if (!algorithm.empty()) parameters.values["algorithm"] = algorithm;
  const auto answer = World::get().mapper->signatures()->prepare(typed(request), parameters);
  if (!answer) {
    ADD_FAILURE() << to_string(answer.error());
    return {};
  }
  return json::write(*answer->resource, {.pretty = true}).value_or("");
}

TEST(EpsSigningCorpus, EveryPublishedDigestIsTheSame) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  std::size_t seen = 0;
  for (const fs::path& folder : concord::test::case_folders(*corpus / "prepare")) {
    SCOPED_TRACE(folder.filename().string());
    const auto manifest = plain(folder / "manifest.json");
    const auto now = parse_instant(member(manifest, "clock"));
    ASSERT_THAT(now, IsOk());
    const std::string answer = prepared(concord::test::read_file(folder / "request.json"), *now);
    auto expected =
        json::read(concord::test::read_file(folder / "response.json"), World::get().symbols);
    ASSERT_THAT(expected, IsOk());
    ++seen;
    EXPECT_EQ(answer, json::write(*expected, {.pretty = true}).value_or("none"));
  }
  EXPECT_EQ(seen, 24u);
}

TEST(EpsSigningCorpus, ThePublishedFragmentsHaveTheirCanonicalForm) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  const fs::path folder = *corpus / "signature" / "fragments";
  const auto read =
      xml::read(concord::test::read_file(folder / "request.xml"), World::get().symbols);
  ASSERT_THAT(read, IsOk());
  const auto flat = xml::write(*read, {.declaration = false, .indent = 0, .expand_empty = true});
  ASSERT_THAT(flat, IsOk());
  const auto canonical = xml::canonicalise(*flat);
  ASSERT_THAT(canonical, IsOk());
  EXPECT_EQ(*canonical + "\n", concord::test::read_file(folder / "expected.txt"));
}

/// The errors of a published case with a trust store, as the corpus lists them; warnings must be
/// about revocation only: the lists are out of reach.
std::vector<std::string> errors_of(const fs::path& message, const TrustStore& trust) {
  const auto read = xml::read(concord::test::read_file(message), World::get().symbols);
  EXPECT_THAT(read, IsOk());
  if (!read) return {};
  const auto issues =
      verify_prescription(*read, read->root(), trust, *parse_instant("2022-02-01T00:00:00Z"));
  EXPECT_THAT(issues, IsOk());
  std::vector<std::string> errors;
  for (const Issue& issue : issues ? *issues : std::vector<Issue>{}) {
    if (issue.severity == Severity::error) {
      errors.push_back(issue.text);
    } else {
      EXPECT_EQ(issue.detail_code, "revocation-unknown") << told(issue);
    }
  }
  return errors;
}

TEST(EpsSigningCorpus, EveryPublishedSignedPrescriptionHasItsErrors) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  const fs::path root = *corpus / "signature";
  std::size_t seen = 0;
  for (const fs::path& folder : concord::test::case_folders(root)) {
    if (!fs::exists(folder / "response.json")) continue;
    const auto response = plain(folder / "response.json");
    for (const tree::Node& expected : response.root().children()) {
      const std::string store(response.name(expected));
      const bool first =
          expected.next_sibling() == nullptr || expected.next_sibling()->name() != expected.name();
      if (!first) continue;  // members of a list stand side by side under one name
      SCOPED_TRACE(folder.filename().string() + " with " + store);
      std::vector<std::string> errors;
      for (const tree::Node& one : response.root().children()) {
        if (one.name() == expected.name()) errors.emplace_back(one.text());
      }
      TrustPolicy policy;
      policy.unreachable = Unreachable::warn;
      policy.sha1_until = Instant::max();
      policy.least_key_bits = 1024;  // of the national test environment
      if (store != "none") {
        policy.anchors.push_back({store, concord::test::read_file(root / "certificates" / store)});
      }
      const auto trust = TrustStore::compile(policy);
      ASSERT_THAT(trust, IsOk());
      EXPECT_EQ(errors_of(folder / "request.xml", **trust), errors);
      ++seen;
    }
  }
  EXPECT_EQ(seen, 8u);  // four cases, two trust stores each
}

TEST(EpsSigningCorpus, ThePublishedCertificatesCompileAsTheyAre) {
  const auto corpus = concord::test::corpus("eps");
  if (!corpus) GTEST_SKIP() << "corpus absent";
  const fs::path certificates = *corpus / "signature" / "certificates";
  for (const char* name : {"NHS_INT_Level1D_Base64_pem.cer", "subCA-dummy.crt"}) {
    TrustPolicy policy;
    policy.anchors.push_back({name, concord::test::read_file(certificates / name)});
    EXPECT_THAT(TrustStore::compile(policy), IsOk()) << name;
  }
  TrustPolicy end_certificate;
  end_certificate.anchors.push_back(
      {"leaf", concord::test::read_file(certificates / "x509-not-trusted-dummy.cer")});
  EXPECT_THAT(TrustStore::compile(end_certificate), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace concord::eps::test
