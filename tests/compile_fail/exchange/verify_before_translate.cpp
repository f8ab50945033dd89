// What is verified is what will be sent.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<Verified> road(Translated translated, const mappers::Mappers& mappers) {
  return verify(std::move(translated), mappers, SignaturePolicy::refuse, Instant{});
}

#ifdef COMPILE_FAIL
Result<Verified> shortcut(Routed routed, const mappers::Mappers& mappers) {
  return verify(std::move(routed), mappers, SignaturePolicy::refuse, Instant{});
}
#endif

}  // namespace concord::exchange
