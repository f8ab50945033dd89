// What cannot be sent is not accepted.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<Exchange> road(const Commit& commit, Translated translated, const UuidSource& uuids) {
  return commit(std::move(translated), {}, uuids, Instant{});
}

#ifdef COMPILE_FAIL
Result<Exchange> shortcut(const Commit& commit, Routed routed, const UuidSource& uuids) {
  return commit(std::move(routed), {}, uuids, Instant{});
}
#endif

}  // namespace concord::exchange
