// Bytes of nobody are not decoded.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<Decoded> road(Authenticated authenticated, const definitions::Definitions& definitions,
                     const mappers::Mappers& mappers) {
  return decode(std::move(authenticated), definitions, mappers);
}

#ifdef COMPILE_FAIL
Result<Decoded> shortcut(Received received, const definitions::Definitions& definitions,
                         const mappers::Mappers& mappers) {
  return decode(std::move(received), definitions, mappers);
}
#endif

}  // namespace concord::exchange
