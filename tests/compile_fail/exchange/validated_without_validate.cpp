// A bundle cannot be called valid.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<ValidatedBundle> road(Decoded decoded, const validate::Validator& validator,
                             const validate::Options& options) {
  return validate(std::move(decoded), validator, options);
}

#ifdef COMPILE_FAIL
ValidatedBundle shortcut(Decoded decoded) { return ValidatedBundle(std::move(decoded), {}); }
#endif

}  // namespace concord::exchange
