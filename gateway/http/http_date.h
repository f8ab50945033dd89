#pragma once
/// Dates of HTTP fields. Pure functions, safe from any thread.
/// Source: RFC 9110 section 5.6.7.

#include <optional>
#include <string>
#include <string_view>

#include "fhir/core/instant.h"

namespace concord::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT"; milliseconds are left out.
std::string format_http_date(Instant at);
void append_http_date(std::string& out, Instant at);

/// Any of the three forms a recipient must read; nothing when the text is none of them or names a
/// day or time that is not.
std::optional<Instant> parse_http_date(std::string_view text);

}  // namespace concord::http
