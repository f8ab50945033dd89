#include "conformance/simulators/spine/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace concord::spine {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

}  // namespace

/// One connection: reads requests one after the other, writes answers.
class HttpServer::Connection {
 public:
  Connection(int socket, const HttpServer& server) : socket_(socket), server_(server) {}

  void run() {
    while (!server_.stopping_) {
      Request request;
      std::size_t length = 0;
      const auto refused = read_head(request, length);
      if (closed_) return;
      if (refused) {
        send_reply({.status = *refused, .body = "refused\n"}, false);
        return;
      }
      if (lower(request.headers["expect"]) == "100-continue" &&
          !send_all("HTTP/1.1 100 Continue\r\n\r\n")) {
        return;
      }
      if (!read_body(request, length)) return;
      const bool keep = lower(request.headers["connection"]) != "close";
      const Reply reply = server_.handler_(request);
      if (reply.drop || !send_reply(reply, keep) || !keep) return;
    }
  }

 private:
  /// Waits for bytes and appends them; false when there are no more.
  bool more() {
    pollfd wait{socket_, POLLIN, 0};
    const auto until = std::chrono::steady_clock::now() + server_.limits_.idle;
    while (!server_.stopping_ && std::chrono::steady_clock::now() < until) {
      const int ready = ::poll(&wait, 1, 100);
      if (ready < 0 && errno != EINTR) return false;
      if (ready <= 0) continue;
      char block[16 * 1024];
      const ssize_t size = ::recv(socket_, block, sizeof block, 0);
      if (size <= 0) return false;
      buffer_.append(block, static_cast<std::size_t>(size));
      return true;
    }
    return false;
  }

  /// The status to refuse with, or nothing. Sets closed_ when the peer went away.
  std::optional<int> read_head(Request& request, std::size_t& length) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (buffer_.size() > server_.limits_.max_head) return 400;
      if (!more()) {
        closed_ = true;
        return std::nullopt;
      }
    }
    const std::string head = buffer_.substr(0, end);
    buffer_.erase(0, end + 4);
    return parse_head(head, request, length);
  }

  std::optional<int> parse_head(std::string_view head, Request& request, std::size_t& length) {
    const auto first_end = head.find("\r\n");
    const std::string_view first = head.substr(0, first_end);
    const auto space = first.find(' ');
    const auto second = first.find(' ', space + 1);
    if (space == std::string_view::npos || second == std::string_view::npos ||
        first.substr(second + 1) != "HTTP/1.1") {
      return 400;
    }
    request.method = first.substr(0, space);
    request.path = first.substr(space + 1, second - space - 1);
    std::string_view rest =
        first_end == std::string_view::npos ? std::string_view() : head.substr(first_end + 2);
    while (!rest.empty()) {
      const auto line_end = rest.find("\r\n");
      const std::string_view line = rest.substr(0, line_end);
      rest = line_end == std::string_view::npos ? std::string_view() : rest.substr(line_end + 2);
      const auto colon = line.find(':');
      if (colon == std::string_view::npos || colon == 0) return 400;
      request.headers[lower(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
    }
    if (request.headers.contains("transfer-encoding")) return 411;
    const auto declared = request.headers.find("content-length");
    if (declared == request.headers.end()) return std::nullopt;
    const std::string& text = declared->second;
    const auto [at, failed] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (failed != std::errc{} || at != text.data() + text.size()) return 400;
    if (length > server_.limits_.max_body) return 413;
    return std::nullopt;
  }

  bool read_body(Request& request, std::size_t length) {
    while (buffer_.size() < length) {
      if (!more()) return false;
    }
    request.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return true;
  }

  bool send_reply(const Reply& reply, bool keep) {
    std::string out =
        fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", reply.status,
                    phrase(reply.status), reply.content_type, reply.body.size());
    for (const auto& [name, value] : reply.headers) out += name + ": " + value + "\r\n";
    out += keep ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    out += reply.body;
    for (int i = 0; i < reply.copies; ++i) {
      if (!send_all(out)) return false;
    }
    return true;
  }

  bool send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  int socket_;
  const HttpServer& server_;
  std::string buffer_;
  bool closed_ = false;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(std::uint16_t port, Handler handler,
                                                      Limits limits) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(handler), limits));
  const auto failed = [port] {
    return make_error(ErrorCode::transient, fmt::format("cannot listen on 127.0.0.1:{}", port));
  };
  server->listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server->listener_ < 0) return failed();
  const int on = 1;
  ::setsockopt(server->listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  if (::bind(server->listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(server->listener_, 256) != 0 ||
      ::getsockname(server->listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return failed();
  }
  server->port_ = ntohs(address.sin_port);
  server->accepting_ = std::thread([self = server.get()] { self->accept_all(); });
  return server;
}

HttpServer::~HttpServer() {
  stopping_ = true;
  if (accepting_.joinable()) accepting_.join();
  std::map<int, std::thread> open;
  {
    const std::lock_guard guard(lock_);
    for (auto& [socket, thread] : connections_) ::shutdown(socket, SHUT_RDWR);
    open.swap(connections_);
  }
  for (auto& [socket, thread] : open) thread.join();
  for (std::thread& thread : finished_) thread.join();
  if (listener_ >= 0) ::close(listener_);
}

void HttpServer::accept_all() {
  pollfd wait{listener_, POLLIN, 0};
  while (!stopping_) {
    if (::poll(&wait, 1, 50) <= 0) continue;
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::vector<std::thread> finished;
    {
      const std::lock_guard guard(lock_);
      finished.swap(finished_);
      if (connections_.size() < limits_.max_connections) {
        connections_.emplace(socket, std::thread([this, socket] { serve(socket); }));
      } else {
        ::close(socket);
      }
    }
    for (std::thread& thread : finished) thread.join();
  }
}

void HttpServer::serve(int socket) {
  Connection(socket, *this).run();
  const std::lock_guard guard(lock_);
  // When the server is being destroyed, it has taken the threads to join them itself.
  const auto self = connections_.find(socket);
  if (self != connections_.end()) {
    finished_.push_back(std::move(self->second));
    connections_.erase(self);
  }
  ::close(socket);
}

}  // namespace concord::spine
