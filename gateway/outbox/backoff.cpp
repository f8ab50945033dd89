#include "gateway/outbox/backoff.h"

#include <algorithm>

namespace concord::outbox {

std::chrono::milliseconds backoff(const BackoffSettings& settings, std::int32_t attempts,
                                  double random) {
  std::chrono::milliseconds wait = settings.base;
  for (std::int32_t i = 0; i < attempts && wait < settings.cap; ++i) wait *= 2;
  wait = std::min(wait, settings.cap);
  return std::chrono::milliseconds{
      static_cast<std::int64_t>(static_cast<double>(wait.count()) * (0.5 + random))};
}

Circuit::Change Circuit::succeeded() {
  failures_ = 0;
  if (!open_until_) return Change::none;
  open_until_.reset();
  return Change::closed;
}

Circuit::Change Circuit::failed(Instant now) {
  ++failures_;
  if (failures_ < settings_.failures) return Change::none;
  const bool was_open = open_until_.has_value();
  open_until_ = now + settings_.probe;
  return was_open ? Change::none : Change::opened;
}

std::size_t Circuit::allowance(Instant now, std::size_t running, std::size_t concurrency) const {
  if (!open_until_) return running < concurrency ? concurrency - running : 0;
  return now >= *open_until_ && running == 0 ? 1 : 0;
}

}  // namespace concord::outbox
