#include "mappers/eps/signing/chain.h"

#include <algorithm>
#include <span>
#include <vector>

#include "mappers/eps/signing/certificate.h"
#include "mappers/eps/signing/trust_state.h"

namespace concord::eps::signing {
namespace {

constexpr int kMostAuthorities = 8;  // above one certificate

bool in_force_at(X509& certificate, Instant at) {
  const auto from = instant_of(X509_get0_notBefore(&certificate));
  const auto until = instant_of(X509_get0_notAfter(&certificate));
  return from && until && *from < at && at < *until;
}

/// The certificate and the authorities above it up to an anchor, by their signatures; empty: there
/// is no such chain. Times are not looked at here. Errors: transient.
Result<std::vector<X509*>> chain_of(X509& certificate, const TrustStore::State& state,
                                    bool sha1_counts) {
  const ErrorsDropped drop;
  const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
  if (context == nullptr || X509_STORE_CTX_init(context.get(), state.anchors.get(), &certificate,
                                                state.intermediates.get()) != 1) {
    return make_error(ErrorCode::transient, "no memory to check a certificate");
  }
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  X509_VERIFY_PARAM_set_depth(rules, kMostAuthorities);
  X509_VERIFY_PARAM_set_auth_level(rules, sha1_counts ? 0 : 1);  // 1: no certificate over SHA-1
  std::vector<X509*> chain;
  if (X509_verify_cert(context.get()) != 1) return chain;
  // The authorities are those of the store, which outlives this call.
  STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(context.get());
  chain.push_back(&certificate);
  for (int at = 1; at < sk_X509_num(found); ++at) {
    const int place = state.place_of(sk_X509_value(found, at));
    if (place < 0) return std::vector<X509*>{};
    chain.push_back(state.authorities[static_cast<std::size_t>(place)].certificate.get());
  }
  return chain;
}

/// Whether one of the names of the list's distribution point is one of the certificate's.
bool shares_point(const DIST_POINT_NAME& wanted, X509& certificate) {
  const Owned<STACK_OF(DIST_POINT)> points(static_cast<STACK_OF(DIST_POINT)*>(
      X509_get_ext_d2i(&certificate, NID_crl_distribution_points, nullptr, nullptr)));
  for (int at = 0; points != nullptr && at < sk_DIST_POINT_num(points.get()); ++at) {
    const DIST_POINT* point = sk_DIST_POINT_value(points.get(), at);
    if (point->distpoint == nullptr || point->distpoint->type != 0) continue;
    const GENERAL_NAMES* names = point->distpoint->name.fullname;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
      for (int j = 0; j < sk_GENERAL_NAME_num(wanted.name.fullname); ++j) {
        if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i),
                             sk_GENERAL_NAME_value(wanted.name.fullname, j)) == 0) {
          return true;
        }
      }
    }
  }
  return false;
}

/// Whether the list speaks of the certificate. Source: RFC 5280 section 6.3.3 (b).
bool covers(const RevocationList& list, X509& certificate) {
  if (list.scope == nullptr) return true;
  const bool authority = X509_check_ca(&certificate) != 0;
  if (list.scope->onlyuser > 0 && authority) return false;
  if (list.scope->onlyCA > 0 && !authority) return false;
  return list.scope->distpoint == nullptr || shares_point(*list.scope->distpoint, certificate);
}

/// Whether an entry counts for something signed then.
bool counts(const X509_REVOKED& entry, Instant signed_at) {
  int critical = -1;
  const Owned<ASN1_ENUMERATED> reason(static_cast<ASN1_ENUMERATED*>(
      X509_REVOKED_get_ext_d2i(&entry, NID_crl_reason, &critical, nullptr)));
  if (reason == nullptr && critical != -1) return true;  // a reason nobody can read
  const long code = reason == nullptr ? CRL_REASON_UNSPECIFIED : ASN1_ENUMERATED_get(reason.get());
  if (code == CRL_REASON_KEY_COMPROMISE || code == CRL_REASON_CA_COMPROMISE ||
      code == CRL_REASON_AA_COMPROMISE) {
    return true;
  }
  const auto from = instant_of(X509_REVOKED_get0_revocationDate(&entry));
  return !from || signed_at >= *from;
}

Revocation revocation_of(X509& certificate, int issuer, Instant signed_at,
                         const TrustStore::State& state, Instant now) {
  const ErrorsDropped drop;
  bool cleared = false;
  for (const RevocationList& list : state.lists) {
    if (std::find(list.signers.begin(), list.signers.end(), issuer) == list.signers.end()) continue;
    X509_REVOKED* entry = nullptr;
    if (X509_CRL_get0_by_cert(list.list.get(), &entry, &certificate) != 0 && entry != nullptr &&
        counts(*entry, signed_at)) {
      return Revocation::revoked;
    }
    const bool current = list.from && list.until && *list.from <= now && now <= *list.until;
    cleared = cleared || (current && list.complete && covers(list, certificate));
  }
  if (cleared) return Revocation::none;
  return X509_get_ext_by_NID(&certificate, NID_crl_distribution_points, -1) < 0
             ? Revocation::unlisted
             : Revocation::unknown;
}

}  // namespace

Result<Judgement> judge(X509& certificate, std::optional<Instant> signed_at,
                        const TrustStore& trust, Instant now) {
  const TrustStore::State& state = trust.state();
  Judgement judgement;
  judgement.in_force = signed_at && in_force_at(certificate, *signed_at);
  if (!state.has_anchors) {
    judgement.not_judged = state.no_anchors == NoAnchors::warn;
    return judgement;
  }
  const bool sha1_counts = state.sha1_until && now < *state.sha1_until;
  CONCORD_ASSIGN(const std::vector<X509*> chain, chain_of(certificate, state, sha1_counts));
  if (chain.size() < 2) return judgement;  // an anchor signs certificates, no prescriptions
  judgement.trusted = may_sign_content(certificate);
  for (X509* link : chain) {
    judgement.trusted = judgement.trusted && rsa_bits(*link) >= state.least_key_bits;
  }
  for (X509* authority : std::span(chain).subspan(1)) {
    judgement.trusted = judgement.trusted && (!signed_at || in_force_at(*authority, *signed_at));
  }
  if (!judgement.trusted) return judgement;
  // Without a time of signing every entry counts.
  const Instant at = signed_at.value_or(Instant::max());
  for (std::size_t link = 0; link < chain.size(); ++link) {
    const int place = link == 0 ? -1 : state.place_of(chain[link]);
    const int issuer = link + 1 < chain.size()
                           ? state.place_of(chain[link + 1])
                           : state.authorities[static_cast<std::size_t>(place)].issuer;
    if (issuer >= 0 && issuer == place) continue;  // a root: nobody stands above it
    const Revocation found = revocation_of(*chain[link], issuer, at, state, now);
    Revocation& worst = link == 0 ? judgement.leaf : judgement.authorities;
    worst = std::max(worst, found);
  }
  return judgement;
}

}  // namespace concord::eps::signing
