#pragma once
/// Writes the head of an answer. Pure functions, safe from any thread.

#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace concord::http::detail {

/// Replaces `out` with the head: status line, the response's own fields, and those every answer
/// has (no-store: every answer may hold patient data; nosniff; no-referrer).
void write_head(std::string& out, const Response& response, const Request& request, Instant now,
                bool http_1_0, bool close);

/// The method when it is one of RFC 9110 or PATCH, else "OTHER".
std::string_view known_method(std::string_view method) noexcept;

}  // namespace concord::http::detail
