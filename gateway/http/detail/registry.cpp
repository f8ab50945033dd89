#include "gateway/http/detail/registry.h"

#include <sys/socket.h>

namespace concord::http::detail {
namespace {

/// Connections that were closed here and whose threads have not left yet, at most.
constexpr std::size_t kLeaving = 48;

std::int64_t ns_of(std::chrono::steady_clock::time_point at) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

std::int64_t now_ns() noexcept { return ns_of(std::chrono::steady_clock::now()); }

}  // namespace

Slot::Slot(int socket, std::string peer)
    : since_(now_ns()), socket_(socket), peer_(std::move(peer)) {}

bool Slot::wait_in(State state) noexcept {
  since_.store(now_ns(), std::memory_order_relaxed);
  State now = state_.load(std::memory_order_relaxed);
  while (now != closed) {
    if (state_.compare_exchange_weak(now, state)) return true;
  }
  return false;
}

bool Slot::work() noexcept {
  State now = state_.load(std::memory_order_relaxed);
  while (now != closed) {
    if (state_.compare_exchange_weak(now, working, std::memory_order_acq_rel)) return true;
  }
  return false;
}

Slot* Registry::add(int socket, std::string peer) {
  const std::scoped_lock lock(mutex_);
  const auto own = per_client_.find(peer);
  if (max_per_client_ != 0 && own != per_client_.end() && own->second >= max_per_client_ &&
      !evict_one(&peer)) {
    return nullptr;
  }
  if (slots_.size() - closing_ >= max_connections_ && !evict_one(nullptr)) return nullptr;
  if (slots_.size() >= max_connections_ + kLeaving) return nullptr;
  auto slot = std::make_unique<Slot>(socket, std::move(peer));
  Slot* const added = slot.get();
  ++per_client_[added->peer_];
  slots_.emplace(added, std::move(slot));
  return added;
}

void Registry::remove(Slot* slot) {
  {
    const std::scoped_lock lock(mutex_);
    if (slot->state_.load(std::memory_order_relaxed) == Slot::closed) {
      --closing_;
    } else if (const auto own = per_client_.find(slot->peer_); --own->second == 0) {
      per_client_.erase(own);
    }
    slots_.erase(slot);
  }
  changed_.notify_all();
}

/// The connection's own thread answers nothing from here on.
bool Registry::take_over(Slot& slot, Slot::State expected) {
  if (!slot.state_.compare_exchange_strong(expected, Slot::closed)) return false;
  slot.since_.store(now_ns(), std::memory_order_relaxed);
  ++closing_;
  if (const auto own = per_client_.find(slot.peer_); --own->second == 0) per_client_.erase(own);
  return true;
}

bool Registry::close(Slot& slot, Slot::State expected) {
  if (!take_over(slot, expected)) return false;
  ::shutdown(slot.socket_, SHUT_RDWR);
  return true;
}

bool Registry::evict_one(const std::string* of_peer) {
  for (const Slot::State state : {Slot::idle, Slot::reading}) {
    // The longest waiting one may start work while we look; then the next is taken.
    for (int attempt = 0; attempt < 3; ++attempt) {
      Slot* oldest = nullptr;
      for (const auto& [slot, owner] : slots_) {
        if (slot->state_.load(std::memory_order_relaxed) != state) continue;
        if (of_peer != nullptr && slot->peer_ != *of_peer) continue;
        if (oldest == nullptr || slot->since_.load(std::memory_order_relaxed) <
                                     oldest->since_.load(std::memory_order_relaxed)) {
          oldest = slot;
        }
      }
      if (oldest == nullptr) break;
      if (close(*oldest, state)) {
        evicted_.fetch_add(1, std::memory_order_relaxed);
        return true;
      }
    }
  }
  return false;
}

void Registry::dismiss(Slot::State state, std::chrono::steady_clock::time_point since,
                       std::string_view farewell) {
  const std::scoped_lock lock(mutex_);
  for (const auto& [slot, owner] : slots_) {
    if (slot->since_.load(std::memory_order_relaxed) > ns_of(since)) continue;
    if (!take_over(*slot, state)) continue;
    static_cast<void>(
        ::send(slot->socket_, farewell.data(), farewell.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    ::shutdown(slot->socket_, SHUT_WR);
  }
}

void Registry::close_dismissed(std::chrono::steady_clock::time_point since) {
  const std::scoped_lock lock(mutex_);
  for (const auto& [slot, owner] : slots_) {
    if (slot->ended() && slot->since_.load(std::memory_order_relaxed) <= ns_of(since)) {
      ::shutdown(slot->socket_, SHUT_RDWR);
    }
  }
}

std::size_t Registry::close_all() {
  std::size_t cut = 0;
  const std::scoped_lock lock(mutex_);
  for (const auto& [slot, owner] : slots_) {
    if (!take_over(*slot, Slot::idle) && !take_over(*slot, Slot::reading)) {
      cut += take_over(*slot, Slot::working) ? 1U : 0U;
    }
    ::shutdown(slot->socket_, SHUT_RDWR);
  }
  return cut;
}

bool Registry::wait_empty(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, until, [this] { return slots_.empty(); });
}

std::size_t Registry::size() const {
  const std::scoped_lock lock(mutex_);
  return slots_.size() - closing_;
}

}  // namespace concord::http::detail
