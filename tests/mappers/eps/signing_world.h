#pragma once
/// Prescriptions signed by people a test invented, and what is wrong with them.

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "mappers/eps/signing/verify.h"
#include "tests/mappers/eps/world.h"
#include "tests/support/signing.h"

namespace concord::eps::test {

/// When everything is verified: 2026-03-02T10:15:00Z, an hour after it was signed.
Instant verified_at();

/// A root, an authority that issues to prescribers, and one prescriber.
struct Authorities {
  concord::test::CertificateAuthority root{"Test Root", concord::test::Key::pooled(0)};
  concord::test::CertificateAuthority sub =
      root.authority("Test Sub CA", concord::test::Key::pooled(1));
  concord::test::Signer prescriber = sub.issue(concord::test::Key::pooled(2));

  /// Trusts `sub`, knows `root`, has a current list of each; SHA-1 counts.
  TrustPolicy policy() const;
};

std::shared_ptr<const TrustStore> compiled(const TrustPolicy& policy);

/// The answer of $prepare for a Bundle, as JSON.
std::string prepared(const std::string& bundle, const std::string& algorithm = "RS256",
                     Instant now = verified_at());

/// The message of a golden case signed by `signer` and translated: HL7 v3.
std::string signed_message(const concord::test::Signer& signer,
                           const std::string& algorithm = "RS256",
                           const std::string& case_name = "repeat_dispensing_six_issues");

/// What is wrong with the one prescription of an HL7 v3 message: "severity code: text" each.
std::vector<std::string> found(const std::string& message, const TrustStore& trust,
                               Instant now = verified_at());

}  // namespace concord::eps::test
