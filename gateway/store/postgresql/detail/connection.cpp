#include "gateway/store/postgresql/detail/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

namespace concord::store::postgresql {

namespace {

/// The server ends a statement at its timeout; a server that does not even do that is given up
/// this much later.
constexpr std::chrono::milliseconds kGrace{3000};
/// Statements prepared on one connection before all are forgotten.
constexpr std::size_t kMostPrepared = 512;

struct Meaning {
  ErrorCode code;
  std::string_view text;
};

Meaning meaning_of(std::string_view state) {
  if (state == state::kUniqueViolation || state == state::kSerialization ||
      state == state::kDeadlock || state == "55P03") {
    return {ErrorCode::transient, "the store is busy"};
  }
  if (state == state::kCanceled) return {ErrorCode::transient, "the store took too long"};
  if (state == "53100") return {ErrorCode::transient, "the store has no space left"};
  if (state == "53200") return {ErrorCode::transient, "the store has no memory left"};
  if (state == "22021" || state == "22P05") {
    return {ErrorCode::invalid, "a text holds bytes that are not UTF-8"};
  }
  const std::string_view group = state.substr(0, 2);
  if (group == "08" || group == "57" || group == "53" || state == "25006") {
    return {ErrorCode::transient, "the store cannot be reached"};
  }
  if (group == "28") return {ErrorCode::transient, "the store does not let this gateway in"};
  if (group == "58") return {ErrorCode::transient, "the store cannot read or write its files"};
  if (group == "XX") return {ErrorCode::internal, "the store is damaged"};
  return {ErrorCode::internal, "the store failed"};
}

struct Options {
  explicit Options(PQconninfoOption* parsed) : list(parsed) {}
  ~Options() { PQconninfoFree(list); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  PQconninfoOption* list;
};

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

Result<void> check_connection_string(const std::string& text) {
  char* message = nullptr;
  const Options options(PQconninfoParse(text.c_str(), &message));
  if (message != nullptr) PQfreemem(message);  // may quote the string: not shown
  if (options.list == nullptr) {
    return make_error(ErrorCode::invalid,
                      "store.connection is not a connection string of PostgreSQL");
  }
  for (const PQconninfoOption* option = options.list; option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if ((keyword == "password" || keyword == "sslpassword") && option->val != nullptr) {
      return make_error(ErrorCode::invalid,
                        "store.connection carries a password: put it into a password file "
                        "(passfile=) or a service file (service=)");
    }
  }
  return {};
}

Result<std::unique_ptr<Connection>> Connection::open(const Settings& settings) {
  CONCORD_TRY(check_connection_string(settings.connection));
  // What stands before dbname is a default: the connection string may say otherwise.
  // Source of the times: reliability.md F11.
  constexpr std::array<const char*, 10> kKeywords{"connect_timeout",
                                                  "keepalives_idle",
                                                  "keepalives_interval",
                                                  "keepalives_count",
                                                  "tcp_user_timeout",
                                                  "fallback_application_name",
                                                  "client_encoding",
                                                  "target_session_attrs",
                                                  "dbname",
                                                  nullptr};
  const std::array<const char*, 10> values{
      "5",    "5", "5", "3", "15000", "concord", "UTF8", "read-write", settings.connection.c_str(),
      nullptr};
  PGconn* const raw = PQconnectdbParams(kKeywords.data(), values.data(), 1);
  if (raw == nullptr) return make_error(ErrorCode::transient, "the store has no memory left");
  std::unique_ptr<Connection> connection(new Connection(raw, settings.statement_timeout));
  if (PQstatus(raw) != CONNECTION_OK) {
    Error error = make_error(ErrorCode::transient, "the store cannot be reached");
    error.log_detail = std::string("libpq: ") + PQerrorMessage(raw);
    return error;
  }
  CONCORD_TRY(connection->set_up(settings));
  return connection;
}

void Connection::learn_server_life() {
  // Statistics begin anew after each crash, also after one that the postmaster survived.
  const auto rows = query(
      "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE "
      "left(pg_walfile_name(pg_current_wal_lsn()), 8) || ' ' || "
      "extract(epoch FROM pg_postmaster_start_time()) || ' ' || "
      "extract(epoch FROM (SELECT stats_reset FROM pg_stat_wal)) END");
  if (rows && !rows->empty()) server_life_ = rows->text(0, 0);
}

Result<void> Connection::set_up(const Settings& settings) {
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  const auto millis = [](std::chrono::milliseconds time) { return std::to_string(time.count()); };
  CONCORD_TRY(script("SET statement_timeout = " + millis(settings.statement_timeout) +
                     "; SET lock_timeout = " + millis(settings.lock_timeout) +
                     "; SET idle_in_transaction_session_timeout = 10000"
                     "; SET synchronous_commit = on"
                     "; SET jit = off"
                     // Plans go the way the statements are written; searches choose it themselves.
                     "; SET join_collapse_limit = 1; SET from_collapse_limit = 1"
                     "; SET enable_hashjoin = off; SET enable_mergejoin = off"
                     "; SET random_page_cost = 1.1"
                     "; SET standard_conforming_strings = on"
                     "; SET search_path = " +
                     quoted(settings.schema)));
  if (!settings.scans) {
    // Every statement has its index, so plans need not follow the statistics, which are late when a
    // store grows, and nothing is planned twice.
    CONCORD_TRY(
        script("SET enable_seqscan = off; SET enable_bitmapscan = off"
               "; SET max_parallel_workers_per_gather = 0"
               "; SET plan_cache_mode = force_generic_plan"));
  }
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) return lose();
  if (settings.writes) learn_server_life();
  return {};
}

Connection::~Connection() { PQfinish(connection_); }

Error Connection::lose() {
  lost_ = true;
  Error error = make_error(ErrorCode::transient, "the store cannot be reached");
  error.log_detail = std::string("libpq: ") + PQerrorMessage(connection_);
  return error;
}

Error Connection::failed(const PGresult* result) {
  const auto field = [result](int code) -> std::string_view {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string_view() : std::string_view(text);
  };
  last_state_ = field(PG_DIAG_SQLSTATE);
  if (PQstatus(connection_) != CONNECTION_OK) lost_ = true;
  if (last_state_.empty()) return lose();
  const Meaning meaning = meaning_of(last_state_);
  Error error = make_error(meaning.code, std::string(meaning.text));
  // The server's own words may quote values; its names do not.
  error.log_detail = "postgresql " + last_state_;
  for (const int name : {PG_DIAG_TABLE_NAME, PG_DIAG_COLUMN_NAME, PG_DIAG_CONSTRAINT_NAME,
                         PG_DIAG_SOURCE_FUNCTION}) {
    if (!field(name).empty()) error.log_detail += " " + std::string(field(name));
  }
  return error;
}

Result<void> Connection::send_one(const Batch::Statement& statement,
                                  std::vector<std::string>& fresh) {
  std::string& name = prepared_[statement.sql];
  if (name.empty()) {
    name = "s" + std::to_string(++names_);
    const std::vector<Oid> types = statement.values.types();
    if (PQsendPrepare(connection_, name.c_str(), statement.sql.c_str(),
                      static_cast<int>(types.size()), types.data()) != 1) {
      return lose();
    }
    fresh.push_back(statement.sql);
    pending_.push_back(false);
  }
  statement.values.bind(bound_, lengths_, formats_);
  if (PQsendQueryPrepared(connection_, name.c_str(), static_cast<int>(bound_.size()), bound_.data(),
                          lengths_.data(), formats_.data(), 1) != 1) {
    return lose();
  }
  pending_.push_back(true);
  return {};
}

Result<void> Connection::send(const Batch& batch, std::vector<std::string>& fresh) {
  pending_.clear();
  if (prepared_.size() + batch.size() > kMostPrepared) {
    prepared_.clear();
    CONCORD_TRY(send_one({"DEALLOCATE ALL", {}}, fresh));
    prepared_.clear();  // it forgets itself as well
    fresh.clear();
    pending_.assign(pending_.size(), false);
  }
  if (!first_.empty()) {
    CONCORD_TRY(send_one({std::string(first_), {}}, fresh));
    pending_.back() = false;
    first_ = {};
  }
  for (const Batch::Statement& statement : batch.statements_) {
    CONCORD_TRY(send_one(statement, fresh));
  }
  if (PQpipelineSync(connection_) != 1) return lose();
  return {};
}

Result<void> Connection::wait(Deadline until) {
  for (;;) {
    const int flushed = PQflush(connection_);
    if (flushed < 0) return lose();
    if (flushed == 0 && PQisBusy(connection_) == 0) return {};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd socket{PQsocket(connection_),
                  static_cast<short>(flushed == 1 ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = ::poll(&socket, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready == 0 && left.count() <= 0) {
      lost_ = true;
      silent_ = true;
      return make_error(ErrorCode::transient, "the store does not answer");
    }
    if (ready < 0 && errno != EINTR) return lose();
    if (ready > 0 && (socket.revents & (POLLIN | POLLERR | POLLHUP)) != 0 &&
        PQconsumeInput(connection_) != 1) {
      return lose();
    }
  }
}

Result<PGresult*> Connection::next(Deadline until) {
  CONCORD_TRY(wait(until));
  return PQgetResult(connection_);
}

Result<std::vector<Rows>> Connection::run(const Batch& batch,
                                          std::chrono::milliseconds statement_timeout) {
  last_state_.clear();
  if (lost_) return make_error(ErrorCode::transient, "the store cannot be reached");
  std::vector<std::string> fresh;
  CONCORD_TRY(send(batch, fresh));

  std::vector<Rows> all;
  all.reserve(batch.size());
  std::optional<Error> error;
  for (const bool wanted : pending_) {
    const Deadline until = std::chrono::steady_clock::now() + statement_timeout + kGrace;
    for (;;) {
      CONCORD_ASSIGN(PGresult* const result, next(until));
      if (result == nullptr) break;  // the end of this statement
      Rows rows(result);
      const ExecStatusType status = PQresultStatus(result);
      if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        if (wanted) all.push_back(std::move(rows));
      } else if (!error) {
        error = failed(result);  // PGRES_PIPELINE_ABORTED comes only behind an error
        if (lost_) return *std::move(error);
      }
    }
  }
  CONCORD_ASSIGN(PGresult* const end,
                 next(std::chrono::steady_clock::now() + statement_timeout + kGrace));
  const Rows sync(end);
  if (end == nullptr || PQresultStatus(end) != PGRES_PIPELINE_SYNC) return lose();
  if (error) {
    for (const std::string& sql : fresh) prepared_.erase(sql);  // prepared again when needed
    return *std::move(error);
  }
  return all;
}

Result<void> Connection::script(const std::string& sql) {
  last_state_.clear();
  const bool piped = PQpipelineStatus(connection_) != PQ_PIPELINE_OFF;
  if (piped && (PQexitPipelineMode(connection_) != 1 || PQsetnonblocking(connection_, 0) != 0)) {
    return lose();
  }
  const Rows done(PQexec(connection_, sql.c_str()));
  if (piped && (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1)) {
    return lose();
  }
  PGresult* const result = done.raw();
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failed(result);
  return {};
}

bool Connection::in_transaction() const { return PQtransactionStatus(connection_) != PQTRANS_IDLE; }

void Connection::roll_back() {
  first_ = {};
  if (lost_ || !in_transaction()) return;
  Batch batch;
  batch.add("ROLLBACK");
  if (auto undone = run(batch); !undone) lost_ = true;
}

}  // namespace concord::store::postgresql
