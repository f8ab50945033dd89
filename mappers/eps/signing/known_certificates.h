#pragma once
/// Certificates read once. The few hundred prescribers of a network sign with the same certificate
/// all day, and decoding one takes longer than checking its signature.

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fhir/core/result.h"
#include "mappers/eps/signing/openssl.h"

namespace concord::eps::signing {

/// Holds the certificates asked for last, at most kMost. Nothing is judged here: whether one is
/// trusted, in force or revoked is asked anew each time. Thread-safe.
class KnownCertificates {
 public:
  static constexpr std::size_t kMost = 512;

  /// As read_certificate(); what cannot be read is not kept. Errors: malformed.
  Result<std::shared_ptr<X509>> read(std::string_view der);

 private:
  struct Known {
    std::string der;
    std::shared_ptr<X509> certificate;
  };

  std::mutex mutex_;
  std::list<Known> latest_;  ///< the one asked for last in front
  std::unordered_map<std::string_view, std::list<Known>::iterator> by_der_;
};

}  // namespace concord::eps::signing
