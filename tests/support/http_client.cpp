#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace concord::test {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

HttpClient::~HttpClient() { close(); }

bool HttpClient::connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port_);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket_ < 0 || ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    close();
    return false;
  }
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval limit{patience_.count(), 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return true;
}

void HttpClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  buffer_.clear();
}

bool HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd early{socket_, POLLIN, 0};
    if (bytes.size() > 65536 && ::poll(&early, 1, 0) > 0) return true;  // an answer already
    const ssize_t sent =
        ::send(socket_, bytes.data(), std::min<std::size_t>(bytes.size(), 65536), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return errno == EPIPE || errno == ECONNRESET;  // an answer may be waiting
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool HttpClient::more() {
  char block[65536];
  const ssize_t size = ::recv(socket_, block, sizeof block, 0);
  if (size <= 0) return false;
  buffer_.append(block, static_cast<std::size_t>(size));
  return true;
}

std::optional<HttpAnswer> HttpClient::read() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return std::nullopt;
  }
  HttpAnswer answer;
  const std::string head = buffer_.substr(0, end);
  buffer_.erase(0, end + 4);
  if (head.size() < 12 || !head.starts_with("HTTP/1.1 ")) return std::nullopt;
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  for (auto at = head.find("\r\n"); at != std::string::npos;) {
    const auto next = head.find("\r\n", at + 2);
    const std::string line = head.substr(at + 2, next - at - 2);
    const auto colon = line.find(':');
    if (colon != std::string::npos) {
      const auto value = line.find_first_not_of(' ', colon + 1);
      answer.headers[lower(line.substr(0, colon))] =
          value == std::string::npos ? "" : line.substr(value);
    }
    at = next;
  }
  const auto length = answer.headers.find("content-length");
  if (length != answer.headers.end()) {
    const std::size_t size = std::stoul(length->second);
    while (buffer_.size() < size) {
      if (!more()) return std::nullopt;
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
  }
  if (lower(answer.headers["connection"]) == "close") close();
  return answer;
}

std::optional<HttpAnswer> HttpClient::request(std::string_view method, std::string_view path,
                                              const Headers& headers, std::string_view body) {
  const bool reused = socket_ >= 0;
  if (!reused && !connect()) return std::nullopt;
  std::string head(method);
  head += ' ';
  head += path;
  head += " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  for (const auto& [name, value] : headers) head += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST") {
    head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  head += "\r\n";
  std::optional<HttpAnswer> answer;
  if (send(head) && send(body)) answer = read();
  if (!answer) close();
  return answer;
}

std::optional<HttpAnswer> HttpClient::raw(std::string_view bytes) {
  close();
  if (!connect() || !send(bytes)) return std::nullopt;
  auto answer = read();
  close();
  return answer;
}

}  // namespace concord::test
