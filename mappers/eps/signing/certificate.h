#pragma once
/// Certificates, revocation lists and RSA signatures, through OpenSSL. Pure functions, safe from
/// any thread; certificates once read are not changed.

#include <optional>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "mappers/eps/signing/openssl.h"
#include "mappers/eps/signing/signed_info.h"

namespace concord::eps::signing {

/// One certificate from its DER bytes; nothing may follow it. Errors: malformed.
Result<CertificatePtr> read_certificate(std::string_view der);

/// What a file of PEM blocks, or one DER object, holds.
struct Contents {
  std::vector<CertificatePtr> certificates;
  std::vector<ListPtr> lists;
};
/// Private keys in the file are refused: they have no place beside what is trusted.
/// Errors: invalid (neither a certificate nor a revocation list in it, or a key).
Result<Contents> read_contents(std::string_view bytes);

/// A time of ASN.1, which is UTC; nothing when there is none or it is none.
std::optional<Instant> instant_of(const ASN1_TIME* time);

/// RSA (PKCS #1 v1.5) with the certificate's key over `bytes`. False also for keys of another kind.
bool verifies(X509& certificate, Hash hash, std::string_view bytes, std::string_view signature);

/// Bits of an RSA key; 0 for keys of another kind.
int rsa_bits(X509& certificate);

/// Whether the certificate may sign content: it says so, or says nothing about use.
bool may_sign_content(X509& certificate);

}  // namespace concord::eps::signing
