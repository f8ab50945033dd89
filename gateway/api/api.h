#pragma once
/// From an HTTP request to an answer: routing, formats, errors. Safe from any thread.

#include <memory>

#include "gateway/api/endpoint.h"
#include "gateway/api/resource_builder.h"
#include "gateway/api/services.h"
#include "gateway/http/message.h"

namespace concord::api {

/// Answers every request with a response; every error is an OperationOutcome in the format asked
/// for. Bodies packed with gzip or deflate are unpacked first, long answers packed when the caller
/// takes gzip. Immutable once made, but for what is made at first use and kept.
class Api {
 public:
  /// `services.endpoints` is set to the standard table: with the interactions of stored resources
  /// when `services.resources` is there; then `services.definitions` must be too.
  explicit Api(Services services);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// For http::Server: 404 unknown path, 405 with Allow, 406, 415 and whatever the endpoint says;
  /// OPTIONS, and questions of browsers before calls from another origin.
  http::Response handle(http::Request& request) const;
  /// For http::Server: what the edge refused, as an OperationOutcome.
  http::Response refuse(const http::Request& request, int status, const Error& error) const;

  /// For resources::Parts: value sets loaded or stored. Errors: those of the store, not_found,
  /// unsupported (there is no terminology).
  Result<search::ValueSetSource> value_set(std::string_view asked) const;

  /// Only the endpoints of the interaction "service" (health, metrics), for a port of their own.
  http::Response handle_service(http::Request& request) const;

 private:
  http::Response dispatch(http::Request& request, bool services_only) const;
  http::Response call_endpoint(const EndpointTable::Row& row, http::Request& request) const;
  http::Response options(http::Request& request, std::string_view allowed) const;
  http::Response outcome(const http::Request& request, int status, const Error& error,
                         const Answering& answering, std::string_view route) const;

  Services services_;
  EndpointTable endpoints_;
  std::unique_ptr<Capabilities> capabilities_;
  std::unique_ptr<StoredTerminology> stored_terms_;
};

/// A response with a resource in the asked format.
/// Errors: those of the writers.
Result<http::Response> resource_response(int status, const ResourceBuilder& resource,
                                         const Call& call);

/// A link below the FHIR base: "Task/7b1…" → "/FHIR/R4/Task/7b1…" or with the public address.
std::string link(const Services& use, std::string_view relative);

}  // namespace concord::api
