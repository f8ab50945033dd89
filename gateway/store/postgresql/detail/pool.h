#pragma once
/// Connections shared among threads, made again by themselves after the server was away.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/store/postgresql/detail/connection.h"

namespace concord::store::postgresql {

/// When a lost server may be tried again: at once, then after growing pauses up to two seconds, so
/// that calls in between are answered at once. Safe from any thread.
class Backoff {
 public:
  bool may_try();
  void worked();
  void failed();

 private:
  std::mutex mutex_;
  std::chrono::steady_clock::time_point next_{};
  std::chrono::milliseconds pause_{};
};

/// Opens up to `most` connections as they are needed; further callers wait for one. Safe from any
/// thread.
class Pool {
 public:
  Pool(Connection::Settings settings, std::size_t most, std::chrono::milliseconds patience)
      : settings_(std::move(settings)), most_(most), patience_(patience) {}

  /// A connection for as long as it is held. One that is lost or left inside a transaction is not
  /// given out again.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  /// Errors: transient (the server cannot be reached; all connections were busy too long).
  Result<Lease> take();

  /// Runs reading statements. When the connection turns out to be lost they are run once more on
  /// another one.
  Result<std::vector<Rows>> read(const Batch& batch);
  Result<std::vector<Rows>> read(const Batch& batch, std::chrono::milliseconds statement_timeout);

  /// Runs several reading steps on one connection, `begin` before the first. Like read(), once more
  /// when the connection is lost.
  template <typename T, typename Steps>
  Result<T> with(std::string_view begin, const Steps& steps) {
    for (std::size_t tries = 0;; ++tries) {
      CONCORD_ASSIGN(const Lease connection, take());
      connection->first(begin);
      Result<T> done = steps(*connection);
      if (done || !connection->lost() || connection->silent() || tries == 2) return done;
    }
  }

  template <typename... Each>
  Result<Rows> query(std::string_view sql, const Each&... values) {
    Batch batch;
    batch.add(sql, values...);
    CONCORD_ASSIGN(std::vector<Rows> rows, read(batch));
    return std::move(rows.front());
  }

 private:
  void give_back(std::unique_ptr<Connection> connection);

  Connection::Settings settings_;
  std::size_t most_;
  std::chrono::milliseconds patience_;
  Backoff backoff_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::size_t open_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace concord::store::postgresql
