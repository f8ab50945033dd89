#pragma once
/// Whether a certificate was good when it was used to sign. Pure functions, safe from any thread.
/// Source: eps.md section 7; RFC 5280 sections 6.1 and 6.3.

#include <optional>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "mappers/eps/signing/openssl.h"
#include "mappers/eps/signing/trust.h"

namespace concord::eps::signing {

/// Of a certificate and of the authorities above it, the worst last.
enum class Revocation : std::uint8_t {
  none,      ///< a current list of the issuer covers it and does not name it
  unlisted,  ///< no list covers it, and it names none itself: its issuer publishes none
  unknown,   ///< no current list of the issuer covers it, though it says there is one
  revoked,   ///< a list names it, and the reason and date count
};

struct Judgement {
  bool trusted = false;     ///< it chains by signatures to an anchor, all authorities in force
  bool not_judged = false;  ///< no anchors, and the policy lets that pass
  Revocation leaf = Revocation::none;
  Revocation authorities = Revocation::none;  ///< the worst of them
  bool in_force = false;                      ///< signed strictly inside its validity
};

/// Judges the certificate at the time of signing; `now` is for the age of revocation lists only.
/// Revocation is judged for a trusted chain only: nobody else's lists are known.
///
/// A list that names the certificate counts whatever its age. Key, CA or AA compromise revokes for
/// all time; every other reason, or none, from its date on.
/// Errors: transient (no memory).
Result<Judgement> judge(X509& certificate, std::optional<Instant> signed_at,
                        const TrustStore& trust, Instant now);

}  // namespace concord::eps::signing
