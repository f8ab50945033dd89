#include "gateway/http/detail/wire.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace concord::http::detail {
namespace {

using std::chrono::milliseconds;

/// Waits for an event; false when `until` passed.
bool wait_for(int socket, short events, SteadyTime until) noexcept {
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd watched{socket, events, 0};
    const int ready =
        ::poll(&watched, 1, static_cast<int>(std::min<long long>(left.count(), 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;  // the call that follows will say what is wrong
  }
}

}  // namespace

Transfer Wire::receive_idle(std::span<char> into, milliseconds patience,
                            std::size_t& got) noexcept {
  if (patience != idle_patience_) {
    timeval limit{};
    limit.tv_sec = patience.count() / 1000;
    limit.tv_usec = (patience.count() % 1000) * 1000;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    idle_patience_ = patience;
  }
  while (true) {
    const ssize_t n = ::recv(socket_, into.data(), into.size(), 0);
    if (n > 0) {
      got = static_cast<std::size_t>(n);
      return Transfer::done;
    }
    if (n < 0 && errno == EINTR) continue;
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Transfer::timed_out
                                                              : Transfer::closed;
  }
}

Transfer Wire::receive(std::span<char> into, SteadyTime until, std::size_t& got) noexcept {
  while (true) {
    const ssize_t n = ::recv(socket_, into.data(), into.size(), MSG_DONTWAIT);
    if (n > 0) {
      got = static_cast<std::size_t>(n);
      return Transfer::done;
    }
    if (n == 0) return Transfer::closed;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Transfer::closed;
    if (!wait_for(socket_, POLLIN, until)) return Transfer::timed_out;
  }
}

Transfer Wire::send(std::string_view head, std::string_view body, SteadyTime until) noexcept {
  while (!head.empty() || !body.empty()) {
    std::array<iovec, 2> parts{
        iovec{const_cast<char*>(head.data()), head.size()},
        iovec{const_cast<char*>(body.data()), body.size()},
    };
    msghdr message{};
    message.msg_iov = head.empty() ? &parts[1] : parts.data();
    message.msg_iovlen = head.empty() || body.empty() ? 1 : 2;
    const ssize_t n = ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return Transfer::closed;
      if (!wait_for(socket_, POLLOUT, until)) return Transfer::timed_out;
      continue;
    }
    auto sent = static_cast<std::size_t>(n);
    const std::size_t of_head = std::min(sent, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(sent - of_head);
  }
  return Transfer::done;
}

bool Wire::peer_left() noexcept {
  char one = 0;
  const ssize_t n = ::recv(socket_, &one, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

bool Wire::has_more() noexcept {
  char one = 0;
  return ::recv(socket_, &one, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void Wire::drop_arrived() noexcept {
  constexpr int kMost = 64;  // a peer that never stops sending is not waited for
  std::array<char, 16 * 1024> dropped;
  for (int i = 0; i < kMost; ++i) {
    if (::recv(socket_, dropped.data(), dropped.size(), MSG_DONTWAIT) <= 0) return;
  }
}

void Wire::linger(milliseconds patience) noexcept {
  ::shutdown(socket_, SHUT_WR);
  const SteadyTime until = std::chrono::steady_clock::now() + patience;
  std::array<char, 16 * 1024> dropped;
  std::size_t got = 0;
  while (std::chrono::steady_clock::now() < until &&
         receive(dropped, until, got) == Transfer::done) {
  }
}

}  // namespace concord::http::detail
