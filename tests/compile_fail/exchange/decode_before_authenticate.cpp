// Bytes of nobody are not decoded.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<Decoded> road(Authenticated authenticated, const definitions::Definitions& definitions) {
  return decode(std::move(authenticated), definitions);
}

#ifdef COMPILE_FAIL
Result<Decoded> shortcut(Received received, const definitions::Definitions& definitions) {
  return decode(std::move(received), definitions);
}
#endif

}  // namespace concord::exchange
