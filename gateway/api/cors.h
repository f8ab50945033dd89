#pragma once
/// Calls of web applications from other origins. Off unless origins are configured. Functions are
/// safe from any thread. Source: fetch.spec.whatwg.org/#http-cors-protocol; security-nhs.md
/// HTTP-05.

#include <span>
#include <string_view>

#include "gateway/api/services.h"
#include "gateway/http/message.h"

namespace concord::api {

/// Whether a request is a browser's question before a call from an origin that is let in.
bool is_preflight(const http::Request& request, const Services& use);

/// The answer to it: 204 with the methods of the address. Never says `*`, never lets credentials
/// in.
http::Response preflight_response(std::string_view methods);

/// Lets the origin of the request read the response, when it is one of those configured.
void add_cors(http::Response& response, const http::Request& request, const Services& use);

}  // namespace concord::api
