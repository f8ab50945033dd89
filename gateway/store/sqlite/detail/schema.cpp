#include "gateway/store/sqlite/detail/schema.h"

#include "fhir/search/index.h"
#include "gateway/store/migrations.h"
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

/// Those of this program.
const Migrations& migrations() {
  static const Migrations kAll(concord::sqlite::resources());
  return kAll;
}

/// What the store of a version that is not 0 had.
Result<std::vector<AppliedMigration>> applied(Connection& db) {
  std::vector<AppliedMigration> all;
  CONCORD_ASSIGN(Query row, db.query("SELECT version, checksum FROM migration ORDER BY version"));
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return all;
    all.push_back({row.integer(0), row.text(1)});
  }
}

/// The version of the store, which the program can bring up to date.
Result<std::int64_t> compare(Connection& db) {
  CONCORD_ASSIGN(const std::int64_t version, version_of(db));
  std::vector<AppliedMigration> kept;
  // The words about a newer schema come first: such a store may have no such table.
  if (version > 0 && version <= migrations().version()) {
    CONCORD_ASSIGN(kept, applied(db));
  }
  CONCORD_TRY(migrations().check(version, kept));
  return version;
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
    CONCORD_TRY(
        db.run("INSERT INTO migration (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
               migration.version, migration.name, Blob(migration.checksum), now));
    CONCORD_TRY(db.execute("PRAGMA user_version = " + std::to_string(migration.version)));
    CONCORD_TRY(append_alone(db, migration_record(migration, now)));
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
  CONCORD_ASSIGN(const std::int64_t version, compare(db));
  std::vector<std::string> names;
  for (const Migration& migration : migrations().after(version)) {
    names.emplace_back(file_name(migration));
  }
  return names;
}

int schema_version() { return static_cast<int>(migrations().version()); }

Result<void> migrate(Connection& db, Instant now) {
  CONCORD_ASSIGN(const std::int64_t version, compare(db));
  CONCORD_TRY(add_functions(db));
  for (const Migration& migration : migrations().after(version)) {
    CONCORD_TRY(apply(db, migration, now));
  }
  return {};
}

Result<void> check_schema(Connection& db) {
  CONCORD_ASSIGN(const std::int64_t version, version_of(db));
  if (version == 0) return make_error(ErrorCode::internal, "the file is not a store: it is empty");
  CONCORD_TRY(migrations().must_be_current(version));
  CONCORD_TRY(compare(db));
  return {};
}

}  // namespace concord::store::sqlite
