// A bundle the agreements have not seen has no destination.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<Routed> road(Permitted permitted, const RoutingTable& table) {
  return route(std::move(permitted), table);
}

#ifdef COMPILE_FAIL
Result<Routed> shortcut(ValidatedBundle validated, const RoutingTable& table) {
  return route(std::move(validated), table);
}
#endif

}  // namespace concord::exchange
