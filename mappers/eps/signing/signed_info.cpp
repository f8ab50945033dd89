#include "mappers/eps/signing/signed_info.h"

#include <array>

#include "fhir/core/digest.h"

namespace concord::eps::signing {
namespace {

struct Row {
  Hash hash;
  std::string_view signature_method, digest_method, word;
};
constexpr std::array kRows{
    Row{Hash::sha1, "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#sha1", "RS1"},
    Row{Hash::sha256, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2001/04/xmlenc#sha256", "RS256"},
};

constexpr const Row& row(Hash hash) noexcept { return kRows[static_cast<std::size_t>(hash)]; }

std::optional<Hash> find(std::string_view Row::*member, std::string_view text) noexcept {
  for (const Row& candidate : kRows) {
    if (candidate.*member == text) return candidate.hash;
  }
  return std::nullopt;
}

template <typename Digest>
std::string base64_of(const Digest& digest) {
  return base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

std::string_view signature_method(Hash hash) noexcept { return row(hash).signature_method; }
std::string_view digest_method(Hash hash) noexcept { return row(hash).digest_method; }
std::string_view algorithm_word(Hash hash) noexcept { return row(hash).word; }

std::optional<Hash> hash_of_signature_method(std::string_view uri) noexcept {
  return find(&Row::signature_method, uri);
}
std::optional<Hash> hash_of_digest_method(std::string_view uri) noexcept {
  return find(&Row::digest_method, uri);
}
std::optional<Hash> hash_of_algorithm_word(std::string_view word) noexcept {
  return find(&Row::word, word);
}

std::string digest_of(Hash hash, std::string_view bytes) {
  return hash == Hash::sha256 ? base64_of(sha256(bytes)) : base64_of(sha1(bytes));
}

std::string signed_info(Hash hash, std::string_view digest) {
  std::string xml = "<SignedInfo xmlns=\"";
  const auto element = [&xml](std::string_view name, std::string_view algorithm) {
    xml.append("<").append(name).append(" Algorithm=\"").append(algorithm).append("\"></");
    xml.append(name).append(">");
  };
  xml.append(kSignatureNamespace).append("\">");
  element("CanonicalizationMethod", kExclusiveC14n);
  element("SignatureMethod", signature_method(hash));
  xml.append("<Reference><Transforms>");
  element("Transform", kExclusiveC14n);
  xml.append("</Transforms>");
  element("DigestMethod", digest_method(hash));
  xml.append("<DigestValue>").append(digest);
  xml.append("</DigestValue></Reference></SignedInfo>");
  return xml;
}

}  // namespace concord::eps::signing
