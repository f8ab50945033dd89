#pragma once
/// One HTTP request and its answer, and what of both may be written down. Plain values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/script.h"

namespace concord::runner {

struct Request {
  std::string method;  ///< upper case
  std::string url;     ///< whole
  std::vector<HeaderLine> headers;
  std::string body;
};

struct Response {
  int status = 0;
  std::vector<HeaderLine> headers;
  std::string body;
};

/// The values of a header field, any case, joined by ", "; nothing when it is absent.
std::optional<std::string> header(const std::vector<HeaderLine>& headers, std::string_view field);

struct Exchange {
  Request request;
  Response response;    ///< status 0: there was no answer
  std::string failure;  ///< why there was none
  std::chrono::microseconds took{0};
  int destination = 1;
  std::string place;  ///< of the action it belongs to; "" for what the engine asked itself
  // What the operation was, for claims and tables.
  std::string type;         ///< resource type; empty: the whole system
  std::string interaction;  ///< R4 restful interaction ("search-type") or "$name"
};

/// Takes away what must not be written down: the values of header fields that carry secrets
/// (Authorization, Cookie, names with "token", "secret", "key", "password"), parameters of that
/// kind in addresses and bodies, and every secret it was told, wherever it occurs.
class Mask {
 public:
  /// A secret given on the command line; shorter ones than 6 characters are not looked for.
  void add(std::string secret);
  static bool is_secret_field(std::string_view field);

  std::string text(std::string_view text) const;
  std::string value(const HeaderLine& line) const;
  /// A copy without secrets.
  Exchange exchange(const Exchange& from) const;

 private:
  std::set<std::string> secrets_;
};

}  // namespace concord::runner
