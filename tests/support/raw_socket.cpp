#include "tests/support/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace concord::test {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string RawAnswer::field(std::string_view name) const {
  std::size_t at = head.find("\r\n");
  while (at != std::string::npos && at + 2 < head.size()) {
    at += 2;
    const std::size_t end = head.find("\r\n", at);
    const std::size_t colon = head.find(':', at);
    if (colon != std::string::npos && colon < end && colon - at == name.size() &&
        ::strncasecmp(head.data() + at, name.data(), name.size()) == 0) {
      const std::size_t value = head.find_first_not_of(' ', colon + 1);
      return head.substr(value, end - value);
    }
    at = end;
  }
  return {};
}

RawSocket::RawSocket(std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (made >= 0 &&
      ::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const int on = 1;
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    socket_ = made;
  } else if (made >= 0) {
    ::close(made);
  }
}

RawSocket::~RawSocket() {
  if (socket_ >= 0) ::close(socket_);
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}

bool RawSocket::send(std::string_view bytes, milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return false;
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
    pollfd watched{socket_, POLLOUT, 0};
    if (left <= 0 || ::poll(&watched, 1, static_cast<int>(left)) <= 0) return false;
  }
  return true;
}

bool RawSocket::wait_readable(steady_clock::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
  pollfd watched{socket_, POLLIN, 0};
  return left > 0 && ::poll(&watched, 1, static_cast<int>(left)) > 0;
}

std::optional<RawAnswer> RawSocket::receive(milliseconds patience, bool head_only) {
  const auto until = steady_clock::now() + patience;
  std::array<char, 16 * 1024> part;
  RawAnswer answer;
  std::size_t body_size = 0;
  bool have_head = false;
  while (true) {
    if (const std::size_t end = buffer_.find("\r\n\r\n"); !have_head && end != std::string::npos) {
      have_head = true;
      answer.head = buffer_.substr(0, end + 4);
      buffer_.erase(0, end + 4);
      answer.status = std::atoi(answer.head.c_str() + answer.head.find(' '));
      const bool bodiless = head_only || answer.status < 200 || answer.status == 204;
      body_size = bodiless ? 0 : std::strtoul(answer.field("Content-Length").c_str(), nullptr, 10);
    }
    if (have_head && buffer_.size() >= body_size) {
      answer.body = buffer_.substr(0, body_size);
      buffer_.erase(0, body_size);
      return answer;
    }
    if (!wait_readable(until)) return std::nullopt;
    const ssize_t n = ::recv(socket_, part.data(), part.size(), 0);
    if (n <= 0) return std::nullopt;
    buffer_.append(part.data(), static_cast<std::size_t>(n));
  }
}

std::string RawSocket::receive_until(std::string_view text, milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  for (;;) {
    if (const std::size_t at = buffer_.find(text); at != std::string::npos) {
      std::string found = buffer_.substr(0, at + text.size());
      buffer_.erase(0, found.size());
      return found;
    }
    if (!wait_readable(until)) return {};
    std::array<char, 16 * 1024> more;
    const ssize_t n = ::recv(socket_, more.data(), more.size(), 0);
    if (n <= 0) return {};
    buffer_.append(more.data(), static_cast<std::size_t>(n));
  }
}

bool RawSocket::closes_within(milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  std::array<char, 16 * 1024> part;
  while (wait_readable(until)) {
    if (::recv(socket_, part.data(), part.size(), 0) <= 0) return true;
  }
  return false;
}

void RawSocket::finish_sending() { ::shutdown(socket_, SHUT_WR); }

std::optional<RawAnswer> raw_exchange(std::uint16_t port, std::string_view bytes) {
  RawSocket socket(port);
  if (!socket.connected() || !socket.send(bytes)) return std::nullopt;
  return socket.receive();
}

}  // namespace concord::test
