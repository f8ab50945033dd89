#pragma once
/// What an HTTP request brings to the exchange.

#include "gateway/api/endpoint.h"
#include "gateway/exchange/stages.h"

namespace concord::api {

/// Moves the body out of the request. The deadline is the request's, as a time of `clock`.
exchange::Arrival arrival_from(Call& call, const Clock& clock);

/// Whether the caller states a preference without a value: "respond-async".
bool prefers(const http::Request& request, std::string_view name);

/// A preference of the caller: "return" → "minimal". Empty when there is none.
/// Source: RFC 7240; hl7.org/fhir/R4/http.html#ops.
std::string preference(const http::Request& request, std::string_view name);

}  // namespace concord::api
