#pragma once
/// How a caller of a store waits for the thread that writes.

#include <condition_variable>
#include <mutex>

namespace concord::store {

/// Set once, awaited once. A semaphore of the standard library would yield the processor many times
/// before it sleeps; the wait for a disk is long, and other threads need the time.
class Done {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    set_.wait(lock, [this] { return done_; });
  }
  /// The waiter may destroy this as soon as it wakes.
  void set() {
    const std::lock_guard lock(mutex_);
    done_ = true;
    set_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable set_;
  bool done_ = false;
};

}  // namespace concord::store
