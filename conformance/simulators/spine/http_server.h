#pragma once
/// A small HTTP/1.1 server for the simulator: one thread per connection, keep-alive, and able to
/// misbehave on purpose. Not for the gateway.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fhir/core/result.h"

namespace concord::spine {

struct Request {
  std::string method;
  std::string path;                            ///< with query
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body = {};
};

struct Reply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool drop = false;  ///< close the connection, send nothing
  int copies = 1;     ///< how often the whole answer is sent
};

/// Serves until destroyed. The handler is called from many threads at once.
class HttpServer {
 public:
  using Handler = std::function<Reply(const Request&)>;

  struct Limits {
    std::size_t max_head = 32 * 1024;
    std::size_t max_body = std::size_t{16} << 20;
    std::size_t max_connections = 512;  ///< further ones are closed at once
    std::chrono::seconds idle{60};
  };

  /// Listens on 127.0.0.1; port 0 takes a free one.
  /// Errors: transient (the port is taken or cannot be opened).
  static Result<std::unique_ptr<HttpServer>> start(std::uint16_t port, Handler handler,
                                                   Limits limits);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  class Connection;
  HttpServer(Handler handler, Limits limits) : handler_(std::move(handler)), limits_(limits) {}
  void accept_all();
  void serve(int socket);

  Handler handler_;
  Limits limits_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::mutex lock_;
  std::map<int, std::thread> connections_;  ///< by socket
  std::vector<std::thread> finished_;
  std::thread accepting_;
};

}  // namespace concord::spine
