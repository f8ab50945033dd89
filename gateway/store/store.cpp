#include "gateway/store/store.h"

namespace concord::store {

Result<audit::Verdict> verify_audit(Store& store) {
  // The head is read first: links appended meanwhile lie behind it and are walked as well.
  CONCORD_ASSIGN(const audit::Head head, store.audit_head());
  return audit::verify(
      [&store](std::int64_t after, std::size_t limit) { return store.audit_links(after, limit); },
      head);
}

audit::Record pause_record(const Pause& pause) {
  return {audit::Event::destination_paused, pause.since,      "", "", pause.by,
          to_hex(sha256(pause.reason)),     pause.destination};
}

audit::Record resume_record(const Resume& resume) {
  return {audit::Event::destination_resumed, resume.at,         "", "", resume.by,
          to_hex(sha256(resume.reason)),     resume.destination};
}

}  // namespace concord::store
