// Hop 4: it met its definitions and its sender's policy.
#include "fhir/validate/validator.h"
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<ValidatedBundle> validate(Decoded&& decoded, const validate::Validator& validator,
                                 const validate::Options& options) {
  validate::Report report = validator.validate(decoded.bundle(), options);
  if (!report.ok()) {
    Error error;
    error.code = ErrorCode::invalid;
    error.issues = std::move(report.issues);
    return error;
  }
  return ValidatedBundle(std::move(decoded), std::move(report.issues));
}

}  // namespace concord::exchange
