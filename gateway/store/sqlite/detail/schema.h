#pragma once
/// Migrations: numbered files carried in the program, applied in order, each in one transaction.

#include "gateway/store/sqlite/detail/connection.h"

namespace concord::store::sqlite {

/// Brings the schema up to date and records each migration in the audit chain. An empty file gets
/// everything.
/// Errors: conflict (a newer schema, or a migration other than the one applied), store errors.
Result<void> migrate(Connection& db, Instant now);

/// Whether the schema is the program's own, without changing anything.
/// Errors: conflict (older, newer or other), internal (not a store).
Result<void> check_schema(Connection& db);

}  // namespace concord::store::sqlite
