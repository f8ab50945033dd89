#include "gateway/store/sqlite/detail/connection.h"

#include <cstring>

#include "gateway/store/sqlite/detail/found.h"

namespace concord::store::sqlite {

namespace {

constexpr std::size_t kMadeStatements = 200;

struct Meaning {
  ErrorCode code;
  std::string_view text;
};

Meaning meaning_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return {ErrorCode::transient, "the store is busy"};
    case SQLITE_FULL:
      return {ErrorCode::transient, "the store has no space left"};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {ErrorCode::transient, "the store cannot read or write its files"};
    case SQLITE_INTERRUPT:
      return {ErrorCode::too_costly, "the search takes too long: ask for less"};
    case SQLITE_NOMEM:
      return {ErrorCode::transient, "the store has no memory left"};
    case SQLITE_CORRUPT:
      return {ErrorCode::internal, "the store is damaged"};
    case SQLITE_NOTADB:
      return {ErrorCode::internal, "the file is not a store"};
    default:
      return {ErrorCode::internal, "the store failed"};
  }
}

}  // namespace

Error sqlite_error(int code, sqlite3* database) {
  const Meaning meaning = meaning_of(code);
  Error error = make_error(meaning.code, std::string(meaning.text));
  // SQLite's own words name statements, tables and constraints, never bound values.
  error.log_detail = "sqlite " + std::to_string(code) + ": " +
                     (database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code));
  return error;
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> Query::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return sqlite_error(code, database_);
}

std::string_view Query::view(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr || size <= 0) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

Result<Sha256> Query::digest(int column) const {
  Sha256 digest{};
  const std::string_view bytes = view(column);
  if (bytes.size() != digest.size()) {
    return make_error(ErrorCode::internal, "the store is damaged: a digest has the wrong size");
  }
  std::memcpy(digest.data(), bytes.data(), digest.size());
  return digest;
}

Result<std::unique_ptr<Connection>> Connection::open(const Settings& settings) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (settings.create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(settings.path.c_str(), &database, flags, settings.layer);
  if (code != SQLITE_OK) {
    Error error = sqlite_error(code, database);
    sqlite3_close_v2(database);
    return error;
  }
  std::unique_ptr<Connection> connection(new Connection(database));
  sqlite3_busy_timeout(database, settings.busy_timeout_ms);
  sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
  CONCORD_TRY(
      connection->execute("PRAGMA trusted_schema = OFF;"
                          "PRAGMA temp_store = MEMORY;"
                          "PRAGMA synchronous = FULL;"
                          "PRAGMA cache_size = -" +
                          std::to_string(settings.cache_kib)));
  CONCORD_TRY(add_found_tables(database));
  if (settings.query_only) CONCORD_TRY(connection->execute("PRAGMA query_only = ON"));
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  for (const auto& [sql, statement] : made_) sqlite3_finalize(statement);
  sqlite3_close_v2(database_);
}

Result<void> Connection::execute(const std::string& script) {
  const int code = sqlite3_exec(database_, script.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return sqlite_error(code, database_);
  return {};
}

Result<sqlite3_stmt*> Connection::prepared(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    const int code =
        sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return sqlite_error(code, database_);
  }
  return statement;
}

Result<Query> Connection::query(const sql::Statement& made) {
  sqlite3_stmt* statement = nullptr;
  if (const auto known = made_by_text_.find(made.text); known != made_by_text_.end()) {
    made_.splice(made_.begin(), made_, known->second);
    statement = made_.front().second;
  } else {
    const int code =
        sqlite3_prepare_v3(database_, made.text.data(), static_cast<int>(made.text.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return sqlite_error(code, database_);
    made_.emplace_front(made.text, statement);
    made_by_text_.emplace(made_.front().first, made_.begin());
    if (made_.size() > kMadeStatements) {
      // The oldest one is in use only if as many others are at once: they are not.
      sqlite3_finalize(made_.back().second);
      made_by_text_.erase(made_.back().first);
      made_.pop_back();
    }
  }
  Query use(database_, statement);
  int index = 0;
  for (const sql::Value& value : made.values) {
    const int code =
        std::visit([&](const auto& held) { return bind(statement, index + 1, held); }, value);
    if (code != SQLITE_OK) return sqlite_error(code, database_);
    ++index;
  }
  return use;
}

ReadTransaction::~ReadTransaction() {
  if (connection_ == nullptr || !connection_->in_transaction()) return;
  if (auto ended = connection_->run("COMMIT"); !ended) return;  // the next BEGIN reports it
}

int Connection::bind(sqlite3_stmt* statement, int index, std::string_view value) {
  // A null pointer would bind NULL, so an empty text needs an address.
  return sqlite3_bind_text64(statement, index, value.empty() ? "" : value.data(), value.size(),
                             SQLITE_STATIC, SQLITE_UTF8);
}

int Connection::bind(sqlite3_stmt* statement, int index, Blob value) {
  return sqlite3_bind_blob64(statement, index, value.bytes.empty() ? "" : value.bytes.data(),
                             value.bytes.size(), SQLITE_STATIC);
}

}  // namespace concord::store::sqlite
