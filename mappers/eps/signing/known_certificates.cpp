#include "mappers/eps/signing/known_certificates.h"

#include "mappers/eps/signing/certificate.h"

namespace concord::eps::signing {

Result<std::shared_ptr<X509>> KnownCertificates::read(std::string_view der) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_der_.find(der);
    if (found != by_der_.end()) {
      latest_.splice(latest_.begin(), latest_, found->second);
      return found->second->certificate;
    }
  }
  CONCORD_ASSIGN(CertificatePtr made, read_certificate(der));
  std::shared_ptr<X509> certificate(std::move(made));
  const std::lock_guard lock(mutex_);
  if (by_der_.contains(der)) return certificate;  // another thread was faster
  if (latest_.size() == kMost) {
    by_der_.erase(latest_.back().der);
    latest_.pop_back();
  }
  latest_.push_front({std::string(der), certificate});
  by_der_.emplace(latest_.front().der, latest_.begin());
  return certificate;
}

}  // namespace concord::eps::signing
