#pragma once
/// A TCP client for tests that says exactly the bytes it is told, well-formed or not.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace concord::test {

/// One answer as it came over the wire.
struct RawAnswer {
  int status = 0;
  std::string head;  ///< status line and fields, with the blank line
  std::string body;  ///< by Content-Length
  /// The value of a field (any case); empty when absent.
  std::string field(std::string_view name) const;
};

/// A connection to a port of 127.0.0.1. Closes at the end of its life.
class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port);
  ~RawSocket();
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&&) = delete;
  RawSocket(const RawSocket&) = delete;

  bool connected() const { return socket_ >= 0; }
  /// False when the other side took not all of it within `patience`.
  bool send(std::string_view bytes, std::chrono::milliseconds patience = std::chrono::seconds(5));
  /// Reads one answer; nothing when the connection ended or `patience` passed before it was whole.
  /// An answer to HEAD has no body: pass `head_only`.
  std::optional<RawAnswer> receive(std::chrono::milliseconds patience = std::chrono::seconds(5),
                                   bool head_only = false);
  /// What comes up to and with `text`; nothing of it is taken, and "" given, when the connection
  /// ended or `patience` passed before that.
  std::string receive_until(std::string_view text,
                            std::chrono::milliseconds patience = std::chrono::seconds(5));
  /// True when the other side closes within `patience`; bytes that come first are dropped.
  bool closes_within(std::chrono::milliseconds patience);
  void finish_sending();

 private:
  bool wait_readable(std::chrono::steady_clock::time_point until);
  int socket_ = -1;
  std::string buffer_;
};

/// send() and receive() on a connection of its own.
std::optional<RawAnswer> raw_exchange(std::uint16_t port, std::string_view bytes);

}  // namespace concord::test
