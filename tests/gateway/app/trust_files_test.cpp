#include "gateway/app/trust_files.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/files.h"
#include "tests/support/result_matchers.h"
#include "tests/support/signing.h"

namespace concord::app {
namespace {

namespace fs = std::filesystem;
using test::CertificateAuthority;
using test::Key;

void write(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

struct TrustFilesTest : testing::Test {
  TrustFilesTest() {
    fs::create_directory(lists());
    write(anchor(), authority.pem());
    paths.anchors = {anchor().string()};
    paths.revocation_lists = {lists().string()};
  }
  fs::path anchor() const { return folder.path() / "anchor.pem"; }
  fs::path lists() const { return folder.path() / "lists"; }

  test::TemporaryFolder folder;
  CertificateAuthority authority{"Test CA", Key::pooled(0)};
  TrustPaths paths;
};

TEST_F(TrustFilesTest, AListPutIntoTheFolderCountsAtTheNextLook) {
  const auto keeper = TrustKeeper::load(paths);
  ASSERT_THAT(keeper, IsOk());
  const auto before = (*keeper)->current();
  EXPECT_EQ(before->list_count(), 0u);
  EXPECT_FALSE((*keeper)->refresh().value_or(true));
  write(lists() / "a.crl", authority.list());
  write(lists() / "README", "not looked at");
  EXPECT_TRUE((*keeper)->refresh().value_or(false));
  EXPECT_EQ((*keeper)->current()->list_count(), 1u);
  EXPECT_EQ(before->list_count(), 0u);  // who is verifying keeps the store he has
  EXPECT_FALSE((*keeper)->refresh().value_or(true));
}

TEST_F(TrustFilesTest, ABadFileLeavesTheStoreInUse) {
  write(lists() / "a.crl", authority.list());
  const auto keeper = TrustKeeper::load(paths);
  ASSERT_THAT(keeper, IsOk());
  write(lists() / "b.crl", "half a li");
  const auto refreshed = (*keeper)->refresh();
  ASSERT_THAT(refreshed, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(refreshed.error().issues.front().text,
            (lists() / "b.crl").string() + " holds neither a certificate nor a revocation list");
  EXPECT_EQ((*keeper)->current()->list_count(), 1u);
  EXPECT_THAT((*keeper)->refresh(), FailsWith(ErrorCode::invalid));  // it is tried again
  fs::remove(lists() / "b.crl");
  EXPECT_THAT((*keeper)->reload(), IsOk());
}

TEST_F(TrustFilesTest, AMissingFileStopsTheStart) {
  paths.anchors.push_back((folder.path() / "none.pem").string());
  EXPECT_THAT(TrustKeeper::load(paths), FailsWith(ErrorCode::not_found));
}

TEST_F(TrustFilesTest, TheConfigurationBecomesThePolicy) {
  Config::Eps::Trust config;
  config.unreachable = "warn";
  config.least_key_bits = 3072;
  config.sha1_until = "2027-01-31";
  TrustPaths made = trust_paths(config);
  EXPECT_EQ(made.rules.unreachable, eps::Unreachable::warn);
  EXPECT_EQ(made.rules.no_anchors, eps::NoAnchors::refuse);
  EXPECT_EQ(made.rules.least_key_bits, 3072);
  EXPECT_EQ(made.rules.sha1_until, parse_instant("2027-01-31T00:00:00Z").value_or(Instant{}));
  config.sha1_until.clear();
  EXPECT_FALSE(trust_paths(config).rules.sha1_until.has_value());
}

TEST(SignatureConfig, RefusingWithoutAnchorsIsRefused) {
  const auto nothing = [](const std::string&) { return std::nullopt; };
  const auto config = make_config({{"site.yaml", "eps: { signatures: refuse }"}}, nothing);
  ASSERT_THAT(config, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(config.error().issues.front().text,
            "eps.signatures is refuse, but eps.trust.anchors is empty: nobody's signature could "
            "hold");
  EXPECT_THAT(make_config({{"site.yaml", "eps: { trust: { sha1_until: soon } }"}}, nothing),
              FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace concord::app
