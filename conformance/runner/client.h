#pragma once
/// HTTP over libcurl, connections kept alive. One thread.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "conformance/runner/exchange.h"
#include "fhir/core/result.h"

namespace concord::runner {

struct ClientOptions {
  std::chrono::milliseconds timeout{30'000};  ///< of one whole exchange
  std::chrono::milliseconds connect_timeout{5'000};
  std::size_t max_body = std::size_t{64} << 20;  ///< bytes of one answer
  std::string ca_file;                           ///< PEM; empty: the system's
  std::string certificate, key;                  ///< PEM files of this client; empty: none
  bool verify = true;                            ///< false only for trials
};

/// Sends one request and waits for the answer.
/// Errors: transient (no connection, cut off, not trusted), timeout, too_long (an answer over
/// max_body), malformed (an address that is none).
using Transport = std::function<Result<Response>(const Request&)>;

/// Redirects are not followed, nothing is retried, http and https only. No header is added but
/// those of `request`, Host, and Content-Length where there is a body.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Result<Response> send(const Request& request);
  Transport transport() {
    return [this](const Request& request) { return send(request); };
  }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::runner
