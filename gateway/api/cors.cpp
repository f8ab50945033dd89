#include "gateway/api/cors.h"

#include <algorithm>

namespace concord::api {
namespace {

/// Fields of requests an application may set.
constexpr std::string_view kRequestFields =
    "accept, authorization, content-encoding, content-type, if-match, if-modified-since, "
    "if-none-exist, if-none-match, prefer, x-correlation-id, x-provenance, x-request-id";
/// Fields of answers it may read besides those every one may.
constexpr std::string_view kAnswerFields =
    "Allow, Content-Location, ETag, Last-Modified, Location, Retry-After, X-Concord-Exchange, "
    "X-Concord-Replayed, X-Correlation-ID, X-Request-ID";
constexpr std::string_view kMaxAge = "600";  // seconds

bool let_in(const http::Request& request, const Services& use) {
  const std::string_view origin = request.field("origin");
  return !origin.empty() && std::find(use.cors_origins.begin(), use.cors_origins.end(), origin) !=
                                use.cors_origins.end();
}

}  // namespace

bool is_preflight(const http::Request& request, const Services& use) {
  return request.method == "OPTIONS" && request.has_field("access-control-request-method") &&
         let_in(request, use);
}

http::Response preflight_response(std::string_view methods) {
  http::Response response;
  response.status = 204;
  response.header("Allow", std::string(methods));
  response.header("Access-Control-Allow-Methods", std::string(methods));
  response.header("Access-Control-Allow-Headers", std::string(kRequestFields));
  response.header("Access-Control-Max-Age", std::string(kMaxAge));
  return response;
}

void add_cors(http::Response& response, const http::Request& request, const Services& use) {
  if (use.cors_origins.empty()) return;
  response.header("Vary", "Origin");
  if (!let_in(request, use)) return;
  response.header("Access-Control-Allow-Origin", std::string(request.field("origin")));
  response.header("Access-Control-Expose-Headers", std::string(kAnswerFields));
}

}  // namespace concord::api
