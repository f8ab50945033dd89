#include "gateway/store/postgresql/detail/schema.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <thread>
#include <vector>

#include "fhir/core/resource.h"
#include "gateway/audit/record.h"
#include "gateway/store/postgresql/postgresql_store.h"

namespace concord::postgresql {
std::span<const Resource> resources();  // generated from migrations/*.sql
}

namespace concord::store::postgresql {

namespace {

constexpr int kTries = 10;

struct Migration {
  std::int64_t version = 0;
  std::string_view name;  ///< "migrations/0001_exchange.sql"
  std::string_view script;
};

/// The migrations of this program, in order.
std::vector<Migration> migrations() {
  std::vector<Migration> all;
  for (const Resource& file : concord::postgresql::resources()) {
    Migration migration{0, file.name, file.bytes};
    const std::size_t at = file.name.rfind('/') + 1;
    std::from_chars(file.name.data() + at, file.name.data() + file.name.size(), migration.version);
    all.push_back(migration);
  }
  std::sort(all.begin(), all.end(),
            [](const Migration& a, const Migration& b) { return a.version < b.version; });
  return all;
}

Error other_schema(std::int64_t found, std::int64_t known) {
  if (found > known) {
    return make_error(ErrorCode::conflict,
                      "the store has schema version " + std::to_string(found) +
                          ", this program knows versions up to " + std::to_string(known) +
                          ": start the newer program, or restore a backup from before its start");
  }
  return make_error(ErrorCode::conflict, "the store has schema version " + std::to_string(found) +
                                             ", this program needs version " +
                                             std::to_string(known) +
                                             ": start the gateway once to bring it up to date");
}

Result<bool> has_store(Connection& db, const std::string& schema) {
  CONCORD_ASSIGN(const Rows rows,
                 db.query("SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = $1 "
                          "AND tablename = 'migration'",
                          schema));
  return !rows.empty();
}

/// Compares what was applied with what this program carries; gives the version of the store.
Result<std::int64_t> compare(Connection& db, const std::vector<Migration>& known) {
  CONCORD_ASSIGN(const Rows rows,
                 db.query("SELECT version, checksum FROM migration ORDER BY version"));
  const std::int64_t version = rows.empty() ? 0 : rows.integer(rows.size() - 1, 0);
  if (version > schema_version()) return other_schema(version, schema_version());
  for (int row = 0; row < rows.size(); ++row) {
    const auto at = static_cast<std::size_t>(row);
    if (at >= known.size() || rows.integer(row, 0) != known[at].version ||
        rows.view(row, 1) != Blob(sha256(known[at].script)).bytes) {
      return make_error(ErrorCode::conflict,
                        "migration " + std::to_string(rows.integer(row, 0)) +
                            " of the store is not the one this program carries: the store was "
                            "made by a different build");
    }
  }
  return version;
}

/// The schema and its list of migrations. Two programs may make them at the same time; the loser of
/// that race finds them made.
Result<void> lay_ground(Connection& db, const std::string& schema) {
  Error last;
  for (int tries = 0; tries < kTries; ++tries) {
    CONCORD_ASSIGN(const bool there, has_store(db, schema));
    if (there) return {};
    std::string name;
    for (const char c : schema) name += c == '"' ? std::string("\"\"") : std::string(1, c);
    auto made =
        db.script("CREATE SCHEMA IF NOT EXISTS \"" + name +
                  "\"; "
                  "CREATE TABLE IF NOT EXISTS migration (version bigint PRIMARY KEY, "
                  "name text NOT NULL, checksum bytea NOT NULL, applied_at bigint NOT NULL)");
    if (made) return {};
    if (db.lost() || db.last_state() == "42501") return made;  // 42501: no right to
    last = made.error();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return last;
}

/// One migration inside the open transaction.
Result<void> apply(Connection& db, const Migration& migration, Instant now) {
  CONCORD_TRY(db.script(std::string(migration.script)));
  const Sha256 checksum = sha256(migration.script);
  CONCORD_TRY(
      db.query("INSERT INTO migration (version, name, checksum, applied_at) "
               "VALUES ($1, $2, $3, $4)",
               migration.version, migration.name, Blob(checksum), now));
  CONCORD_ASSIGN(const Rows head, db.query("SELECT seq, hash FROM audit_head FOR UPDATE"));
  if (head.empty()) return make_error(ErrorCode::internal, "the store is damaged: no audit head");
  CONCORD_ASSIGN(const Sha256 before, head.digest(0, 1));
  const audit::Link link = audit::make_link(
      audit::Record{audit::Event::store_migrated, now, "", "", "", to_hex(checksum),
                    "version " + std::to_string(migration.version)},
      head.integer(0, 0) + 1, before);
  CONCORD_TRY(db.query("INSERT INTO audit (seq, body, hash) VALUES ($1, $2, $3)", link.sequence,
                       link.body, Blob(link.hash)));
  CONCORD_TRY(db.query("UPDATE audit_head SET seq = $1, hash = $2 WHERE one = 1", link.sequence,
                       Blob(link.hash)));
  return {};
}

/// The next missing migration. True when there may be more.
Result<bool> step(Connection& db, const std::vector<Migration>& known, Instant now) {
  CONCORD_TRY(
      db.script("BEGIN; SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = 0; "
                "LOCK TABLE migration IN EXCLUSIVE MODE"));
  CONCORD_ASSIGN(const std::int64_t version, compare(db, known));
  if (version == schema_version()) {
    CONCORD_TRY(db.script("COMMIT"));
    return false;
  }
  for (const Migration& migration : known) {
    if (migration.version <= version) continue;
    CONCORD_TRY(apply(db, migration, now));
    break;
  }
  CONCORD_TRY(db.script("COMMIT"));
  return true;
}

}  // namespace

int schema_version() {
  const std::vector<Migration> all = migrations();
  return all.empty() ? 0 : static_cast<int>(all.back().version);
}

Result<void> migrate(Connection& db, const std::string& schema, Instant now) {
  const std::vector<Migration> known = migrations();
  CONCORD_TRY(lay_ground(db, schema));
  {
    // The usual start: nothing to do, no lock.
    CONCORD_ASSIGN(const std::int64_t version, compare(db, known));
    if (version == schema_version()) return {};
  }
  for (int tries = 0;;) {
    auto more = step(db, known, now);
    if (more && !*more) return {};
    if (more) continue;
    db.roll_back();
    // Another program migrates, or a table is in use: it is waited for, not forever.
    if (db.lost() || more.error().code != ErrorCode::transient || ++tries == kTries) {
      return std::move(more).error();
    }
  }
}

Result<void> check_schema(Connection& db, const std::string& schema) {
  CONCORD_ASSIGN(const bool there, has_store(db, schema));
  if (!there) return make_error(ErrorCode::not_found, "there is no store in this database");
  CONCORD_ASSIGN(const std::int64_t version, compare(db, migrations()));
  if (version != schema_version()) return other_schema(version, schema_version());
  return {};
}

}  // namespace concord::store::postgresql
