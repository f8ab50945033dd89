#pragma once
/// Group commit: a few threads, each with a connection; waiting calls share a transaction.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include "gateway/store/postgresql/detail/group.h"
#include "gateway/store/postgresql/detail/pool.h"

namespace concord::store::postgresql {

/// Safe from any thread.
class Writer {
 public:
  struct Settings {
    Connection::Settings connection;
    std::size_t threads = 2;
    std::size_t batch = 128;
    std::size_t queue = 4096;
    StepHook on_step;
    GroupHook on_group;
  };

  explicit Writer(Settings settings);
  /// Ends after the calls already waiting.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Returns once the call is durable, or undone; its result stands in it.
  /// Errors: transient (queue full, stopping).
  Result<void> run(Call& call);

 private:
  /// One thread's connection.
  struct Lane {
    std::unique_ptr<Connection> db;
    Backoff backoff;
  };
  /// How a try ended.
  enum class Next : std::uint8_t { done, again, each_alone };

  void loop(const std::stop_token& stop);
  void take(std::vector<Call*>& calls);
  void serve(Lane& lane, const std::vector<Call*>& calls);
  Next attempt(Lane& lane, const std::vector<Call*>& calls, int tries);
  Next after_failure(Lane& lane, const Group& group, const std::vector<Call*>& calls,
                     const Error& error, int tries);
  Result<void> connect(Lane& lane);

  Settings settings_;
  KnownTables tables_;
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<Call*> waiting_;
  std::unordered_multiset<std::int64_t> claimed_;  ///< by calls under way
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace concord::store::postgresql
