// Certificates read once: what is kept, and that nothing else changes by it.
#include "mappers/eps/signing/known_certificates.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/support/result_matchers.h"
#include "tests/support/signing.h"

namespace concord::eps::test {
namespace {

using concord::test::CertificateAuthority;
using concord::test::Key;
using signing::KnownCertificates;

class Known : public testing::Test {
 protected:
  CertificateAuthority authority_{"Test CA", Key::pooled(0)};
  KnownCertificates known_;
};

TEST_F(Known, TheSameBytesAreDecodedOnce) {
  const std::string one = authority_.issue(Key::pooled(1)).der();
  const std::string other = authority_.issue(Key::pooled(1)).der();
  const auto first = known_.read(one);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(*known_.read(one), *first);
  EXPECT_NE(*known_.read(other), *first);
}

TEST_F(Known, WhatCannotBeReadIsRefusedEachTime) {
  EXPECT_THAT(known_.read(""), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(known_.read("no certificate"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(known_.read("no certificate"), FailsWith(ErrorCode::malformed));
}

TEST_F(Known, TheOnesAskedForLastAreKept) {
  const std::string often = authority_.issue(Key::pooled(1)).der();
  const std::string once = authority_.issue(Key::pooled(1)).der();
  // Held here, so that no later one can be made in the same place.
  const auto kept = *known_.read(often);
  const auto dropped = *known_.read(once);
  for (std::size_t i = 0; i < KnownCertificates::kMost - 1; ++i) {
    ASSERT_THAT(known_.read(authority_.issue(Key::pooled(1)).der()), IsOk());
    ASSERT_EQ(*known_.read(often), kept);
  }
  EXPECT_NE(*known_.read(once), dropped);
}

TEST_F(Known, ManyThreadsMayAsk) {
  std::vector<std::string> all;
  for (int i = 0; i < 20; ++i) all.push_back(authority_.issue(Key::pooled(1)).der());
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 200; ++i) {
        ASSERT_THAT(known_.read(all[(i + t * 5) % all.size()]), IsOk());
      }
    });
  }
}

}  // namespace
}  // namespace concord::eps::test
