#include "gateway/http/detail/head_writer.h"

#include <fmt/format.h>

#include <iterator>

#include "gateway/http/http_date.h"

namespace concord::http::detail {
namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) out += c;
  }
  out += "\r\n";
}

}  // namespace

void write_head(std::string& out, const Response& response, const Request& request, Instant now,
                bool http_1_0, bool close) {
  out.clear();
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: ", response.status,
                 reason_phrase(response.status));
  append_http_date(out, now);
  out += "\r\n";
  if (response.stream != nullptr) {
    if (!http_1_0) out += "Transfer-Encoding: chunked\r\n";
  } else if (response.status != 204 && response.status != 304) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.body.size());
  }
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  append_field(out, "X-Request-ID", request.request_id);
  if (!request.correlation_id.empty())
    append_field(out, "X-Correlation-ID", request.correlation_id);
  out +=
      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
      "Referrer-Policy: no-referrer\r\n";
  if (close) {
    out += "Connection: close\r\n";
  } else if (http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

std::string_view known_method(std::string_view method) noexcept {
  for (const std::string_view known :
       {"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"}) {
    if (method == known) return known;
  }
  return "OTHER";
}

}  // namespace concord::http::detail
