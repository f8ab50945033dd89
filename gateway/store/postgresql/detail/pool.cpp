#include "gateway/store/postgresql/detail/pool.h"

#include <algorithm>

namespace concord::store::postgresql {

namespace {
constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{2000};
}  // namespace

bool Backoff::may_try() {
  const std::lock_guard lock(mutex_);
  return std::chrono::steady_clock::now() >= next_;
}

void Backoff::worked() {
  const std::lock_guard lock(mutex_);
  next_ = {};
  pause_ = {};
}

void Backoff::failed() {
  const std::lock_guard lock(mutex_);
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  next_ = std::chrono::steady_clock::now() + pause_;
}

Result<Pool::Lease> Pool::take() {
  {
    std::unique_lock lock(mutex_);
    if (!returned_.wait_for(lock, patience_, [this] { return !idle_.empty() || open_ < most_; })) {
      return make_error(ErrorCode::transient, "the store is busy");
    }
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(connection));
    }
    ++open_;
  }
  const auto open = [this]() -> Result<std::unique_ptr<Connection>> {
    if (!backoff_.may_try()) {
      return make_error(ErrorCode::transient, "the store cannot be reached");
    }
    return Connection::open(settings_);
  };
  auto opened = open();
  if (opened) {
    backoff_.worked();
    return Lease(*this, std::move(*opened));
  }
  if (backoff_.may_try()) backoff_.failed();
  {
    const std::lock_guard lock(mutex_);
    --open_;
  }
  returned_.notify_one();
  return std::move(opened).error();
}

Result<std::vector<Rows>> Pool::read(const Batch& batch) {
  return read(batch, settings_.statement_timeout);
}

Result<std::vector<Rows>> Pool::read(const Batch& batch,
                                     std::chrono::milliseconds statement_timeout) {
  for (std::size_t tries = 0;; ++tries) {
    CONCORD_ASSIGN(const Lease connection, take());
    auto rows = connection->run(batch, statement_timeout);
    // After a restart of the server every connection is a dead one.
    if (rows || !connection->lost() || connection->silent() || tries == 2) return rows;
  }
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  connection->roll_back();
  std::vector<std::unique_ptr<Connection>> gone;
  {
    const std::lock_guard lock(mutex_);
    if (connection->lost()) {
      gone = std::exchange(idle_, {});  // most likely lost as well
      open_ -= gone.size() + 1;
    } else {
      idle_.push_back(std::move(connection));
    }
  }
  returned_.notify_all();
}

}  // namespace concord::store::postgresql
