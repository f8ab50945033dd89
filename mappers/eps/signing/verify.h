#pragma once
/// Verification of the signature over a prescription. Pure functions, safe from any thread over
/// documents nobody changes.
/// Source: eps.md sections 6 and 7; standards of the NHS for signatures (SIG-01 to SIG-04).

#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/document.h"
#include "mappers/eps/signing/trust.h"

namespace concord::eps::signing {
class KnownCertificates;
}

namespace concord::eps {

/// What can be wrong with a signature: the text of the issue, as the national service words it,
/// without full stop.
namespace signature_fault {
inline constexpr std::string_view kFormat = "Invalid signature format";
inline constexpr std::string_view kSeveralCertificates = "Several certificates";
inline constexpr std::string_view kCertificate = "Invalid certificate";
inline constexpr std::string_view kInvalid = "Signature is invalid";
inline constexpr std::string_view kMismatch = "Signature doesn't match prescription";
inline constexpr std::string_view kRevoked = "Certificate is revoked";
inline constexpr std::string_view kAuthorityRevoked = "CA certificate is revoked";
inline constexpr std::string_view kExpired = "Certificate expired when signed";
inline constexpr std::string_view kUntrusted = "Certificate not trusted";
inline constexpr std::string_view kAlgorithm = "Signature algorithm not allowed";
inline constexpr std::string_view kRevocationUnknown = "Certificate revocation unknown";
}  // namespace signature_fault

/// Checks the signature inside `parent_prescription`, a ParentPrescription anywhere in `message`
/// (HL7 v3 as fhir/xml reads it, with or without namespace; white space between elements does not
/// count).
///
/// Returns one issue of severity error for each check that fails, in the order of eps.md section 7
/// (after a fault of format, certificate count or certificate no more is looked at), and warnings
/// for what the policy lets pass: revocation that could not be judged, a chain nobody judged, an
/// algorithm read as SHA-1. No issue of severity error: the signature holds. Texts of errors are
/// those of signature_fault; every issue has the expression "Provenance.signature.data" and a
/// detail_code of its own: "signature-format", "signature-certificates", "signature-certificate",
/// "signature-invalid", "signature-mismatch", "certificate-revoked", "authority-revoked",
/// "certificate-expired", "certificate-untrusted"; "signature-algorithm" (an error for one that is
/// not allowed, a warning for none named and so read as SHA-1), "revocation-unknown" (an error or a
/// warning, as the policy says), "chain-not-judged" (a warning). Messages of EPS publish them as
/// INVALID_VALUE.
///
/// @param now  when it is verified: for the age of revocation lists and the end of SHA-1. Validity
///             and revocation are judged at the time the author signed.
/// @param known  certificates are kept there between calls; null: each is read anew
/// Errors: too_long (a prescription over the limits of the document), internal.
Result<std::vector<Issue>> verify_prescription(const tree::Document& message,
                                               const tree::Node& parent_prescription,
                                               const TrustStore& trust, Instant now,
                                               signing::KnownCertificates* known = nullptr);

/// Whether none of the issues is an error.
bool signature_holds(const std::vector<Issue>& issues) noexcept;

}  // namespace concord::eps
