#pragma once
/// Migrations: numbered files carried in the program, applied in order, each in one transaction.

#include <string>
#include <vector>

#include "gateway/audit/record.h"
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

/// The version of a store that could be brought up to date; 0: there is none.
/// Errors: conflict (newer or other).
Result<std::int64_t> version_of(Connection& db, const std::string& schema);

/// Names of the migrations migrate() would apply to a store of that version, in order.
std::vector<std::string> pending_migrations(std::int64_t version);

/// Appends one record to the chain, in an open transaction that no writer has.
Result<void> append_alone(Connection& db, const audit::Record& record);

}  // namespace concord::store::postgresql
