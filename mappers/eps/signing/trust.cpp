#include "mappers/eps/signing/trust.h"

#include <algorithm>
#include <utility>

#include "mappers/eps/signing/certificate.h"
#include "mappers/eps/signing/trust_state.h"

namespace concord::eps {
namespace {

using signing::instant_of;

Error about(const TrustFile& file, std::string_view why) {
  return make_error(ErrorCode::invalid, file.name + " " + std::string(why));
}

/// Certificates and lists of one file. Errors: as TrustStore::compile().
Result<signing::Contents> read_file(const TrustFile& file) {
  if (file.bytes.size() > TrustStore::kMostBytes) {
    return make_error(ErrorCode::too_long, file.name + " is too long for certificates");
  }
  auto contents = signing::read_contents(file.bytes);
  if (!contents) return about(file, contents.error().issues.front().text);
  return contents;
}

bool signed_by(X509& certificate, X509& issuer) {
  const signing::ErrorsDropped drop;
  EVP_PKEY* key = X509_get0_pubkey(&issuer);
  return key != nullptr && X509_check_issued(&issuer, &certificate) == X509_V_OK &&
         X509_verify(&certificate, key) == 1;
}

bool list_signed_by(X509_CRL& list, X509& issuer) {
  const signing::ErrorsDropped drop;
  EVP_PKEY* key = X509_get0_pubkey(&issuer);
  return key != nullptr &&
         X509_NAME_cmp(X509_CRL_get_issuer(&list), X509_get_subject_name(&issuer)) == 0 &&
         (X509_get_key_usage(&issuer) & KU_CRL_SIGN) != 0 && X509_CRL_verify(&list, key) == 1;
}

/// Reads the scope of a list and whether it is complete in it. Source: RFC 5280 section 5.2.
void read_scope(RevocationList& list) {
  const signing::ErrorsDropped drop;
  int critical = -1;
  list.scope.reset(static_cast<ISSUING_DIST_POINT*>(
      X509_CRL_get_ext_d2i(list.list.get(), NID_issuing_distribution_point, &critical, nullptr)));
  const bool scope_unread = list.scope == nullptr && critical != -1;
  bool complete = !scope_unread;
  for (int at = 0; at < X509_CRL_get_ext_count(list.list.get()); ++at) {
    X509_EXTENSION* extension = X509_CRL_get_ext(list.list.get(), at);
    const int kind = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    if (kind == NID_delta_crl) complete = false;
    if (kind != NID_issuing_distribution_point && X509_EXTENSION_get_critical(extension) != 0) {
      complete = false;
    }
  }
  if (list.scope != nullptr &&
      (list.scope->indirectCRL > 0 || list.scope->onlyattr > 0 ||
       list.scope->onlysomereasons != nullptr ||
       (list.scope->distpoint != nullptr && list.scope->distpoint->type != 0))) {
    complete = false;  // names relative to the issuer (type 1) are not read
  }
  list.complete = complete;
}

Result<void> add_authorities(TrustStore::State& state, const std::vector<TrustFile>& files,
                             bool anchor) {
  for (const TrustFile& file : files) {
    CONCORD_ASSIGN(signing::Contents contents, read_file(file));
    if (contents.certificates.empty()) return about(file, "holds no certificate");
    for (signing::CertificatePtr& certificate : contents.certificates) {
      const signing::ErrorsDropped drop;
      if (X509_check_ca(certificate.get()) == 0) {
        return about(file, "holds a certificate that is no certificate authority's");
      }
      const int known = state.place_of(certificate.get());
      if (known >= 0) continue;  // anchors come first, so it stays one
      if (state.authorities.size() == TrustStore::kMostCertificates) {
        return make_error(ErrorCode::too_long, "more than 1000 certificate authorities");
      }
      state.authorities.push_back({std::move(certificate), file.name, anchor, -1});
    }
  }
  return {};
}

Result<void> add_lists(TrustStore::State& state, const std::vector<TrustFile>& files) {
  for (const TrustFile& file : files) {
    CONCORD_ASSIGN(signing::Contents contents, read_file(file));
    if (contents.lists.empty()) return about(file, "holds no revocation list");
    for (signing::ListPtr& read : contents.lists) {
      if (state.lists.size() == TrustStore::kMostLists) {
        return make_error(ErrorCode::too_long, "more than 1000 revocation lists");
      }
      RevocationList list;
      list.list = std::move(read);
      list.file = file.name;
      for (std::size_t at = 0; at < state.authorities.size(); ++at) {
        if (list_signed_by(*list.list, *state.authorities[at].certificate)) {
          list.signers.push_back(static_cast<int>(at));
        }
      }
      if (list.signers.empty()) {
        state.unusable.push_back(file.name + ": no authority given to us signed this list");
        continue;
      }
      list.from = instant_of(X509_CRL_get0_lastUpdate(list.list.get()));
      list.until = instant_of(X509_CRL_get0_nextUpdate(list.list.get()));
      read_scope(list);
      // The first look-up sorts the list; afterwards nothing changes it.
      X509_REVOKED* nobody = nullptr;
      X509_CRL_get0_by_cert(list.list.get(), &nobody, state.authorities.front().certificate.get());
      state.lists.push_back(std::move(list));
    }
  }
  return {};
}

Result<void> connect(TrustStore::State& state) {
  state.anchors.reset(X509_STORE_new());
  state.intermediates.reset(sk_X509_new_null());
  if (state.anchors == nullptr || state.intermediates == nullptr) {
    return make_error(ErrorCode::transient, "no memory for the trust store");
  }
  const signing::ErrorsDropped drop;
  for (Authority& authority : state.authorities) {
    const bool added =
        authority.anchor
            ? X509_STORE_add_cert(state.anchors.get(), authority.certificate.get()) == 1
            : sk_X509_push(state.intermediates.get(), authority.certificate.get()) > 0;
    if (!added) return make_error(ErrorCode::transient, "no memory for the trust store");
    state.has_anchors = state.has_anchors || authority.anchor;
    for (std::size_t at = 0; at < state.authorities.size() && authority.issuer < 0; ++at) {
      if (signed_by(*authority.certificate, *state.authorities[at].certificate)) {
        authority.issuer = static_cast<int>(at);
      }
    }
  }
  return {};
}

}  // namespace

int TrustStore::State::place_of(const X509* certificate) const {
  for (std::size_t at = 0; at < authorities.size(); ++at) {
    if (X509_cmp(authorities[at].certificate.get(), certificate) == 0) return static_cast<int>(at);
  }
  return -1;
}

TrustStore::TrustStore(std::unique_ptr<const State> state) : state_(std::move(state)) {}
TrustStore::~TrustStore() = default;

Result<std::shared_ptr<const TrustStore>> TrustStore::compile(const TrustPolicy& policy) {
  auto state = std::make_unique<State>();
  state->unreachable = policy.unreachable;
  state->no_anchors = policy.no_anchors;
  state->sha1_until = policy.sha1_until;
  state->least_key_bits = policy.least_key_bits;
  CONCORD_TRY(add_authorities(*state, policy.anchors, true));
  CONCORD_TRY(add_authorities(*state, policy.authorities, false));
  CONCORD_TRY(connect(*state));
  CONCORD_TRY(add_lists(*state, policy.revocation_lists));
  return std::shared_ptr<const TrustStore>(new TrustStore(std::move(state)));
}

std::shared_ptr<const TrustStore> TrustStore::unjudged() {
  auto state = std::make_unique<State>();
  state->no_anchors = NoAnchors::warn;
  state->sha1_until = Instant::max();
  return std::shared_ptr<const TrustStore>(new TrustStore(std::move(state)));
}

bool TrustStore::has_anchors() const noexcept { return state_->has_anchors; }
std::size_t TrustStore::authority_count() const noexcept { return state_->authorities.size(); }
std::size_t TrustStore::list_count() const noexcept { return state_->lists.size(); }

std::optional<Instant> TrustStore::lists_good_until() const noexcept {
  std::optional<Instant> first;
  for (const RevocationList& list : state_->lists) {
    if (list.until && (!first || *list.until < *first)) first = list.until;
  }
  return first;
}

std::vector<std::string> TrustStore::warnings(Instant now) const {
  std::vector<std::string> told = state_->unusable;
  for (const RevocationList& list : state_->lists) {
    if (!list.until) {
      told.push_back(list.file + ": the list does not say until when it is good");
    } else if (*list.until < now) {
      told.push_back(list.file + ": the list was good until " + format_instant(*list.until));
    } else if (list.from && *list.from > now) {
      told.push_back(list.file + ": the list is good from " + format_instant(*list.from));
    }
    if (!list.complete) {
      told.push_back(list.file + ": a partial list; it can revoke, but clears nobody");
    }
  }
  for (std::size_t at = 0; at < state_->authorities.size(); ++at) {
    const Authority& authority = state_->authorities[at];
    const auto until = instant_of(X509_get0_notAfter(authority.certificate.get()));
    if (until && *until < now) {
      told.push_back(authority.file + ": the authority was good until " + format_instant(*until));
    }
    const bool listed =
        std::any_of(state_->lists.begin(), state_->lists.end(), [&](const RevocationList& list) {
          return std::find(list.signers.begin(), list.signers.end(), static_cast<int>(at)) !=
                 list.signers.end();
        });
    if (authority.anchor && !listed) {
      told.push_back(authority.file + ": no revocation list of this authority");
    }
  }
  return told;
}

}  // namespace concord::eps
