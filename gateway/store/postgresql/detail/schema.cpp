#include "gateway/store/postgresql/detail/schema.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "gateway/store/migrations.h"
#include "gateway/store/postgresql/postgresql_store.h"

namespace concord::postgresql {
std::span<const Resource> resources();  // generated from migrations/*.sql
}

namespace concord::store::postgresql {

namespace {

constexpr int kTries = 10;
/// How long a migration goes on asking for tables that other gateways use.
constexpr std::chrono::seconds kPatience{45};
/// Between two of these asks the others go on.
constexpr std::chrono::milliseconds kPause{100};
/// One ask is no longer than this: meanwhile the others wait, and they have deadlines.
constexpr std::chrono::milliseconds kLongestAsk{2000};

/// Those of this program.
const Migrations& migrations() {
  static const Migrations kAll(concord::postgresql::resources());
  return kAll;
}

Result<bool> has_store(Connection& db, const std::string& schema) {
  CONCORD_ASSIGN(const Rows rows,
                 db.query("SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = $1 "
                          "AND tablename = 'migration'",
                          schema));
  return !rows.empty();
}

/// The version of the store, which the program can bring up to date.
Result<std::int64_t> compare(Connection& db) {
  CONCORD_ASSIGN(const Rows rows,
                 db.query("SELECT version, checksum FROM migration ORDER BY version"));
  std::vector<AppliedMigration> kept;
  for (int row = 0; row < rows.size(); ++row) {
    kept.push_back({rows.integer(row, 0), rows.text(row, 1)});
  }
  const std::int64_t version = kept.empty() ? 0 : kept.back().version;
  CONCORD_TRY(migrations().check(version, kept));
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
  CONCORD_TRY(
      db.query("INSERT INTO migration (version, name, checksum, applied_at) "
               "VALUES ($1, $2, $3, $4)",
               migration.version, migration.name, Blob(migration.checksum), now));
  return append_alone(db, migration_record(migration, now));
}

/// The next missing migration. True when there may be more. At first it waits for a table no longer
/// than half of PostgreSQL's deadlock_timeout: where it and a gateway at work wait for each other,
/// it is the migration that gives way. Where transactions take longer than that it would never come
/// to its turn, so each second ask may be twice as long; a gateway that a deadlock ends then begins
/// again.
Result<bool> step(Connection& db, Instant now, int asks) {
  CONCORD_TRY(db.script("BEGIN; SET LOCAL statement_timeout = 0"));
  CONCORD_TRY(
      db.query("SELECT set_config('lock_timeout', least(greatest(setting::bigint / 2, 10) * $1, "
               "$2)::text, true) "
               "FROM pg_settings WHERE name = 'deadlock_timeout'",
               std::int64_t{1} << std::min(asks / 2, 10), std::int64_t{kLongestAsk.count()}));
  CONCORD_TRY(db.script("LOCK TABLE migration IN EXCLUSIVE MODE"));
  CONCORD_ASSIGN(const std::int64_t version, compare(db));
  const auto missing = migrations().after(version);
  if (missing.empty()) {
    CONCORD_TRY(db.script("COMMIT"));
    return false;
  }
  CONCORD_TRY(apply(db, missing.front(), now));
  CONCORD_TRY(db.script("COMMIT"));
  return true;
}

}  // namespace

int schema_version() { return static_cast<int>(migrations().version()); }

Result<std::int64_t> version_of(Connection& db, const std::string& schema) {
  CONCORD_ASSIGN(const bool there, has_store(db, schema));
  return there ? compare(db) : Result<std::int64_t>(std::int64_t{0});
}

std::vector<std::string> pending_migrations(std::int64_t version) {
  std::vector<std::string> names;
  for (const Migration& migration : migrations().after(version)) {
    names.emplace_back(file_name(migration));
  }
  return names;
}

Result<void> append_alone(Connection& db, const audit::Record& record) {
  CONCORD_ASSIGN(const Rows head, db.query("SELECT seq, hash FROM audit_head FOR UPDATE"));
  if (head.empty()) return make_error(ErrorCode::internal, "the store is damaged: no audit head");
  CONCORD_ASSIGN(const Sha256 before, head.digest(0, 1));
  const audit::Link link = audit::make_link(record, head.integer(0, 0) + 1, before);
  CONCORD_TRY(db.query("INSERT INTO audit (seq, body, hash) VALUES ($1, $2, $3)", link.sequence,
                       link.body, Blob(link.hash)));
  CONCORD_TRY(db.query("UPDATE audit_head SET seq = $1, hash = $2 WHERE one = 1", link.sequence,
                       Blob(link.hash)));
  return {};
}

Result<void> migrate(Connection& db, const std::string& schema, Instant now) {
  CONCORD_TRY(lay_ground(db, schema));
  {
    // The usual start: nothing to do, no lock.
    CONCORD_ASSIGN(const std::int64_t version, compare(db));
    if (version == migrations().version()) return {};
  }
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (int asks = 0;; ++asks) {
    auto more = step(db, now, asks);
    if (more && !*more) return {};
    if (more) continue;
    db.roll_back();
    // Another program migrates, or a table is in use: it is waited for, not forever.
    if (db.lost() || more.error().code != ErrorCode::transient ||
        std::chrono::steady_clock::now() > until) {
      return std::move(more).error();
    }
    std::this_thread::sleep_for(kPause);
  }
}

Result<void> check_schema(Connection& db, const std::string& schema) {
  CONCORD_ASSIGN(const bool there, has_store(db, schema));
  if (!there) return make_error(ErrorCode::not_found, "there is no store in this database");
  CONCORD_ASSIGN(const std::int64_t version, compare(db));
  return migrations().must_be_current(version);
}

}  // namespace concord::store::postgresql
