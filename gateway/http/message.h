#pragma once
/// What the gateway sees of HTTP: a request that arrived whole and a response to be written.
/// Plain values, one thread at a time.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/error.h"
#include "fhir/core/instant.h"
#include "fhir/core/result.h"

namespace concord::http {

/// One header field of a request. `name` is lower case.
struct Field {
  std::string_view name;
  std::string_view value;
};

/// A request whose framing was checked: one length, no control characters, within every limit.
/// Views point into the connection's buffer and hold until the handler returns.
struct Request {
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  std::string_view method;            ///< as sent: "GET"
  std::string_view target;            ///< as sent; holds query values, so never for a log
  std::string_view query;             ///< after '?', not decoded
  std::vector<std::string> segments;  ///< the path cut at '/', then percent-decoded
  std::vector<Field> fields;          ///< in order of arrival
  std::string body;                   ///< the handler may move it away
  std::string request_id;             ///< X-Request-ID, or a new UUID
  bool request_id_given = false;      ///< the caller chose `request_id`
  std::string correlation_id;         ///< X-Correlation-ID, or empty
  std::string peer;                   ///< address of the other end, without port
  Instant received_at{};              ///< when the first byte was there
  std::chrono::steady_clock::time_point deadline{};  ///< an answer after this helps nobody

  /// The value of the first field of that (lower case) name; empty when there is none.
  std::string_view field(std::string_view name) const noexcept;
  bool has_field(std::string_view name) const noexcept;
  /// Every value of that name joined by ", ", as RFC 9110 section 5.3 allows.
  std::string joined_field(std::string_view name) const;
};

/// A body that is made while it is sent: the server asks for the next piece until there is none.
/// Used by one thread, the connection's own, which it may keep for hours.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next piece; empty: nothing yet, ask again; nothing: the body has ended. Waits for at most
  /// `patience`, which is short, so that the server notices a peer that left and its own stop. What
  /// it throws ends the connection, so that the other side sees a body that was cut off.
  virtual std::optional<std::string> next(std::chrono::milliseconds patience) = 0;
};

/// What goes back. The server adds Date, Content-Length, Connection, X-Request-ID,
/// X-Correlation-ID, Cache-Control and the fixed security headers.
struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  ///< control characters are dropped
  std::string body;
  std::string_view route = "-";  ///< template of the path, for logs and metrics; static text
  std::string exchange_id;       ///< for the access log; empty when there is none
  /// In the place of `body`: sent in chunks as it comes, each within ServerTimes::write, until it
  /// ends, the peer leaves or reads too slowly, or the server stops. Its time is its own: it counts
  /// neither as in flight nor against the deadline.
  std::shared_ptr<BodySource> stream;

  Response& header(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
};

/// Answers a request. Called from many threads at once. Should not throw; what it throws becomes
/// a 500 from the refuser.
using Handler = std::function<Response(Request&)>;

/// Writes the answer to a request the server itself refuses (limits, framing, overload). `request`
/// holds what was understood so far; for a broken head that is nothing.
using Refuser = std::function<Response(const Request&, int status, const Error&)>;

/// One line of the access log: ids, sizes and times, never a value out of the message.
struct AccessRecord {
  Instant received_at{};
  std::string_view request_id;
  std::string_view correlation_id;
  std::string_view exchange_id;
  std::string_view method;  ///< one of the known methods, or "OTHER"
  std::string_view route;
  std::string_view peer;
  int status = 0;
  std::chrono::microseconds took{};  ///< first byte in to last byte out
  std::size_t bytes_in = 0;          ///< body
  std::size_t bytes_out = 0;         ///< body
};
using AccessLog = std::function<void(const AccessRecord&)>;

/// Decodes %XX (and '+' as space when `form`).
/// Errors: malformed (a '%' without two hex digits, or a decoded control character).
Result<std::string> percent_decode(std::string_view text, bool form);

/// Everything but the unreserved characters as %XX: fit for a path segment or a query value.
/// Source: RFC 3986 sections 2.1, 2.3.
std::string percent_encode(std::string_view text);

/// The parameters of a query, decoded, in order.
/// Errors: malformed (as percent_decode), too_long (more than 64 parameters).
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

/// "Not Found" for 404; "Status" for numbers nobody named.
std::string_view reason_phrase(int status) noexcept;

}  // namespace concord::http
