// Agreements do not decide over a prescription whose signature nobody looked at.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<Verified> road(ValidatedBundle validated, const mappers::Mappers& mappers) {
  return verify(std::move(validated), mappers, SignaturePolicy::refuse, Instant{});
}

#ifdef COMPILE_FAIL
Result<Permitted> shortcut(ValidatedBundle validated, const agreements::Facts& facts,
                           const agreements::AgreementSet& set) {
  return decide(std::move(validated), facts, set, Instant{});
}
#endif

}  // namespace concord::exchange
