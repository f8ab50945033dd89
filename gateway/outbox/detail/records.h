#pragma once
/// What the chain says of an item.

#include <string>
#include <string_view>
#include <utility>

#include "fhir/core/digest.h"
#include "gateway/store/store.h"

namespace concord::outbox::detail {

inline audit::Record record(audit::Event event, const store::Item& item, std::string_view node,
                            Instant now, std::string digest, std::string detail) {
  return {
      event, now, item.exchange, item.id, std::string(node), std::move(digest), std::move(detail)};
}

/// A change of the Task that goes with a settlement is on record too.
inline void add_task_record(store::Settlement& settlement, const store::Item& item,
                            std::string_view node, Instant now) {
  if (!settlement.task) return;
  settlement.audit.push_back(record(audit::Event::task_changed, item, node, now,
                                    to_hex(sha256(settlement.task->body)),
                                    settlement.task->status));
}

}  // namespace concord::outbox::detail
