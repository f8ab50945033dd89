#pragma once
/// A public key infrastructure for one test: authorities, signers, revocation lists, and signed
/// prescriptions. Keys are made by the test and forgotten with it; nothing here is secret.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"

struct evp_pkey_st;
struct x509_st;

namespace concord::test {

/// An RSA key. Making one takes some 50 ms; copies share it.
class Key {
 public:
  static Key make(int bits = 2048);
  /// One of a few keys the program makes once: for tests in which only "not the same" counts.
  static Key pooled(std::size_t number);
  evp_pkey_st* get() const { return key_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

/// How a certificate is made.
struct CertificateSpec {
  std::string name = "Test Prescriber";
  Instant from = *parse_instant("2020-01-01T00:00:00Z");
  Instant until = *parse_instant("2030-01-01T00:00:00Z");
  bool authority = false;
  /// Address of its revocation list; empty: it names none.
  std::string list_url = "http://lists.example/ca.crl";
  std::string key_usage;  ///< OpenSSL's words; empty: as its kind needs
  bool sha1 = false;      ///< signed over SHA-1
};

/// One entry of a revocation list.
struct Revoked {
  long serial = 0;
  Instant at{};
  int reason = -1;  ///< CRLReason; -1: none given
};

/// How a revocation list is made.
struct ListSpec {
  std::vector<Revoked> entries = {};
  Instant from = *parse_instant("2026-03-01T00:00:00Z");
  std::optional<Instant> until = *parse_instant("2026-04-01T00:00:00Z");
  std::string scope = {};             ///< issuing distribution point as OpenSSL's configuration has it
  bool wrong_signature = false;  ///< one bit of the signature turned
  bool der = false;              ///< else PEM
};

/// Who signs: a certificate and its key.
struct Signer {
  std::shared_ptr<x509_st> certificate;
  Key key;
  long serial = 0;

  std::string der() const;
  std::string pem() const;
  /// RSA PKCS #1 v1.5 over SHA-256 or SHA-1.
  std::string sign(std::string_view bytes, bool sha1 = false) const;
};

/// A certificate authority.
class CertificateAuthority {
 public:
  /// A root: signs itself.
  CertificateAuthority(std::string name, Key key, CertificateSpec spec = {});

  /// An authority below this one.
  CertificateAuthority authority(std::string name, Key key, CertificateSpec spec = {}) const;
  /// An end certificate; serial numbers count up from 1000 for each authority object.
  Signer issue(Key key, const CertificateSpec& spec = {}) const;
  std::string list(const ListSpec& spec = {}) const;

  std::string pem() const { return self_.pem(); }
  std::string der() const { return self_.der(); }
  long serial() const { return self_.serial; }

 private:
  explicit CertificateAuthority(Signer self);
  Signer self_;
  std::shared_ptr<long> next_serial_;
};

/// The XML signature over a `digest` of $prepare (base64 of a canonical SignedInfo), with the
/// certificate of who signs.
std::string xml_signature(std::string_view digest, const Signer& signer, bool sha1 = false);

/// A prescription-order (JSON) with the signature in its Provenance: `when` as $prepare answered
/// it in `timestamp`, who is the requester of the first MedicationRequest. A Provenance with a
/// signature of theirs is used again, else one is added.
std::string with_signature(std::string_view bundle, std::string_view timestamp,
                           std::string_view xml);

/// All of it: takes the answer of $prepare (JSON Parameters) for the bundle, signs, puts it in.
std::string signed_as_prepared(std::string_view bundle, std::string_view parameters,
                               const Signer& signer);

}  // namespace concord::test
