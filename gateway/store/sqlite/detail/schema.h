#pragma once
/// Migrations: numbered files carried in the program, applied in order, each in one transaction.

#include <string>
#include <vector>

#include "gateway/audit/record.h"
#include "gateway/store/sqlite/detail/connection.h"

namespace concord::store::sqlite {

/// Brings the schema up to date and records each migration in the audit chain. An empty file gets
/// everything.
/// Errors: conflict (a newer schema, or a migration other than the one applied), store errors.
Result<void> migrate(Connection& db, Instant now);

/// Whether the schema is the program's own, without changing anything.
/// Errors: conflict (older, newer or other), internal (not a store).
Result<void> check_schema(Connection& db);

/// The version of a store, 0 of an empty file. Errors: internal (another program's file).
Result<std::int64_t> version_of(Connection& db);

/// Names of the migrations migrate() would apply, in order. Errors: as migrate().
Result<std::vector<std::string>> pending_migrations(Connection& db);

/// Appends one record to the chain, in an open transaction of a connection no writer has.
Result<void> append_alone(Connection& db, const audit::Record& record);

}  // namespace concord::store::sqlite
