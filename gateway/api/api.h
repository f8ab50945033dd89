#pragma once
/// From an HTTP request to an answer: routing, formats, errors. Safe from any thread.

#include "gateway/api/endpoint.h"
#include "gateway/api/resource_builder.h"
#include "gateway/api/services.h"
#include "gateway/http/message.h"

namespace concord::api {

/// Answers every request with a response; every error is an OperationOutcome in the format asked
/// for. Immutable once made.
class Api {
 public:
  /// `services.endpoints` is set to the standard table.
  explicit Api(Services services);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// For http::Server: 404 unknown path, 405 with Allow, 406, 415 and whatever the endpoint says.
  http::Response handle(http::Request& request) const;
  /// For http::Server: what the edge refused, as an OperationOutcome.
  http::Response refuse(const http::Request& request, int status, const Error& error) const;

  /// Only the endpoints of the interaction "service" (health, metrics), for a port of their own.
  http::Response handle_service(http::Request& request) const;

 private:
  http::Response dispatch(http::Request& request, bool services_only) const;
  http::Response outcome(int status, const Error& error, const Answering& answering,
                         std::string_view route) const;

  Services services_;
  EndpointTable endpoints_;
};

/// A response with a resource in the asked format.
/// Errors: those of the writers.
Result<http::Response> resource_response(int status, const ResourceBuilder& resource,
                                         const Call& call);

/// A link below the FHIR base: "Task/7b1…" → "/FHIR/R4/Task/7b1…" or with the public address.
std::string link(const Services& use, std::string_view relative);

}  // namespace concord::api
