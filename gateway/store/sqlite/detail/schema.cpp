#include "gateway/store/sqlite/detail/schema.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

#include "fhir/core/resource.h"
#include "fhir/search/index.h"
#include "gateway/store/sqlite/detail/writer.h"

namespace concord::sqlite {
std::span<const Resource> resources();  // generated from migrations/*.sql
}

namespace concord::store::sqlite {

namespace {

constexpr std::int64_t kApplicationId = 0x434E4344;  // "CNCD"

std::string_view text_of(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

struct Migration {
  std::int64_t version = 0;
  std::string_view name;  ///< "migrations/0001_exchange.sql"
  std::string_view script;
};

/// The migrations of this program, in order.
std::vector<Migration> migrations() {
  std::vector<Migration> all;
  for (const Resource& file : concord::sqlite::resources()) {
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

Result<void> check_applied(Connection& db, const std::vector<Migration>& known,
                           std::int64_t version) {
  for (const Migration& migration : known) {
    if (migration.version > version) break;
    CONCORD_ASSIGN(Query row,
                   db.query("SELECT checksum FROM migration WHERE version = ?", migration.version));
    CONCORD_ASSIGN(const bool found, row.next());
    if (!found || row.view(0) != Blob(sha256(migration.script)).bytes) {
      return make_error(ErrorCode::conflict,
                        "migration " + std::to_string(migration.version) +
                            " of the store is not the one this program carries: the store was "
                            "made by a different build");
    }
  }
  return {};
}

/// The search hashes, for migrations that make rows of resources.
void resource_hash_function(sqlite3_context* context, int, sqlite3_value** values) {
  sqlite3_result_int64(context, search::resource_hash(text_of(values[0]), text_of(values[1])));
}
void type_number_function(sqlite3_context* context, int, sqlite3_value** values) {
  sqlite3_result_int64(context, search::type_number(text_of(values[0])));
}
void instant_text_function(sqlite3_context* context, int, sqlite3_value** values) {
  const std::string text = format_instant(from_millis(sqlite3_value_int64(values[0])));
  sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

Result<void> add_functions(Connection& db) {
  struct Row {
    const char* name;
    int arguments;
    void (*function)(sqlite3_context*, int, sqlite3_value**);
  };
  constexpr Row kRows[] = {{"resource_hash", 2, &resource_hash_function},
                           {"type_number", 1, &type_number_function},
                           {"instant_text", 1, &instant_text_function}};
  for (const Row& row : kRows) {
    const int code =
        sqlite3_create_function_v2(db.handle(), row.name, row.arguments,
                                   SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, nullptr,
                                   row.function, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return sqlite_error(code, db.handle());
  }
  return {};
}

Result<void> apply(Connection& db, const Migration& migration, Instant now) {
  CONCORD_TRY(db.execute("BEGIN IMMEDIATE"));
  const auto steps = [&]() -> Result<void> {
    if (migration.version == 1) {
      CONCORD_TRY(
          db.execute("CREATE TABLE migration ("
                     "version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                     "checksum BLOB NOT NULL, applied_at INTEGER NOT NULL) STRICT;"
                     "PRAGMA application_id = " +
                     std::to_string(kApplicationId)));
    }
    CONCORD_TRY(db.execute(std::string(migration.script)));
    const Sha256 checksum = sha256(migration.script);
    CONCORD_TRY(
        db.run("INSERT INTO migration (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
               migration.version, migration.name, Blob(checksum), now));
    CONCORD_TRY(db.execute("PRAGMA user_version = " + std::to_string(migration.version)));

    CONCORD_TRY(append_alone(
        db, audit::Record{audit::Event::store_migrated, now, "", "", "", to_hex(checksum),
                          "version " + std::to_string(migration.version)}));
    return db.execute("COMMIT");
  };
  auto done = steps();
  if (!done && db.in_transaction()) {
    if (auto undone = db.execute("ROLLBACK"); !undone) return undone;
  }
  return done;
}

}  // namespace

Result<std::int64_t> version_of(Connection& db) {
  CONCORD_ASSIGN(const auto application, db.number("PRAGMA application_id"));
  CONCORD_ASSIGN(const auto version, db.number("PRAGMA user_version"));
  CONCORD_ASSIGN(const auto tables, db.number("SELECT count(*) FROM sqlite_schema"));
  if (application.value_or(0) == kApplicationId) return version.value_or(0);
  if (application.value_or(0) == 0 && tables.value_or(0) == 0) return std::int64_t{0};
  return make_error(ErrorCode::internal, "the file is not a store: it belongs to another program");
}

Result<void> append_alone(Connection& db, const audit::Record& record) {
  audit::Head head;
  {
    CONCORD_ASSIGN(Query row, db.query("SELECT seq, hash FROM audit_head WHERE one = 1"));
    CONCORD_TRY(row.next());
    head.sequence = row.integer(0);
    CONCORD_ASSIGN(head.hash, row.digest(1));
  }
  const StepHook none;
  std::int64_t number = 0;
  Transaction transaction(db, head, number, none);
  CONCORD_TRY(transaction.append({record}));
  return db.run("UPDATE audit_head SET seq = ?, hash = ? WHERE one = 1", head.sequence,
                Blob(head.hash));
}

Result<std::vector<std::string>> pending_migrations(Connection& db) {
  const std::vector<Migration> known = migrations();
  CONCORD_ASSIGN(const std::int64_t version, version_of(db));
  if (version > schema_version()) return other_schema(version, schema_version());
  if (version > 0) CONCORD_TRY(check_applied(db, known, version));
  std::vector<std::string> names;
  for (const Migration& migration : known) {
    if (migration.version <= version) continue;
    names.emplace_back(migration.name.substr(migration.name.rfind('/') + 1));
  }
  return names;
}

int schema_version() {
  const std::vector<Migration> all = migrations();
  return all.empty() ? 0 : static_cast<int>(all.back().version);
}

Result<void> migrate(Connection& db, Instant now) {
  const std::vector<Migration> known = migrations();
  CONCORD_ASSIGN(const std::int64_t version, version_of(db));
  if (version > schema_version()) return other_schema(version, schema_version());
  if (version > 0) CONCORD_TRY(check_applied(db, known, version));
  CONCORD_TRY(add_functions(db));
  for (const Migration& migration : known) {
    if (migration.version > version) CONCORD_TRY(apply(db, migration, now));
  }
  return {};
}

Result<void> check_schema(Connection& db) {
  CONCORD_ASSIGN(const std::int64_t version, version_of(db));
  if (version == 0) return make_error(ErrorCode::internal, "the file is not a store: it is empty");
  if (version != schema_version()) return other_schema(version, schema_version());
  return check_applied(db, migrations(), version);
}

}  // namespace concord::store::sqlite
