#pragma once
/// What is answered to a message, behind every door that takes one: the Task of the exchange, or
/// what the other side said. Functions are safe from any thread.

#include "gateway/api/endpoint.h"
#include "gateway/exchange/exchange.h"

namespace concord::api {

/// Takes the body through the exchange and answers as its kind and the caller's Prefer ask for.
/// `resource_type` is the only one this door takes.
///
/// The message is committed before anything is waited for. With an answer of the other side in
/// time: its status and resource. Otherwise 202, the Task, Location, and where an answer is awaited
/// Content-Location, under which it can be had later. Waiting ends 25 s after the request came, one
/// second before its deadline, or as Prefer: wait=SECONDS says.
/// Errors: those of ExchangeService::submit().
/// Sources: RFC 7240 sections 4.1 and 4.3; eps.md section 3.3 (25 s).
Result<http::Response> take_message(Call& call, const Services& use,
                                    std::string_view resource_type);

/// Whether the body, a resource given by itself, is a message: always where no resources are kept,
/// and when it cannot be read or is of another type than the door's, so that the exchange says why.
/// The body stays.
bool is_message(const Call& call, const Services& use, std::string_view resource_type);

/// What the other side said, as the answer to this call. `answer` is given or given up.
/// Errors: timeout (given up).
Result<http::Response> peer_response(const exchange::PeerAnswer& answer, const Call& call,
                                     const Services& use);

}  // namespace concord::api
