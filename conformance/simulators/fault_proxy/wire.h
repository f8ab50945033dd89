#pragma once
/// A TCP connection over loopback that can be made to misbehave, and HTTP/1.1 messages on it. Each
/// object on one thread, but for `Stop`.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace concord::fault_proxy {

/// Told to all threads of a proxy at its end.
using Stop = std::atomic<bool>;

/// One end of a connection. Closed at the end of its life.
class Wire {
 public:
  Wire() = default;
  explicit Wire(int socket) : socket_(socket) {}
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&& other) noexcept;
  ~Wire();

  /// To a port of 127.0.0.1; not open() when nobody listens there.
  static Wire to(std::uint16_t port);

  bool open() const { return socket_ >= 0; }
  int socket() const { return socket_; }
  void close();
  /// Ends with a reset instead of an orderly close.
  void reset();
  /// Whether the other side has closed, or sent what nobody asked for.
  bool stale() const;

  /// False when not all could be sent. With `rate` > 0 no more than so many bytes a second.
  bool send(std::string_view bytes, const Stop& stop, std::uint64_t rate = 0);
  /// Appends what comes; false at the end, an error, or `stop`.
  bool receive(std::string& into, const Stop& stop);
  /// Reads and forgets until the other side closes.
  void swallow(const Stop& stop);

 private:
  int socket_ = -1;
};

/// The size of the first HTTP/1.1 message in `bytes`.
enum class Framing : std::uint8_t { more, whole, impossible };
struct Frame {
  Framing framing = Framing::more;
  std::size_t size = 0;  ///< head and body, when whole
  std::size_t head = 0;  ///< of that
};
/// Bodies are framed by Content-Length; without one there is none. Impossible: a head over 64 KiB,
/// a body over 64 MiB, Transfer-Encoding, a Content-Length that is no number.
Frame frame_of(std::string_view bytes);

/// Reads one message; nothing when the connection ends before or it cannot be framed. `rest` holds
/// what was read beyond it.
std::optional<std::string> read_message(Wire& wire, std::string& rest, const Stop& stop);

}  // namespace concord::fault_proxy
