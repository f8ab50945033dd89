#include "gateway/channels/http/ending.h"

#include <curl/curl.h>

#include <algorithm>

namespace concord::channels::http {

Carried carried_by_status(long status) {
  if (status >= 200 && status < 300) return Carried::answered;
  switch (status) {
    case 408:
    case 425:
    case 429:
    case 502:
    case 503:
      return Carried::not_sent;
    case 501:
    case 505:
      return Carried::turned_away;
    default:
      return status >= 500 && status < 600 ? Carried::unknown : Carried::turned_away;
  }
}

Carried carried_by_code(int curl_code, bool request_began) {
  switch (curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_OUT_OF_MEMORY:
      return Carried::not_sent;
    default:
      return request_began ? Carried::unknown : Carried::not_sent;
  }
}

std::optional<std::chrono::seconds> retry_after(std::int64_t seconds) {
  if (seconds <= 0) return std::nullopt;
  return std::min(std::chrono::seconds{seconds}, kLongestRetryAfter);
}

}  // namespace concord::channels::http
