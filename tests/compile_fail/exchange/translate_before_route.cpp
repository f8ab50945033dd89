// Nothing is translated for nobody.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<Translated> road(Routed routed, const mappers::Mappers& mappers) {
  return translate(std::move(routed), mappers, Instant{}, nullptr);
}

#ifdef COMPILE_FAIL
Result<Translated> shortcut(Permitted permitted, const mappers::Mappers& mappers) {
  return translate(std::move(permitted), mappers, Instant{}, nullptr);
}
#endif

}  // namespace concord::exchange
