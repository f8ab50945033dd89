#pragma once
/// Bytes in and out of one connected socket, each call bounded by a point in time.

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

namespace concord::http::detail {

using SteadyTime = std::chrono::steady_clock::time_point;

/// How a call ended.
enum class Transfer { done, closed, timed_out };

/// Does not own the socket. One thread at a time, except for cut().
class Wire {
 public:
  explicit Wire(int socket) : socket_(socket) {}

  /// Waits in the kernel, without polling first, for at most `patience`; for the time between
  /// requests, which is where a connection is nearly always.
  Transfer receive_idle(std::span<char> into, std::chrono::milliseconds patience,
                        std::size_t& got) noexcept;
  /// At least one byte by `until`.
  Transfer receive(std::span<char> into, SteadyTime until, std::size_t& got) noexcept;
  /// Both parts in one gathered write (more only when the peer reads slowly), all by `until`.
  Transfer send(std::string_view head, std::string_view body, SteadyTime until) noexcept;
  /// Whether the peer closed its end, or the connection broke. Takes nothing out of it.
  bool peer_left() noexcept;
  /// Whether bytes are here that nobody took yet. Takes none.
  bool has_more() noexcept;
  /// Drops what is here already, waiting for nothing.
  void drop_arrived() noexcept;
  /// Says that no more will be sent and drops what still arrives for at most `patience`, so that a
  /// peer in the middle of sending reads our answer instead of a reset.
  void linger(std::chrono::milliseconds patience) noexcept;

 private:
  int socket_;
  std::chrono::milliseconds idle_patience_{-1};
};

}  // namespace concord::http::detail
