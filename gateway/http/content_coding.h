#pragma once
/// Compressed bodies: gzip and deflate. Pure functions, safe from any thread; no exception leaves.
/// Source: RFC 9110 sections 8.4.1 and 12.5.3; RFC 1950, 1952; security-nhs.md section 6.

#include <cstddef>
#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::http {

/// Bounds on what a body may grow to. Past one of them: too_long.
struct InflateLimits {
  std::size_t max_bytes = std::size_t{5} << 20;  ///< of the body once it is unpacked
  std::size_t max_ratio = 100;                   ///< unpacked over packed, beyond `free_bytes`
  std::size_t free_bytes = std::size_t{64} << 10;
};

/// Undoes Content-Encoding: "gzip" (or "x-gzip"), "deflate" (in its zlib frame), or "identity".
/// Unpacked piece by piece: never more than a limit and one piece is held.
/// Errors: unsupported (another coding, or more than one layer): 415; malformed (not what it says,
/// cut short, a wrong checksum, bytes behind its end): 400; too_long (a limit): 413.
Result<std::string> decode_content(std::string body, std::string_view content_encoding,
                                   const InflateLimits& limits);

/// Whether an Accept-Encoding field wants gzip at least as much as nothing at all.
bool accepts_gzip(std::string_view accept_encoding);

/// `bytes` as one gzip member. Errors: internal (no memory).
Result<std::string> gzip(std::string_view bytes);

}  // namespace concord::http
