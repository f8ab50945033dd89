#include "conformance/simulators/fault_proxy/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <thread>
#include <utility>

namespace concord::fault_proxy {
namespace {

using namespace std::chrono_literals;

constexpr int kTick = 100;  ///< ms between looks at `stop`
constexpr std::size_t kMostHead = 64 * 1024;
constexpr std::size_t kMostBody = std::size_t{64} << 20;

/// Ready for `what` before `stop` is told.
bool ready(int socket, short what, const Stop& stop) {
  while (!stop) {
    pollfd one{socket, what, 0};
    const int found = ::poll(&one, 1, kTick);
    if (found > 0) return true;
    if (found < 0 && errno != EINTR) return false;
  }
  return false;
}

bool same_word(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

}  // namespace

Wire::Wire(Wire&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
Wire& Wire::operator=(Wire&& other) noexcept {
  if (this != &other) {
    close();
    socket_ = std::exchange(other.socket_, -1);
  }
  return *this;
}
Wire::~Wire() { close(); }

void Wire::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void Wire::reset() {
  if (socket_ < 0) return;
  const linger none{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close();
}

Wire Wire::to(std::uint16_t port) {
  Wire wire(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* const at = &address;
  if (wire.open() &&
      ::connect(wire.socket_, static_cast<const sockaddr*>(at), sizeof address) != 0) {
    wire.close();
  }
  const int on = 1;
  if (wire.open()) ::setsockopt(wire.socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return wire;
}

bool Wire::stale() const {
  pollfd one{socket_, POLLIN, 0};
  return socket_ < 0 || ::poll(&one, 1, 0) != 0;
}

bool Wire::send(std::string_view bytes, const Stop& stop, std::uint64_t rate) {
  const std::uint64_t piece = rate == 0 ? bytes.size() : std::max<std::uint64_t>(rate / 20, 1);
  while (!bytes.empty()) {
    if (!open() || !ready(socket_, POLLOUT, stop)) return false;
    const std::size_t wanted = std::min<std::uint64_t>(bytes.size(), piece);
    const ssize_t sent = ::send(socket_, bytes.data(), wanted, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (rate == 0 || bytes.empty()) continue;
    std::this_thread::sleep_for(
        std::chrono::microseconds(1'000'000 * static_cast<std::uint64_t>(sent) / rate));
  }
  return true;
}

bool Wire::receive(std::string& into, const Stop& stop) {
  char buffer[65536];
  while (open() && ready(socket_, POLLIN, stop)) {
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return false;
    into.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  return false;
}

void Wire::swallow(const Stop& stop) {
  std::string forgotten;
  while (receive(forgotten, stop)) forgotten.clear();
}

Frame frame_of(std::string_view bytes) {
  constexpr Frame kImpossible{Framing::impossible, 0, 0};
  const auto blank = bytes.find("\r\n\r\n");
  if (blank == std::string_view::npos) return bytes.size() > kMostHead ? kImpossible : Frame{};
  const std::size_t head = blank + 4;
  if (head > kMostHead) return kImpossible;
  std::size_t body = 0;
  for (std::size_t at = bytes.find("\r\n") + 2; at < blank + 2;) {
    const auto end = bytes.find("\r\n", at);
    const std::string_view field = bytes.substr(at, end - at);
    at = end + 2;
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = field.substr(0, colon);
    if (same_word(name, "transfer-encoding")) return kImpossible;
    if (!same_word(name, "content-length")) continue;
    std::string_view value = field.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    const auto [stopped, failed] = std::from_chars(value.data(), value.data() + value.size(), body);
    if (failed != std::errc{} || stopped != value.data() + value.size() || body > kMostBody) {
      return kImpossible;
    }
  }
  if (bytes.size() < head + body) return {};
  return {Framing::whole, head + body, head};
}

std::optional<std::string> read_message(Wire& wire, std::string& rest, const Stop& stop) {
  while (true) {
    const Frame frame = frame_of(rest);
    if (frame.framing == Framing::impossible) return std::nullopt;
    if (frame.framing == Framing::whole) {
      std::string message = rest.substr(0, frame.size);
      rest.erase(0, frame.size);
      return message;
    }
    if (!wire.receive(rest, stop)) return std::nullopt;
  }
}

}  // namespace concord::fault_proxy
