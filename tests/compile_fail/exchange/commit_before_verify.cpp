// No prescription is accepted whose signature nobody looked at.
#include "gateway/exchange/hops.h"

namespace concord::exchange {

Result<Exchange> road(const Commit& commit, Verified verified, const UuidSource& uuids) {
  return commit(std::move(verified), {}, uuids, Instant{});
}

#ifdef COMPILE_FAIL
Result<Exchange> shortcut(const Commit& commit, Translated translated, const UuidSource& uuids) {
  return commit(std::move(translated), {}, uuids, Instant{});
}
#endif

}  // namespace concord::exchange
