#include "gateway/exchange/announcements.h"

#include <utility>

namespace concord::exchange {

void Announcements::tell(std::string_view exchange) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = listening_.equal_range(exchange);
  for (auto at = first; at != last; ++at) {
    at->second->told_ = true;
    at->second->woken_.notify_one();
  }
}

Announcements::Listening::Listening(Announcements& to, std::string exchange) : announcements_(to) {
  const std::lock_guard lock(announcements_.mutex_);
  place_ = announcements_.listening_.emplace(std::move(exchange), this);
}

Announcements::Listening::~Listening() {
  const std::lock_guard lock(announcements_.mutex_);
  announcements_.listening_.erase(place_);
}

bool Announcements::Listening::wait(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(announcements_.mutex_);
  woken_.wait_until(lock, until, [this] { return told_; });
  return std::exchange(told_, false);
}

}  // namespace concord::exchange
