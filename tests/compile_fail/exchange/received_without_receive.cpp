// A Received cannot be made past the limits of hop 1.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<Received> road(Arrival arrival) { return receive(std::move(arrival), ReceiveLimits{}); }

#ifdef COMPILE_FAIL
Received shortcut(Arrival arrival) {
  return Received(std::move(arrival), Encoding::json, ReceiveLimits{});
}
#endif

}  // namespace concord::exchange
