#include "mappers/eps/signing/verify.h"

#include <algorithm>
#include <optional>
#include <string>

#include "fhir/core/digest.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/canonical.h"
#include "mappers/eps/signing/certificate.h"
#include "mappers/eps/signing/chain.h"
#include "mappers/eps/signing/known_certificates.h"
#include "mappers/eps/signing/signed_info.h"
#include "mappers/eps/signing/signed_parts.h"
#include "mappers/eps/signing/trust_state.h"

namespace concord::eps {
namespace {

using signing::Hash;
using signing::only_child;
using tree::Node;

Issue issue(Severity severity, std::string_view text, std::string_view detail_code) {
  Issue made;
  made.severity = severity;
  made.expression = "Provenance.signature.data";
  made.text = text;
  made.code = severity == Severity::error ? "invalid" : "";
  made.detail_code = detail_code;
  return made;
}

/// The issues of one verification, in order.
class Findings {
 public:
  void fault(std::string_view text, std::string_view detail_code) {
    found_.push_back(issue(Severity::error, text, detail_code));
  }
  void warn(std::string_view text, std::string_view detail_code) {
    found_.push_back(issue(Severity::warning, text, detail_code));
  }
  std::vector<Issue> take() { return std::move(found_); }

 private:
  std::vector<Issue> found_;
};

/// The text of an element that holds nothing else; nothing when it holds elements or is empty.
std::optional<std::string_view> text_of(const Node* node) {
  if (node == nullptr || node->text().empty()) return std::nullopt;
  for (const Node& child : node->children()) {
    if (!child.is(tree::Flag::attribute)) return std::nullopt;
  }
  return node->text();
}

/// The parts of an XML signature that count.
struct SignatureParts {
  const Node* signed_info = nullptr;
  std::string_view value;
  std::string_view certificate;
  bool several_certificates = false;
};

/// Several certificates, one behind the other, each an X509Certificate or in an X509Data of its
/// own, or marked as PEM inside one.
bool names_several(const tree::Document& document, const Node& key_info) {
  std::size_t count = 0;
  for (const Node& child : key_info.children()) {
    if (document.name(child) != "X509Data") continue;
    for (const Node& inner : child.children()) count += document.name(inner) == "X509Certificate";
  }
  return count > 1;
}

/// Nothing: SignedInfo, SignatureValue or certificate is not there, or not once.
std::optional<SignatureParts> signature_parts(const tree::Document& document, const Node& author) {
  const Node* text = only_child(document, author, "signatureText");
  const Node* signature = nullptr;
  for (const Node* child = text == nullptr ? nullptr : text->first_child(); child != nullptr;
       child = child->next_sibling()) {
    if (child->is(tree::Flag::attribute)) continue;
    if (signature != nullptr || document.name(*child) != "Signature") return std::nullopt;
    signature = child;
  }
  if (signature == nullptr) return std::nullopt;
  SignatureParts parts;
  parts.signed_info = only_child(document, *signature, "SignedInfo");
  const auto value = text_of(only_child(document, *signature, "SignatureValue"));
  const Node* key_info = only_child(document, *signature, "KeyInfo");
  if (parts.signed_info == nullptr || !value || key_info == nullptr) return std::nullopt;
  parts.value = *value;
  parts.several_certificates = names_several(document, *key_info);
  if (parts.several_certificates) return parts;
  const Node* data = only_child(document, *key_info, "X509Data");
  const auto certificate =
      text_of(data == nullptr ? nullptr : only_child(document, *data, "X509Certificate"));
  if (!certificate) return std::nullopt;
  parts.certificate = *certificate;
  parts.several_certificates = certificate->find("-----") != std::string_view::npos;
  return parts;
}

/// The algorithms a SignedInfo names; "" where it names none.
struct Named {
  std::string_view canonicalisation, signature, digest;
};

Named named_by(const tree::Document& document, const Node& signed_info) {
  const auto algorithm = [&](const Node* element) {
    return element == nullptr ? std::string_view{}
                              : signing::attribute(document, *element, "Algorithm");
  };
  const Node* reference = only_child(document, signed_info, "Reference");
  return {algorithm(only_child(document, signed_info, "CanonicalizationMethod")),
          algorithm(only_child(document, signed_info, "SignatureMethod")),
          reference == nullptr ? std::string_view{}
                               : algorithm(only_child(document, *reference, "DigestMethod"))};
}

/// The canonical form of a SignedInfo that stands alone. With `assumed`, both algorithms it names
/// are replaced first.
Result<std::string> canonical_signed_info(const tree::Document& document, const Node& signed_info,
                                          std::optional<Hash> assumed) {
  tree::Document alone(document.symbols(), document.limits());
  tree::Builder builder(alone);
  Node* copy =
      builder.copy_into(builder.root(), document, signed_info, builder.symbol("SignedInfo"));
  if (copy == nullptr) return make_error(ErrorCode::too_long, "SignedInfo has too many elements");
  const auto rename = [&](const Node* element, std::string_view uri) {
    if (element == nullptr) return;
    for (const Node& child : element->children()) {
      if (!child.is(tree::Flag::attribute) || alone.name(child) != "Algorithm") continue;
      builder.set_text(tree::Builder::mutable_node(child), uri);
    }
  };
  if (assumed) {
    rename(only_child(alone, *copy, "SignatureMethod"), signing::signature_method(*assumed));
    const Node* reference = only_child(alone, *copy, "Reference");
    rename(reference == nullptr ? nullptr : only_child(alone, *reference, "DigestMethod"),
           signing::digest_method(*assumed));
  }
  return xml::canonicalise(alone, *copy);
}

/// Empty for what has no canonical form (namespaces that are relative references): nobody can have
/// signed that, so it is a fault of the message and no error.
Result<std::string> canonical_or_none(Result<std::string> canonical) {
  if (!canonical && canonical.error().code == ErrorCode::invalid) return std::string();
  return canonical;
}

/// What the signature says of itself, read once.
struct Claimed {
  std::optional<Hash> signature;  ///< nothing: an algorithm that is not allowed
  Hash digest = Hash::sha1;       ///< the one the prescription is hashed with
  bool assumed = false;           ///< it named no RSA algorithm: both were read as SHA-1
  bool canonicalisation_known = false;
};

Claimed claims_of(const Named& named) {
  Claimed claimed;
  claimed.canonicalisation_known = named.canonicalisation == signing::kExclusiveC14n ||
                                   named.canonicalisation == signing::kInclusiveC14n;
  claimed.assumed = named.signature.find("rsa-sha") == std::string_view::npos;
  if (claimed.assumed) {
    claimed.signature = Hash::sha1;
  } else {
    claimed.signature = signing::hash_of_signature_method(named.signature);
    claimed.digest = signing::hash_of_digest_method(named.digest).value_or(Hash::sha1);
  }
  return claimed;
}

void judge_signature(Findings& findings, const Claimed& claimed, bool verified, bool sha1_counts) {
  if (!claimed.signature || !claimed.canonicalisation_known) {
    findings.fault(signature_fault::kInvalid, "signature-algorithm");
  } else if (!verified) {
    findings.fault(signature_fault::kInvalid, "signature-invalid");
  } else if (*claimed.signature == Hash::sha1 && !sha1_counts) {
    findings.fault(signature_fault::kAlgorithm, "signature-algorithm");
  } else if (claimed.assumed) {
    findings.warn("the signature names no RSA algorithm and was read as RSA with SHA-1",
                  "signature-algorithm");
  }
}

void judge_certificate(Findings& findings, const signing::Judgement& judged,
                       Unreachable unreachable) {
  const auto revocation = [&](signing::Revocation found, std::string_view revoked,
                              std::string_view code, std::string_view whose) {
    if (found == signing::Revocation::revoked) return findings.fault(revoked, code);
    if (found == signing::Revocation::none) return;
    if (found == signing::Revocation::unknown && unreachable == Unreachable::refuse) {
      return findings.fault(signature_fault::kRevocationUnknown, "revocation-unknown");
    }
    findings.warn("no current revocation list says whether " + std::string(whose) + " is revoked",
                  "revocation-unknown");
  };
  if (judged.trusted) {
    revocation(judged.leaf, signature_fault::kRevoked, "certificate-revoked",
               "the signer's certificate");
    revocation(judged.authorities, signature_fault::kAuthorityRevoked, "authority-revoked",
               "an authority above the signer's certificate");
  }
  if (!judged.in_force) findings.fault(signature_fault::kExpired, "certificate-expired");
  if (judged.not_judged) {
    findings.warn(
        "no certificate authorities are configured: nobody vouches for the signer's certificate",
        "chain-not-judged");
  } else if (!judged.trusted) {
    findings.fault(signature_fault::kUntrusted, "certificate-untrusted");
  }
}

}  // namespace

bool signature_holds(const std::vector<Issue>& issues) noexcept {
  return std::none_of(issues.begin(), issues.end(), [](const Issue& one) {
    return one.severity == Severity::error || one.severity == Severity::fatal;
  });
}

Result<std::vector<Issue>> verify_prescription(const tree::Document& message,
                                               const tree::Node& parent_prescription,
                                               const TrustStore& trust, Instant now,
                                               signing::KnownCertificates* known) {
  Findings findings;
  const auto parts = signing::find_signed_parts(message, parent_prescription);
  if (!parts) {
    // A prescription that lacks a signed part, or has it twice, is not what anybody signed.
    findings.fault(signature_fault::kMismatch, "signature-mismatch");
    return findings.take();
  }
  const auto signature = signature_parts(message, *parts->author);
  if (!signature) {
    findings.fault(signature_fault::kFormat, "signature-format");
    return findings.take();
  }
  if (signature->several_certificates) {
    findings.fault(signature_fault::kSeveralCertificates, "signature-certificates");
    return findings.take();
  }
  signing::KnownCertificates none;
  const auto der = base64_decode(signature->certificate);
  const auto certificate = der ? (known != nullptr ? known : &none)->read(*der)
                               : Result<std::shared_ptr<X509>>(der.error());
  if (!certificate) {
    findings.fault(signature_fault::kCertificate, "signature-certificate");
    return findings.take();
  }

  const Claimed claimed = claims_of(named_by(message, *signature->signed_info));
  CONCORD_ASSIGN(const std::string given,
                 canonical_or_none(canonical_signed_info(
                     message, *signature->signed_info,
                     claimed.assumed ? std::optional<Hash>(Hash::sha1) : std::nullopt)));
  const auto value = base64_decode(signature->value);
  const bool verified = !given.empty() && value && claimed.signature &&
                        signing::verifies(**certificate, *claimed.signature, given, *value);
  const TrustStore::State& state = trust.state();
  judge_signature(findings, claimed, verified, state.sha1_until && now < *state.sha1_until);

  CONCORD_ASSIGN(const std::string fragments,
                 canonical_or_none(signing::canonical_fragments(message, *parts)));
  const std::string expected =
      signing::signed_info(claimed.digest, signing::digest_of(claimed.digest, fragments));
  if (fragments.empty() || given != expected)
    findings.fault(signature_fault::kMismatch, "signature-mismatch");

  CONCORD_ASSIGN(const signing::Judgement judged,
                 signing::judge(**certificate, signing::author_time(message, *parts), trust, now));
  judge_certificate(findings, judged, state.unreachable);
  return findings.take();
}

}  // namespace concord::eps
