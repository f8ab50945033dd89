#pragma once
/// Migrations: numbered files carried in the program, applied in order, each in one transaction.

#include "gateway/store/postgresql/detail/connection.h"

namespace concord::store::postgresql {

/// Brings the schema up to date and records each migration in the audit chain; makes it when it is
/// absent. Several programs may do so at once. A migration waits two seconds for a table in use and
/// is then tried again by the caller's next start.
/// Errors: conflict (a newer schema, or a migration other than the one applied), transient.
Result<void> migrate(Connection& db, const std::string& schema, Instant now);

/// Whether the schema is the program's own, without changing anything.
/// Errors: not_found (no store), conflict (older, newer or other).
Result<void> check_schema(Connection& db, const std::string& schema);

}  // namespace concord::store::postgresql
