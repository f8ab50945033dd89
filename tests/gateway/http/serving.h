#pragma once
/// A server for one test, on a free port, with a handler that tells what it received.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/http/server.h"
#include "tests/support/raw_socket.h"
#include "tests/support/result_matchers.h"

namespace concord::http {

/// One access record, kept after its request is gone.
struct SeenAccess {
  std::string request_id, method, route;
  int status = 0;
  std::size_t bytes_in = 0, bytes_out = 0;
};

/// The machine's clock; nothing here depends on the time of day.
inline Clock wall_clock() {
  return [] {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  };
}
inline UuidSource fixed_ids() {
  return [] { return std::string("id"); };
}

class Serving {
 public:
  static ServerOptions options() {
    ServerOptions chosen;
    chosen.port = 0;
    chosen.max_connections = 64;
    return chosen;
  }

  /// The handler answers "METHOD body-size", and /slow waits, /throw throws.
  explicit Serving(ServerOptions chosen = options(), Handler handler = {}) {
    if (!handler) handler = [this](Request& request) { return echo(request); };
    auto started = Server::start(
        std::move(chosen), std::move(handler),
        [](const Request&, int status, const Error& error) {
          Response response;
          response.status = status;
          response.body = error.issues.front().text;
          return response;
        },
        [this](const AccessRecord& record) {
          const std::scoped_lock lock(mutex_);
          seen_.push_back({std::string(record.request_id), std::string(record.method),
                           std::string(record.route), record.status, record.bytes_in,
                           record.bytes_out});
        },
        wall_clock(), [this] { return "generated-" + std::to_string(++ids_); });
    EXPECT_THAT(started, IsOk());
    server = *std::move(started);
  }

  Response echo(Request& request) {
    ++handled;
    Response response;
    response.route = "/echo";
    if (request.segments.front() == "throw") throw 7;
    response.body = std::string(request.method) + " " + std::to_string(request.body.size());
    return response;
  }

  std::uint16_t port() const { return server->port(); }
  std::vector<SeenAccess> seen() {
    const std::scoped_lock lock(mutex_);
    return seen_;
  }

  std::atomic<int> handled{0};

 private:
  std::atomic<int> ids_{0};
  std::mutex mutex_;
  std::vector<SeenAccess> seen_;

 public:
  std::unique_ptr<Server> server;  ///< last: it ends before what its threads write to
};

}  // namespace concord::http
