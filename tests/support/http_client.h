#pragma once
/// A plain HTTP/1.1 client over loopback, for tests: sends exactly what it is told.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace concord::test {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One keep-alive connection to 127.0.0.1, opened anew when it was lost. Not thread-safe.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port, std::chrono::seconds patience = std::chrono::seconds(60))
      : port_(port), patience_(patience) {}
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Nothing when no whole answer came (no connection, closed, time over). A body is sent with
  /// Content-Length; sending ends early when the other side answers before the end.
  std::optional<HttpAnswer> request(std::string_view method, std::string_view path,
                                    const Headers& headers = {}, std::string_view body = {});

  /// Sends raw bytes on a fresh connection and reads one answer.
  std::optional<HttpAnswer> raw(std::string_view bytes);

 private:
  bool connect();
  void close();
  bool send(std::string_view bytes);
  std::optional<HttpAnswer> read();
  bool more();

  std::uint16_t port_;
  std::chrono::seconds patience_;
  int socket_ = -1;
  std::string buffer_;
};

}  // namespace concord::test
