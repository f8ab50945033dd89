#include "mappers/eps/signing/certificate.h"

#include <openssl/pem.h>

#include <ctime>
#include <limits>

namespace concord::eps::signing {
namespace {

Error unreadable(const char* what) { return make_error(ErrorCode::invalid, what); }

/// Nobody types a password at a server: keys that need one cannot be read, and must not be there.
int no_password(char*, int, int, void*) { return 0; }

Result<Contents> read_pem(std::string_view bytes) {
  const Owned<BIO> in(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  if (in == nullptr) return make_error(ErrorCode::transient, "no memory to read certificates");
  const Owned<STACK_OF(X509_INFO)> blocks(
      PEM_X509_INFO_read_bio(in.get(), nullptr, &no_password, nullptr));
  if (blocks == nullptr) return unreadable("is no readable PEM");
  Contents contents;
  for (int at = 0; at < sk_X509_INFO_num(blocks.get()); ++at) {
    X509_INFO* block = sk_X509_INFO_value(blocks.get(), at);
    if (block->x_pkey != nullptr) return unreadable("holds a private key");
    if (block->x509 != nullptr) {
      contents.certificates.emplace_back(std::exchange(block->x509, nullptr));
    }
    if (block->crl != nullptr) contents.lists.emplace_back(std::exchange(block->crl, nullptr));
  }
  return contents;
}

}  // namespace

Result<CertificatePtr> read_certificate(std::string_view der) {
  const ErrorsDropped drop;
  if (der.empty() || der.size() > std::size_t{1} << 20) {
    return make_error(ErrorCode::malformed, "no certificate");
  }
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = at + der.size();
  CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate == nullptr || at != end) {
    return make_error(ErrorCode::malformed, "no certificate");
  }
  return certificate;
}

Result<Contents> read_contents(std::string_view bytes) {
  const ErrorsDropped drop;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return make_error(ErrorCode::too_long, "is too long for certificates");
  }
  if (bytes.find("-----BEGIN ") != std::string_view::npos) {
    CONCORD_ASSIGN(Contents contents, read_pem(bytes));
    if (contents.certificates.empty() && contents.lists.empty()) {
      return unreadable("holds neither a certificate nor a revocation list");
    }
    return contents;
  }
  Contents contents;
  const auto* const begin = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* at = begin;
  if (X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(bytes.size()))) {
    contents.certificates.emplace_back(certificate);
  } else {
    at = begin;
    if (X509_CRL* list = d2i_X509_CRL(nullptr, &at, static_cast<long>(bytes.size()))) {
      contents.lists.emplace_back(list);
    }
  }
  if ((contents.certificates.empty() && contents.lists.empty()) || at != begin + bytes.size()) {
    return unreadable("holds neither a certificate nor a revocation list");
  }
  return contents;
}

std::optional<Instant> instant_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

bool verifies(X509& certificate, Hash hash, std::string_view bytes, std::string_view signature) {
  const ErrorsDropped drop;
  EVP_PKEY* key = X509_get0_pubkey(&certificate);
  if (key == nullptr || EVP_PKEY_is_a(key, "RSA") != 1) return false;
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const EVP_MD* digest = hash == Hash::sha256 ? EVP_sha256() : EVP_sha1();
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                          bytes.size()) == 1;
}

int rsa_bits(X509& certificate) {
  const ErrorsDropped drop;
  const EVP_PKEY* key = X509_get0_pubkey(&certificate);
  return key == nullptr || EVP_PKEY_is_a(key, "RSA") != 1 ? 0 : EVP_PKEY_get_bits(key);
}

bool may_sign_content(X509& certificate) {
  const ErrorsDropped drop;
  // UINT32_MAX when the certificate says nothing.
  return (X509_get_key_usage(&certificate) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
}

}  // namespace concord::eps::signing
