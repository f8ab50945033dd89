// Agreements do not decide over a bundle that was not validated.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<Permitted> road(ValidatedBundle validated, const agreements::Facts& facts,
                       const agreements::AgreementSet& set) {
  return decide(std::move(validated), facts, set, Instant{});
}

#ifdef COMPILE_FAIL
Result<Permitted> shortcut(Decoded decoded, const agreements::Facts& facts,
                           const agreements::AgreementSet& set) {
  return decide(std::move(decoded), facts, set, Instant{});
}
#endif

}  // namespace concord::exchange
