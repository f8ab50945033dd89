#pragma once
/// The rows of exchanges on their way into one transaction.

#include "gateway/store/postgresql/detail/group.h"

namespace concord::store::postgresql {

struct Group::Tables {
  Tables();
  void into(Batch& batch) const;

  Insert payload, inbox, idempotency, exchange_task, outbox, lineage, lineage_table, lineage_uses;
};

/// Errors: conflict (the digest is not that of `content`).
Result<void> same_content(std::string_view digest, const Sha256& content, const std::string& scope);
/// The identities of one message lead to two exchanges.
Error two_exchanges();

}  // namespace concord::store::postgresql
