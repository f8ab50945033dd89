#pragma once
/// One connection to a PostgreSQL server, always in pipeline mode. One thread at a time.
/// Source: PostgreSQL 15, chapter 34.5.

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/store/postgresql/detail/values.h"

namespace concord::store::postgresql {

/// SQLSTATEs this room decides by. Source: PostgreSQL 15, appendix A.
namespace state {
inline constexpr std::string_view kUniqueViolation = "23505";
inline constexpr std::string_view kSerialization = "40001";
inline constexpr std::string_view kDeadlock = "40P01";
inline constexpr std::string_view kCanceled = "57014";  ///< statement_timeout, or a person
}  // namespace state

/// Statements that go to the server together.
class Batch {
 public:
  template <typename... Each>
  std::size_t add(std::string_view sql, const Each&... values) {
    return add_values(sql, Values::of(values...));
  }
  std::size_t add_values(std::string_view sql, Values values) {
    statements_.push_back({std::string(sql), std::move(values)});
    return statements_.size() - 1;
  }
  bool empty() const { return statements_.empty(); }
  std::size_t size() const { return statements_.size(); }

 private:
  friend class Connection;
  struct Statement {
    std::string sql;
    Values values;
  };
  std::vector<Statement> statements_;
};

class Connection {
 public:
  struct Settings {
    std::string connection;  ///< libpq connection string or URI, without a password
    std::string schema;
    std::chrono::milliseconds statement_timeout{};
    std::chrono::milliseconds lock_timeout{};
    bool writes = false;
    /// For statements that walk whole tables. All others are planned once and go by an index, also
    /// where a table happened to be small when they were.
    bool scans = false;
  };

  /// Connects within a few seconds, or not at all.
  /// Errors: transient (not reachable, not ready, refused), invalid (the connection string, or a
  /// password in it).
  static Result<std::unique_ptr<Connection>> open(const Settings& settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends all statements at once and gives the rows of each. They share one transaction unless
  /// they hold BEGIN or COMMIT. Each is prepared when it is first used.
  /// Errors: that of the first statement that failed; those behind it were not run.
  Result<std::vector<Rows>> run(const Batch& batch) { return run(batch, timeout_); }
  Result<std::vector<Rows>> run(const Batch& batch, std::chrono::milliseconds statement_timeout);

  template <typename... Each>
  Result<Rows> query(std::string_view sql, const Each&... values) {
    Batch batch;
    batch.add(sql, values...);
    CONCORD_ASSIGN(std::vector<Rows> rows, run(batch));
    return std::move(rows.front());
  }

  /// A script of statements without values, outside the pipeline.
  Result<void> script(const std::string& sql);

  /// What is sent before the next batch, so that it costs no way of its own.
  void first(std::string_view sql) { first_ = sql; }

  /// Undoes the open transaction, if there is one. A connection that cannot is lost.
  void roll_back();
  bool in_transaction() const;

  std::chrono::milliseconds statement_timeout() const { return timeout_; }
  /// The connection is of no more use.
  bool lost() const { return lost_; }
  /// It is lost because the server did not answer in time, not even with an end of the connection.
  bool silent() const { return silent_; }
  /// Names the life of the server this was opened in: a start, a recovery from a crash or a standby
  /// that takes over begins another one. Empty: it does not say. Numbers of transactions mean
  /// something within one life only: what a crash lost before it was on the disk takes its number
  /// along, and the next transaction gets it.
  const std::string& server_life() const { return server_life_; }
  /// SQLSTATE of the last error; empty when there was none from the server.
  std::string_view last_state() const { return last_state_; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  Connection(PGconn* connection, std::chrono::milliseconds timeout)
      : connection_(connection), timeout_(timeout) {}

  Result<void> set_up(const Settings& settings);
  void learn_server_life();
  Result<void> send(const Batch& batch, std::vector<std::string>& fresh);
  Result<void> send_one(const Batch::Statement& statement, std::vector<std::string>& fresh);
  /// The next result, null between statements. Errors: transient (the connection is lost).
  Result<PGresult*> next(Deadline until);
  Result<void> wait(Deadline until);
  Error lose();
  Error failed(const PGresult* result);

  PGconn* connection_;
  std::chrono::milliseconds timeout_;
  std::string_view first_;
  std::string last_state_;
  std::string server_life_;
  bool lost_ = false;
  bool silent_ = false;
  std::uint64_t names_ = 0;
  std::unordered_map<std::string, std::string> prepared_;  ///< name by text
  std::vector<bool> pending_;  ///< of the results to come: whether it answers a statement's run
  std::vector<const char*> bound_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

/// Refuses a connection string that libpq cannot read, or that carries a password.
/// Errors: invalid.
Result<void> check_connection_string(const std::string& text);

}  // namespace concord::store::postgresql
