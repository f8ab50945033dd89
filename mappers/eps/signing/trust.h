#pragma once
/// Whom signatures of prescriptions are trusted from: certificate authorities and revocation
/// lists, as bytes. Nothing is fetched.
/// Source: eps.md section 7; RFC 5280 sections 5 and 6.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"

namespace concord::eps {

/// What becomes of a signature whose revocation cannot be judged: the list of its authority is not
/// there, out of date, or signed by nobody we know.
enum class Unreachable : std::uint8_t {
  refuse,  ///< an issue of severity error: the signature does not count
  warn,    ///< an issue of severity warning: it counts, and who asked is told
};

/// What to do about chains when no anchor is given.
enum class NoAnchors : std::uint8_t {
  refuse,  ///< "Certificate not trusted": nobody vouches for the certificate
  warn,    ///< the chain is not judged, which a warning says
};

/// A file of certificates or lists: PEM (several in one file are read) or DER.
struct TrustFile {
  std::string name;  ///< for messages: the path
  std::string bytes;
};

/// Plain values; compiled by TrustStore::compile().
struct TrustPolicy {
  /// Certificate authorities trusted as they are: the ones that issue to prescribers (national
  /// sub-CAs), or roots. A chain ends at the first of them.
  std::vector<TrustFile> anchors;
  /// Further authorities, trusted only when they chain to an anchor, or known so that the
  /// revocation list of authorities (ARL) they sign can be judged.
  std::vector<TrustFile> authorities;
  /// Revocation lists, of end certificates (CRL) and of authorities (ARL).
  std::vector<TrustFile> revocation_lists;
  Unreachable unreachable = Unreachable::refuse;
  NoAnchors no_anchors = NoAnchors::refuse;
  /// RSA with SHA-1 counts until then, by the clock of who verifies, whatever the signature says of
  /// its time. Nothing: never.
  std::optional<Instant> sha1_until;
  /// Keys of fewer bits are not trusted. Certificates of the national test environments have 1024.
  int least_key_bits = 2048;
};

/// A policy with its certificates and lists parsed and checked against each other. Immutable; safe
/// from any thread.
class TrustStore {
 public:
  /// Bounds on what is read: bytes of a file, certificates and lists in all. Past one: too_long.
  static constexpr std::size_t kMostBytes = std::size_t{64} << 20;
  static constexpr std::size_t kMostCertificates = 1000;
  static constexpr std::size_t kMostLists = 1000;

  /// Parses everything. A list none of the given authorities signed is kept out and named in
  /// warnings(). Errors: invalid (a file that holds no certificate or list, or one that cannot be
  /// read; an anchor that is no authority; the file's name in the text), too_long.
  static Result<std::shared_ptr<const TrustStore>> compile(const TrustPolicy& policy);

  /// No anchors, no lists; chains are not judged, which each verification says as a warning; SHA-1
  /// counts. What a command line tool judges by when nobody names authorities.
  static std::shared_ptr<const TrustStore> unjudged();

  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  bool has_anchors() const noexcept;
  std::size_t authority_count() const noexcept;
  std::size_t list_count() const noexcept;
  /// When the first of the lists is out of date; nothing without lists, or when none says.
  std::optional<Instant> lists_good_until() const noexcept;
  /// What an operator should hear: files that could not be used, lists that are out of date by
  /// `now`, authorities without a list. Names files, never people.
  std::vector<std::string> warnings(Instant now) const;

  struct State;  ///< private to this folder (certificate.cpp, chain.cpp)
  const State& state() const noexcept { return *state_; }

 private:
  explicit TrustStore(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

/// Asked once for each verification, from any thread; never null. A reload hands out another store
/// from then on.
using TrustSource = std::function<std::shared_ptr<const TrustStore>()>;

}  // namespace concord::eps
