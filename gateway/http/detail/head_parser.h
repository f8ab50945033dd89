#pragma once
/// Reads a request head as RFC 9112 writes it, and nothing looser: every shape two parsers could
/// read differently is refused. Pure functions, safe from any thread.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/http/message.h"
#include "gateway/http/server.h"

namespace concord::http::detail {

/// Why a request is refused, before any handler.
struct Refusal {
  int status = 400;
  Error error;
};

/// How the body of a request is delimited, and whether the connection may go on.
struct Framing {
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  std::optional<std::size_t> content_length;
};

/// Bytes up to and with the blank line, or 0 when it is not there yet. A line feed without its
/// carriage return counts as a line end here, so that parse_head() can refuse it at once.
/// `scanned` remembers how far earlier calls looked.
std::size_t find_head_end(std::string_view bytes, std::size_t& scanned) noexcept;

/// Fills method, target, query, segments and fields of `request` from a whole head, whose field
/// names become lower case in place.
/// Errors (status): 400 shape, smuggling, Host; 414 target; 431 fields; 505 version (HTTP/2
/// with prior knowledge too).
std::optional<Refusal> parse_head(std::span<char> head, const ServerLimits& limits,
                                  Request& request, Framing& framing);

/// The size of a chunk from its line without CRLF ("1a;name=value").
/// Nothing when it is not 1-8 hex digits, or the extension is over 256 bytes or holds controls.
std::optional<std::size_t> parse_chunk_size(std::string_view line) noexcept;

/// Whether the text is a token of RFC 9110 section 5.6.2.
bool is_token(std::string_view text) noexcept;

/// Whether an id of a caller may be echoed and stored: 1-128 of A-Z a-z 0-9 - _ . :
bool is_plain_id(std::string_view text) noexcept;

Refusal refusal(int status, ErrorCode code, std::string text);

}  // namespace concord::http::detail
