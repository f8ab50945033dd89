#include "gateway/outbox/judge.h"

namespace concord::outbox {

Result<bool> Judge::wanted(const store::Item&, Instant) { return true; }

}  // namespace concord::outbox
