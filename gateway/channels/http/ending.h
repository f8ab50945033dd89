#pragma once
/// How the end of an HTTP exchange reads as the end of a carrying. Pure functions.
/// Source: reliability.md section 2.4; RFC 9110 sections 10.2.3 (Retry-After) and 15.

#include <chrono>
#include <cstdint>
#include <optional>

#include "gateway/channels/channel.h"

namespace concord::channels::http {

/// The longest wish to be left alone that is granted; a peer that asks for more is asked again
/// after this.
inline constexpr std::chrono::seconds kLongestRetryAfter{3600};

/// | status | ends as |
/// |---|---|
/// | 200 … 299 | answered |
/// | 408, 425, 429, 502, 503 | not_sent: it says that it did nothing, or something before it does |
/// | 500, 504, other 5xx | unknown: it may have done something |
/// | 501, 505, 1xx, 3xx, other 4xx, anything else | turned_away |
Carried carried_by_status(long status);

/// What a transfer that brought no answer ends as, by libcurl's code (CURLcode). What fails before
/// the first byte of the request left can be sent again at once: not_sent. Later: unknown.
/// @param request_began  bytes of the request were sent (CURLINFO_REQUEST_SIZE > 0)
Carried carried_by_code(int curl_code, bool request_began);

/// The wait a peer asked for, bounded. libcurl gives seconds for both forms of Retry-After, seconds
/// and HTTP-date; nothing when there was none, it could not be read or it has passed.
std::optional<std::chrono::seconds> retry_after(std::int64_t seconds);

}  // namespace concord::channels::http
