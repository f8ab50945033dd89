#pragma once
/// An HTTP server on loopback that answers every request with what it was told, byte by byte.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace concord::test {

class ScriptedServer {
 public:
  /// Gives the raw answer to a whole request (head and body). Empty: closes without an answer.
  using Script = std::function<std::string(const std::string& request)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
  }
  ~ScriptedServer() {
    thread_.request_stop();
    thread_.join();
    connections_threads_.clear();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/post"; }
  int connections() const { return connections_; }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  /// An answer with a length and whatever headers are given ("Name: value\r\n…").
  static std::string answer(int status, const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  void accept_all(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd waiting{listener_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      ++connections_;
      connections_threads_.emplace_back(
          [this, connection](const std::stop_token& own) { serve(connection, own); });
    }
  }

  void serve(int connection, const std::stop_token& stop) {
    std::string buffer;
    while (!stop.stop_requested()) {
      std::size_t whole = 0;
      const std::size_t head = buffer.find("\r\n\r\n");
      if (head != std::string::npos) {
        const std::size_t at = buffer.find("Content-Length: ");
        const std::size_t body = at < head ? std::stoul(buffer.substr(at + 16)) : 0;
        if (buffer.size() >= head + 4 + body) whole = head + 4 + body;
      }
      if (whole != 0) {
        const std::string request = buffer.substr(0, whole);
        buffer.erase(0, whole);
        {
          const std::lock_guard lock(mutex_);
          requests_.push_back(request);
        }
        const std::string answer = script_(request);
        if (answer.empty()) break;
        ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
        if (answer.find("Connection: close") != std::string::npos) break;
        continue;
      }
      pollfd waiting{connection, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      char bytes[65536];
      const ssize_t got = ::recv(connection, bytes, sizeof bytes, 0);
      if (got <= 0) break;
      buffer.append(bytes, static_cast<std::size_t>(got));
    }
    ::close(connection);
  }

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::jthread> connections_threads_;
  std::jthread thread_;
};

}  // namespace concord::test
