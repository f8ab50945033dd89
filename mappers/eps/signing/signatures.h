#pragma once
/// Signatures of EPS for the gateway: what a prescriber is to sign, and whether what came is
/// signed. Source: eps.md sections 6 and 7.

#include "fhir/definitions/definitions.h"
#include "mappers/core/mapper.h"
#include "mappers/eps/signing/trust.h"

namespace concord::eps::signing {
class KnownCertificates;
}

namespace concord::eps {

/// Works on the message as it will be sent: what is not translated yet is translated with `mapper`
/// first, and the bytes are read back, so what is hashed is what travels. Safe from any thread.
///
/// Parameters of prepare(), besides those of encode():
///   algorithm  "RS256" (default) or "RS1": RSA with SHA-256, or with SHA-1
///   display    "true": adds a parameter `display`, the signed fragments as text for the prescriber
class EpsSignatures final : public mappers::Signatures {
 public:
  /// @param mapper  must outlive this; its encode() is called
  /// @param trust   asked once for each verification; empty: TrustStore::unjudged()
  /// @param known   certificates are kept there
  EpsSignatures(const mappers::Mapper& mapper, definitions::Definitions& definitions,
                TrustSource trust, std::shared_ptr<signing::KnownCertificates> known);

  bool covers(const tree::Document& message) const override;

  /// Errors: as Mapper::encode(); invalid with INVALID_VALUE also for messages nobody signs, and
  /// for an algorithm that is none of the two.
  Result<mappers::Decoded> prepare(const tree::Document& message,
                                   const mappers::Parameters& parameters) const override;

  /// `now` of the parameters is the time of verification.
  Result<std::vector<Issue>> verify(const tree::Document& message,
                                    const mappers::Parameters& parameters) const override;
  Result<std::vector<Issue>> verify_encoded(const mappers::Encoded& message,
                                            const mappers::Parameters& parameters) const override;

 private:
  const mappers::Mapper& mapper_;
  definitions::Definitions& definitions_;
  TrustSource trust_;
  std::shared_ptr<signing::KnownCertificates> known_;
};

}  // namespace concord::eps
