// Bytes cannot be slipped in between.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

const mappers::Encoded& road(const Translated& translated) { return translated.encoded(); }

#ifdef COMPILE_FAIL
Translated shortcut(Routed routed) {
  return Translated(std::move(routed), mappers::Encoded{}, Sha256{});
}
#endif

}  // namespace concord::exchange
