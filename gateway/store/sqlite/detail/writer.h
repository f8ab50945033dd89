#pragma once
/// Group commit: one thread, one connection; calls of many threads share a transaction and a sync.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/audit/record.h"
#include "gateway/audit/verify.h"
#include "gateway/store/done.h"
#include "gateway/store/sqlite/detail/connection.h"
#include "gateway/store/sqlite/sqlite_store.h"

namespace concord::store::sqlite {

/// The open transaction, as one call sees it.
class Transaction {
 public:
  Transaction(Connection& connection, audit::Head& head, std::int64_t& number,
              const StepHook& on_step)
      : connection_(&connection), head_(&head), number_(&number), on_step_(&on_step) {}

  Connection& db() const { return *connection_; }

  /// Appends to the chain.
  Result<void> append(const std::vector<audit::Record>& records);

  /// The number of a change of a resource: greater than all before it.
  std::int64_t next_number() const { return ++*number_; }

  /// Names the step that comes next, for crash tests.
  void step(std::string_view name) const {
    if (*on_step_) (*on_step_)(name);
  }

 private:
  Connection* connection_;
  audit::Head* head_;
  std::int64_t* number_;
  const StepHook* on_step_;
};

/// Safe from any thread.
class Writer {
 public:
  struct Settings {
    std::size_t batch = 128;
    std::size_t queue = 4096;
    StepHook on_step;
    GroupHook on_group;
  };

  /// The work of one call inside the transaction. May be run a second time after a rollback of the
  /// first, so it sets its outputs afresh; it looks before it writes, and an error after a write
  /// undoes the call.
  using Work = std::function<Result<void>(Transaction&)>;

  /// `connection` must be ready for writing, its schema up to date.
  static Result<std::unique_ptr<Writer>> start(std::unique_ptr<Connection> connection,
                                               Settings settings);
  /// Ends after the calls already waiting.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Runs `work` and returns once it is durable, or undone.
  /// Errors: those of `work`; transient (queue full, stopping, store).
  Result<void> run(const Work& work);
  /// As run(), of several calls that come together. Each is durable, or undone, by itself.
  std::vector<Result<void>> run(const std::vector<Work>& works);

 private:
  struct Call {
    const Work* work = nullptr;
    Result<void> result;
    Done done;
  };

  Writer(std::unique_ptr<Connection> connection, Settings settings);
  Result<void> line_up(std::vector<Call>& calls);
  void loop(const std::stop_token& stop);
  void serve(std::vector<Call*>& calls);
  /// Appends those that wait, up to a whole batch.
  void take_waiting(std::vector<Call*>& calls);
  bool together(std::vector<Call*>& calls);
  void alone(Call& call);
  Result<void> commit();
  void roll_back();
  Result<void> read_ends();

  std::unique_ptr<Connection> connection_;
  Settings settings_;
  audit::Head head_;                 ///< as of the open transaction
  audit::Head written_;              ///< as it stands in the table
  std::int64_t number_ = 0;          ///< of the last change, as of the open transaction
  std::int64_t written_number_ = 0;  ///< as of the last commit

  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<Call*> waiting_;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace concord::store::sqlite
