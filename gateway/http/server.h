#pragma once
/// The HTTP/1.1 edge. One thread per connection from a pool of its own; framing is strict.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/core/uuid.h"
#include "gateway/http/message.h"

namespace concord::http {

/// Bounds on one request. Past one of them the request is refused at once and the connection ends.
/// Source of the defaults: security-nhs.md section 6.
struct ServerLimits {
  std::size_t max_body = std::size_t{5} << 20;    ///< bytes; over: 413
  std::size_t max_head = std::size_t{32} << 10;   ///< bytes of request line and fields; over: 431
  std::size_t max_field = std::size_t{8} << 10;   ///< bytes of one field; over: 431
  std::size_t max_fields = 100;                   ///< over: 431
  std::size_t max_target = std::size_t{8} << 10;  ///< bytes of the request target; over: 414
  /// Bytes of bodies held by all connections together; over: 503.
  std::size_t max_buffered = std::size_t{256} << 20;
};

/// How long things may take. None is unlimited.
struct ServerTimes {
  std::chrono::milliseconds idle{15'000};       ///< between requests; then the connection closes
  std::chrono::milliseconds head{10'000};       ///< first byte to end of head; over: 408
  std::chrono::milliseconds body{20'000};       ///< whole body; over: 408
  std::chrono::milliseconds rate_grace{5'000};  ///< before `min_rate` is asked of a body
  std::size_t min_rate = 1024;                  ///< bytes per second; under: 408
  std::chrono::milliseconds write{10'000};      ///< whole answer; over: the connection is cut
  std::chrono::milliseconds deadline{30'000};   ///< handed on in Request::deadline
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free port
  /// Names besides the loopback ones that a Host field may hold (no port); others get 421, so a
  /// web page cannot reach an unauthenticated gateway by a name it made point here.
  std::vector<std::string> hosts;
  std::size_t max_connections = 2304;      ///< threads are this many and a margin
  std::size_t max_per_client = 0;          ///< connections of one address; 0: no cap of its own
  std::size_t max_in_flight = 256;         ///< requests inside the handler at once; over: 503
  std::size_t thread_stack = 1024 * 1024;  ///< bytes, reserved but not touched until used
  ServerLimits limits{};
  ServerTimes times{};
};

/// What the server has done so far and holds now.
struct ServerStats {
  std::size_t connections = 0;
  std::size_t in_flight = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  ///< at a connection cap, with 503
  std::uint64_t evicted = 0;  ///< idle or still in their head, closed to make room
};

/// Listens from start() to stop(). At `max_connections` the
/// connection that has been idle longest makes room for the new one, so idle clients can never
/// starve active ones. Safe from any thread.
class Server {
 public:
  /// Binds and listens.
  /// Errors: forbidden (the address is not loopback: authentication does not exist yet),
  /// invalid (not an address), conflict (the port is taken), internal (no thread or socket).
  static Result<std::unique_ptr<Server>> start(ServerOptions, Handler, Refuser, AccessLog, Clock,
                                               UuidSource);
  /// As stop() with no patience.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const noexcept;
  ServerStats stats() const;

  /// From now on every answer says `Connection: close`, so that clients take their next request
  /// elsewhere; new connections are still accepted. For the time between "not ready" and stop().
  void wind_down();

  /// Ends without losing an answer:
  /// 1. No new connection begins; those the kernel has completed are served like all others.
  /// 2. A request that is being worked on, or whose first byte is here, is answered, with
  ///    `Connection: close`.
  /// 3. A connection on which nothing came for a quarter of a second (less when `patience` is
  ///    short) gets a 503 with `Connection: close` as the answer to a request that may be on its
  ///    way, and is half-closed: such a request meets an answer, never a reset, and was not acted
  ///    upon.
  /// 4. When `patience` is over, requests whose head is not here get that 503, and those being
  ///    worked on are cut.
  /// Returns true when nothing had to be cut. The second call does nothing.
  /// Source: RFC 9112 section 9.6; reliability.md section 2.6 and F28.
  bool stop(std::chrono::milliseconds patience);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace concord::http
