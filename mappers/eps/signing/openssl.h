#pragma once
/// Owners of OpenSSL's objects. Only files of this folder include it.

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace concord::eps::signing {

struct Free {
  void operator()(BIO* object) const { BIO_free(object); }
  void operator()(EVP_MD_CTX* object) const { EVP_MD_CTX_free(object); }
  void operator()(X509* object) const { X509_free(object); }
  void operator()(X509_CRL* object) const { X509_CRL_free(object); }
  void operator()(X509_STORE* object) const { X509_STORE_free(object); }
  void operator()(X509_STORE_CTX* object) const { X509_STORE_CTX_free(object); }
  void operator()(STACK_OF(X509) * object) const { sk_X509_free(object); }  // not its certificates
  void operator()(STACK_OF(X509_INFO) * object) const {
    sk_X509_INFO_pop_free(object, X509_INFO_free);
  }
  void operator()(STACK_OF(DIST_POINT) * object) const {
    sk_DIST_POINT_pop_free(object, DIST_POINT_free);
  }
  void operator()(ISSUING_DIST_POINT* object) const { ISSUING_DIST_POINT_free(object); }
  void operator()(ASN1_ENUMERATED* object) const { ASN1_ENUMERATED_free(object); }
};

template <typename T>
using Owned = std::unique_ptr<T, Free>;

using CertificatePtr = Owned<X509>;
using ListPtr = Owned<X509_CRL>;

/// Leaves OpenSSL's queue of errors of this thread empty: nobody reads it.
class ErrorsDropped {
 public:
  ErrorsDropped() = default;
  ~ErrorsDropped() { ERR_clear_error(); }
  ErrorsDropped(const ErrorsDropped&) = delete;
  ErrorsDropped& operator=(const ErrorsDropped&) = delete;
};

}  // namespace concord::eps::signing
