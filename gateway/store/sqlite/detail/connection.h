#pragma once
/// One connection to a SQLite file with its prepared statements. One thread at a time.

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fhir/core/digest.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "gateway/store/sql/statement.h"

namespace concord::store::sqlite {

/// What a SQLite result code means to callers. `database` may be null.
Error sqlite_error(int code, sqlite3* database);

inline std::int64_t to_millis(Instant at) { return at.time_since_epoch().count(); }
inline Instant from_millis(std::int64_t millis) {
  return Instant{std::chrono::milliseconds{millis}};
}

/// Bytes to be bound as a BLOB; std::string_view is bound as TEXT.
struct Blob {
  std::string_view bytes;
  explicit Blob(std::string_view b) : bytes(b) {}
  explicit Blob(const Sha256& digest)
      : bytes(reinterpret_cast<const char*>(digest.data()), digest.size()) {}
};

/// A prepared statement in use; gives it back, reset, when it goes.
class Query {
 public:
  Query(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Query(Query&& other) noexcept
      : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}
  Query& operator=(Query&&) = delete;
  ~Query();

  /// True when there is a row.
  Result<bool> next();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  double real(int column) const { return sqlite3_column_double(statement_, column); }
  Instant instant(int column) const { return from_millis(integer(column)); }
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  /// Valid until the next row.
  std::string_view view(int column) const;
  std::string text(int column) const { return std::string(view(column)); }
  /// Errors: internal (the column does not hold 32 bytes).
  Result<Sha256> digest(int column) const;

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_;
};

class Connection {
 public:
  struct Settings {
    std::filesystem::path path;
    bool create = false;
    bool query_only = false;
    int busy_timeout_ms = 5000;
    std::int64_t cache_kib = 8192;
    const char* layer = nullptr;  ///< name of a VFS; null: the system's
  };

  static Result<std::unique_ptr<Connection>> open(const Settings& settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* handle() const { return database_; }

  /// Runs a script of statements without values.
  Result<void> execute(const std::string& script);

  /// A statement with its values bound in order. `sql` must be a literal: its address is the key.
  /// Bound texts must live until the Query goes.
  template <typename... Values>
  Result<Query> query(const char* sql, const Values&... values) {
    CONCORD_ASSIGN(sqlite3_stmt* const statement, prepared(sql));
    Query use(database_, statement);
    int index = 0;
    int code = SQLITE_OK;
    ((code == SQLITE_OK ? code = bind(statement, ++index, values) : code), ...);
    if (code != SQLITE_OK) return sqlite_error(code, database_);
    return use;
  }

  /// A statement made at run time; the latest ones are kept. Its values must live until the Query
  /// goes.
  Result<Query> query(const sql::Statement& statement);

  /// Runs a statement that gives no rows.
  template <typename... Values>
  Result<void> run(const char* sql, const Values&... values) {
    CONCORD_ASSIGN(Query use, query(sql, values...));
    CONCORD_TRY(use.next());
    return {};
  }

  /// One integer of one row; nothing when there is no row.
  template <typename... Values>
  Result<std::optional<std::int64_t>> number(const char* sql, const Values&... values) {
    CONCORD_ASSIGN(Query use, query(sql, values...));
    CONCORD_ASSIGN(const bool found, use.next());
    if (!found || use.is_null(0)) return std::optional<std::int64_t>{};
    return std::optional<std::int64_t>{use.integer(0)};
  }

  std::int64_t last_id() const { return sqlite3_last_insert_rowid(database_); }
  int changes() const { return sqlite3_changes(database_); }
  std::int64_t total_changes() const { return sqlite3_total_changes64(database_); }
  bool in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

 private:
  explicit Connection(sqlite3* database) : database_(database) {}
  Result<sqlite3_stmt*> prepared(const char* sql);

  static int bind(sqlite3_stmt* statement, int index, std::int64_t value) {
    return sqlite3_bind_int64(statement, index, value);
  }
  static int bind(sqlite3_stmt* statement, int index, int value) {
    return sqlite3_bind_int64(statement, index, value);
  }
  static int bind(sqlite3_stmt* statement, int index, Instant value) {
    return sqlite3_bind_int64(statement, index, to_millis(value));
  }
  static int bind(sqlite3_stmt* statement, int index, std::string_view value);
  static int bind(sqlite3_stmt* statement, int index, const std::string& value) {
    return bind(statement, index, std::string_view(value));
  }
  static int bind(sqlite3_stmt* statement, int index, Blob value);
  static int bind(sqlite3_stmt* statement, int index, std::nullopt_t) {
    return sqlite3_bind_null(statement, index);
  }
  template <typename T>
  static int bind(sqlite3_stmt* statement, int index, const std::optional<T>& value) {
    return value ? bind(statement, index, *value) : bind(statement, index, std::nullopt);
  }

  static int bind(sqlite3_stmt* statement, int index, double value) {
    return sqlite3_bind_double(statement, index, value);
  }

  sqlite3* database_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
  /// Statements made at run time, by text, the latest used first.
  std::list<std::pair<std::string, sqlite3_stmt*>> made_;
  std::unordered_map<std::string_view, decltype(made_)::iterator> made_by_text_;
};

/// Several queries that see the store at one moment. Ends when it goes; queries in it go first.
class ReadTransaction {
 public:
  static Result<ReadTransaction> begin(Connection& connection) {
    CONCORD_TRY(connection.run("BEGIN"));
    return ReadTransaction(connection);
  }
  ReadTransaction(ReadTransaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  ReadTransaction& operator=(ReadTransaction&&) = delete;
  ~ReadTransaction();

 private:
  explicit ReadTransaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace concord::store::sqlite
