// Nobody but the commit says that a message is ours.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

const std::string& road(const Exchange& exchange) { return exchange.id(); }

#ifdef COMPILE_FAIL
Exchange shortcut() { return Exchange(); }
#endif

}  // namespace concord::exchange
