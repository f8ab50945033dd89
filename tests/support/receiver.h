#pragma once
/// A subscriber: listens on a port, keeps what it is told, and answers as the test likes. Gone, its
/// port refuses connections; another one may take the port up. Users link gateway/http.

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/http/server.h"
#include "tests/support/result_matchers.h"

namespace concord::test {

class Receiver {
 public:
  struct Told {
    std::string path, body, content_type, request_id, token;
  };
  using Answer = std::function<int(const Told&)>;

  /// `port` 0: a free one.
  explicit Receiver(
      Answer answer = [](const Told&) { return 200; }, std::uint16_t port = 0)
      : answer_(std::move(answer)) {
    http::ServerOptions options;
    options.port = port;
    options.max_connections = 64;
    auto started = http::Server::start(
        options, [this](http::Request& request) { return take(request); },
        [](const http::Request&, int status, const Error&) {
          http::Response response;
          response.status = status;
          return response;
        },
        {}, system_clock(), random_uuids());
    EXPECT_THAT(started, IsOk());
    server_ = *std::move(started);
  }

  std::uint16_t port() const { return server_->port(); }
  std::string url(const std::string& path = "/hook") const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  void set_answer(Answer answer) {
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
  }
  std::vector<Told> told() const {
    const std::scoped_lock lock(mutex_);
    return told_;
  }
  /// Waits until it was told that often; what it was told.
  std::vector<Told> wait_for(std::size_t count,
                             std::chrono::milliseconds patience = std::chrono::seconds(15)) const {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      if (auto all = told(); all.size() >= count) return all;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return told();
  }

 private:
  http::Response take(http::Request& request) {
    Told told{std::string(request.target), request.body, std::string(request.field("content-type")),
              request.request_id, std::string(request.field("authorization"))};
    http::Response response;
    Answer answer;
    {
      const std::scoped_lock lock(mutex_);
      told_.push_back(told);
      answer = answer_;
    }
    response.status = answer(told);
    return response;
  }

  mutable std::mutex mutex_;
  Answer answer_;
  std::vector<Told> told_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace concord::test
