#include "gateway/exchange/turns.h"

#include <algorithm>
#include <thread>

namespace concord::exchange {

Turns::Turns(std::size_t at_once)
    : free_(at_once != 0 ? at_once : std::max(1u, std::thread::hardware_concurrency())) {}

void Turns::take() {
  std::unique_lock lock(mutex_);
  if (free_ > 0) {
    --free_;
    return;
  }
  Waiting mine;
  waiting_.push_back(&mine);
  mine.told.wait(lock, [&] { return mine.granted; });
}

void Turns::give_back() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  // Handed on, never put back: nobody who comes now can overtake.
  Waiting& next = *waiting_.front();
  waiting_.pop_front();
  next.granted = true;
  next.told.notify_one();  // under the lock: `next` is gone once its thread has seen it
}

}  // namespace concord::exchange
