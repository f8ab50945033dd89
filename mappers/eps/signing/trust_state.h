#pragma once
/// What a TrustStore holds once compiled. Only files of this folder include it.

#include <string>
#include <vector>

#include "mappers/eps/signing/openssl.h"
#include "mappers/eps/signing/trust.h"

namespace concord::eps {

/// A certificate authority we were given.
struct Authority {
  signing::CertificatePtr certificate;
  std::string file;
  bool anchor = false;
  /// Place in State::authorities of the one that signed it; itself when it signed itself; -1: not
  /// given to us.
  int issuer = -1;
};

/// A revocation list one of the authorities signed.
struct RevocationList {
  signing::ListPtr list;
  std::string file;
  std::vector<int> signers;  ///< places in State::authorities whose key verifies it
  std::optional<Instant> from, until;
  /// Whether it tells everything about the certificates of its scope: it is no delta, covers all
  /// reasons, names no other issuer, and has no critical extension we do not know. Who stands in
  /// any other list is revoked all the same, but nobody is cleared by it.
  bool complete = false;
  signing::Owned<ISSUING_DIST_POINT> scope;  ///< null: every certificate of the issuer
};

struct TrustStore::State {
  std::vector<Authority> authorities;
  std::vector<RevocationList> lists;
  signing::Owned<X509_STORE> anchors;            ///< the anchors only
  signing::Owned<STACK_OF(X509)> intermediates;  ///< the others; not owned
  bool has_anchors = false;
  Unreachable unreachable = Unreachable::refuse;
  NoAnchors no_anchors = NoAnchors::refuse;
  std::optional<Instant> sha1_until;
  int least_key_bits = 0;
  std::vector<std::string> unusable;  ///< warnings of compiling

  /// The place of an authority with that very certificate; -1: none.
  int place_of(const X509* certificate) const;
};

}  // namespace concord::eps
