#include "tests/support/signing.h"

#include <gmock/gmock.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>

#include "fhir/core/digest.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"

namespace concord::test {
namespace {

/// Tests stop where OpenSSL does: there is nothing to test then.
template <typename T>
T must(T made) {
  if (!made) {
    std::fputs("OpenSSL could not make what a test needs\n", stderr);
    std::abort();
  }
  return made;
}

std::time_t seconds(Instant at) {
  return static_cast<std::time_t>(
      std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
}

std::string contents(BIO* out) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = must(X509V3_EXT_nconf_nid(nullptr, &context, kind, value.c_str()));
  must(X509_add_ext(certificate, extension, -1));
  X509_EXTENSION_free(extension);
}

void set_name(X509_NAME* name, const std::string& common_name) {
  const auto add = [&](const char* part, const std::string& value) {
    must(X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0));
  };
  add("O", "test");
  add("CN", common_name);
}

/// `issuer` null: the certificate signs itself.
Signer make_certificate(const CertificateSpec& spec, const Key& key, long serial,
                        const Signer* issuer) {
  std::shared_ptr<X509> made(must(X509_new()), &X509_free);
  X509* issuing = issuer == nullptr ? made.get() : issuer->certificate.get();
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), seconds(spec.from));
  ASN1_TIME_set(X509_getm_notAfter(made.get()), seconds(spec.until));
  set_name(X509_get_subject_name(made.get()), spec.name);
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuing));
  X509_set_pubkey(made.get(), key.get());
  add_extension(made.get(), issuing, NID_basic_constraints,
                spec.authority ? "critical,CA:TRUE" : "CA:FALSE");
  const std::string usage = spec.authority ? "critical,keyCertSign,cRLSign" : "nonRepudiation";
  add_extension(made.get(), issuing, NID_key_usage,
                spec.key_usage.empty() ? usage : spec.key_usage);
  add_extension(made.get(), issuing, NID_subject_key_identifier, "hash");
  add_extension(made.get(), issuing, NID_authority_key_identifier, "keyid");
  if (!spec.list_url.empty()) {
    add_extension(made.get(), issuing, NID_crl_distribution_points, "URI:" + spec.list_url);
  }
  must(X509_sign(made.get(), issuer == nullptr ? key.get() : issuer->key.get(),
                 spec.sha1 ? EVP_sha1() : EVP_sha256()));
  return {std::move(made), key, serial};
}

}  // namespace

Key Key::make(int bits) {
  Key made;
  made.key_ =
      std::shared_ptr<EVP_PKEY>(must(EVP_RSA_gen(static_cast<unsigned>(bits))), &EVP_PKEY_free);
  return made;
}

Key Key::pooled(std::size_t number) {
  static std::array<Key, 6> pool;
  Key& key = pool.at(number);
  if (key.key_ == nullptr) key = make();
  return key;
}

std::string Signer::der() const {
  BIO* out = must(BIO_new(BIO_s_mem()));
  must(i2d_X509_bio(out, certificate.get()));
  return contents(out);
}

std::string Signer::pem() const {
  BIO* out = must(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(out, certificate.get()));
  return contents(out);
}

std::string Signer::sign(std::string_view bytes, bool sha1) const {
  EVP_MD_CTX* context = must(EVP_MD_CTX_new());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())), '\0');
  std::size_t size = signature.size();
  must(EVP_DigestSignInit(context, nullptr, sha1 ? EVP_sha1() : EVP_sha256(), nullptr, key.get()) ==
       1);
  must(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1);
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return signature;
}

CertificateAuthority::CertificateAuthority(Signer self)
    : self_(std::move(self)), next_serial_(std::make_shared<long>(1000)) {}

CertificateAuthority::CertificateAuthority(std::string name, Key key, CertificateSpec spec)
    : CertificateAuthority([&] {
        spec.name = std::move(name);
        spec.authority = true;
        return make_certificate(spec, key, 1, nullptr);
      }()) {}

CertificateAuthority CertificateAuthority::authority(std::string name, Key key,
                                                     CertificateSpec spec) const {
  spec.name = std::move(name);
  spec.authority = true;
  return CertificateAuthority(make_certificate(spec, key, (*next_serial_)++, &self_));
}

Signer CertificateAuthority::issue(Key key, const CertificateSpec& spec) const {
  return make_certificate(spec, key, (*next_serial_)++, &self_);
}

std::string CertificateAuthority::list(const ListSpec& spec) const {
  X509_CRL* made = must(X509_CRL_new());
  X509_CRL_set_version(made, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(made, X509_get_subject_name(self_.certificate.get()));
  ASN1_TIME* time = must(ASN1_TIME_set(nullptr, seconds(spec.from)));
  X509_CRL_set1_lastUpdate(made, time);
  if (spec.until) {
    ASN1_TIME_set(time, seconds(*spec.until));
    X509_CRL_set1_nextUpdate(made, time);
  }
  for (const Revoked& revoked : spec.entries) {
    X509_REVOKED* entry = must(X509_REVOKED_new());
    ASN1_INTEGER* serial = must(ASN1_INTEGER_new());
    ASN1_INTEGER_set(serial, revoked.serial);
    X509_REVOKED_set_serialNumber(entry, serial);
    ASN1_INTEGER_free(serial);
    ASN1_TIME_set(time, seconds(revoked.at));
    X509_REVOKED_set_revocationDate(entry, time);
    if (revoked.reason >= 0) {
      ASN1_ENUMERATED* reason = must(ASN1_ENUMERATED_new());
      ASN1_ENUMERATED_set(reason, revoked.reason);
      X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0);
      ASN1_ENUMERATED_free(reason);
    }
    X509_CRL_add0_revoked(made, entry);
  }
  ASN1_TIME_free(time);
  if (!spec.scope.empty()) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, self_.certificate.get(), nullptr, nullptr, made, 0);
    X509_EXTENSION* extension = must(X509V3_EXT_nconf_nid(
        nullptr, &context, NID_issuing_distribution_point, spec.scope.c_str()));
    X509_CRL_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_CRL_sort(made);
  must(X509_CRL_sign(made, self_.key.get(), EVP_sha256()));
  unsigned char* der = nullptr;
  const int size = i2d_X509_CRL(made, &der);
  std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  X509_CRL_free(made);
  if (spec.wrong_signature) bytes.back() = static_cast<char>(bytes.back() ^ 1);
  if (spec.der) return bytes;
  BIO* out = must(BIO_new(BIO_s_mem()));
  must(PEM_write_bio(out, "X509 CRL", "", reinterpret_cast<const unsigned char*>(bytes.data()),
                     static_cast<long>(bytes.size())));
  return contents(out);
}

std::string xml_signature(std::string_view digest, const Signer& signer, bool sha1) {
  auto info = base64_decode(digest);
  if (!info) {
    ADD_FAILURE() << "the digest is not base64";
    return {};
  }
  const std::string value = base64_encode(signer.sign(*info, sha1));
  constexpr std::string_view kNamespace = " xmlns=\"http://www.w3.org/2000/09/xmldsig#\"";
  if (const auto at = info->find(kNamespace); at != std::string::npos) {
    info->erase(at, kNamespace.size());
  }
  return "<Signature" + std::string(kNamespace) + ">" + *info + "<SignatureValue>" + value +
         "</SignatureValue><KeyInfo><X509Data><X509Certificate>" + base64_encode(signer.der()) +
         "</X509Certificate></X509Data></KeyInfo></Signature>";
}

namespace {

/// Editing of a Bundle's tree.
class BundleEditor {
 public:
  explicit BundleEditor(std::string_view json)
      : document_(must_read(json, symbols_)), builder_(document_) {}

  void sign(std::string_view when, std::string_view data) {
    const tree::Node* requester = nullptr;
    tree::Node* signature = nullptr;
    for (const tree::Node& entry : document_.root().children()) {
      const tree::Node* resource = child(entry, "resource");
      if (document_.name(entry) != "entry" || resource == nullptr) continue;
      const std::string_view type = document_.text(resource->type());
      if (type == "MedicationRequest" && requester == nullptr) {
        requester = child(*resource, "requester");
      } else if (type == "Provenance" && signature == nullptr) {
        signature = mutable_child(*resource, "signature");
        set(tree::Builder::mutable_node(*resource), "recorded", when);
      }
    }
    if (signature == nullptr) signature = &add_provenance(when, requester);
    set(*signature, "when", when);
    set(*signature, "data", base64_encode(data));
  }

  std::string text() const {
    auto written = json::write(document_, {.pretty = true});
    if (!written) ADD_FAILURE() << to_string(written.error());
    return written ? *std::move(written) : std::string();
  }

 private:
  static tree::Document must_read(std::string_view json, const tree::Symbols& symbols) {
    auto read = json::read(std::string(json), symbols);
    if (read) return *std::move(read);
    ADD_FAILURE() << to_string(read.error());
    return tree::Document(symbols);
  }
  const tree::Node* child(const tree::Node& parent, std::string_view name) const {
    const tree::Symbol symbol = document_.find(name);
    return symbol == tree::Symbol::kNone ? nullptr : parent.child(symbol);
  }
  tree::Node* mutable_child(const tree::Node& parent, std::string_view name) const {
    const tree::Node* found = child(parent, name);
    return found == nullptr ? nullptr : &tree::Builder::mutable_node(*found);
  }
  tree::Node& add(tree::Node& parent, std::string_view name, bool in_array = false) {
    tree::Node* made = builder_.append(parent, builder_.symbol(name));
    if (in_array) builder_.set_flag(*made, tree::Flag::in_array);
    return *made;
  }
  void set(tree::Node& parent, std::string_view name, std::string_view value) {
    tree::Node* node = mutable_child(parent, name);
    if (node == nullptr) node = builder_.append(parent, builder_.symbol(name));
    builder_.set_kind(*node, tree::Kind::string);
    builder_.set_copy(*node, value);
  }
  tree::Node& add_provenance(std::string_view when, const tree::Node* requester) {
    constexpr std::string_view kId = "b5f2bd0c-6d0d-5c6e-9d6c-3f0a8d1b7c11";
    tree::Node& entry = *builder_.append_grouped(tree::Builder::mutable_node(document_.root()),
                                                 builder_.symbol("entry"));
    builder_.set_flag(entry, tree::Flag::in_array);
    set(entry, "fullUrl", "urn:uuid:" + std::string(kId));
    tree::Node& resource = add(entry, "resource");
    builder_.set_type(resource, builder_.symbol("Provenance"));
    builder_.set_flag(resource, tree::Flag::resource);
    set(resource, "id", kId);
    const std::string who(requester == nullptr ? std::string_view()
                                               : child(*requester, "reference")->text());
    set(add(resource, "target", true), "reference", who);
    set(resource, "recorded", when);
    set(add(add(resource, "agent", true), "who"), "reference", who);
    tree::Node& signature = add(resource, "signature", true);
    tree::Node& type = add(signature, "type", true);
    set(type, "system", "urn:iso-astm:E1762-95:2013");
    set(type, "code", "1.2.840.10065.1.12.1.1");
    set(signature, "when", when);
    set(add(signature, "who"), "reference", who);
    return signature;
  }

  tree::Symbols symbols_;
  tree::Document document_;
  tree::Builder builder_;
};

/// The valueString of a parameter.
std::string parameter(std::string_view parameters, std::string_view name) {
  tree::Symbols symbols;
  auto read = json::read(std::string(parameters), symbols);
  if (!read) {
    ADD_FAILURE() << to_string(read.error());
    return {};
  }
  for (const tree::Node& one : read->root().children()) {
    const tree::Node* named = one.child(read->find("name"));
    const tree::Node* value = one.child(read->find("valueString"));
    if (named != nullptr && value != nullptr && named->text() == name) {
      return std::string(value->text());
    }
  }
  ADD_FAILURE() << "$prepare answered no " << name;
  return {};
}

}  // namespace

std::string with_signature(std::string_view bundle, std::string_view timestamp,
                           std::string_view xml) {
  BundleEditor editor(bundle);
  editor.sign(timestamp, xml);
  return editor.text();
}

std::string signed_as_prepared(std::string_view bundle, std::string_view parameters,
                               const Signer& signer) {
  const bool sha1 = parameter(parameters, "algorithm") == "RS1";
  return with_signature(bundle, parameter(parameters, "timestamp"),
                        xml_signature(parameter(parameters, "digest"), signer, sha1));
}

}  // namespace concord::test
