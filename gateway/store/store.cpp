#include "gateway/store/store.h"

namespace concord::store {

Result<audit::Verdict> verify_audit(Store& store) {
  // The head is read first: links appended meanwhile lie behind it and are walked as well.
  CONCORD_ASSIGN(const audit::Head head, store.audit_head());
  return audit::verify(
      [&store](std::int64_t after, std::size_t limit) { return store.audit_links(after, limit); },
      head);
}

}  // namespace concord::store
