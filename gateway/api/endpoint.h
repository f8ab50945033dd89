#pragma once
/// The calls the gateway answers, as one table: it serves routing, the CapabilityStatement and
/// `concord --describe-api`, so they cannot disagree.

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/api/negotiate.h"
#include "gateway/api/services.h"
#include "gateway/http/message.h"

namespace concord::api {

/// One call. All texts are static.
struct Endpoint {
  std::string_view interaction;  ///< FHIR's word ("read", "operation", "capabilities") or "service"
  std::span<const std::string_view> resources = {};  ///< the types it serves; none: the system
  std::string_view method;                           ///< "GET" also answers HEAD
  std::string_view path;                             ///< "/FHIR/R4/Task/{id}"
  std::string_view scope;                            ///< what a caller must hold; empty: everybody
  std::string_view documentation;
  std::string_view operation = {};    ///< for operations: the name without $
  std::string_view definition = {};   ///< for operations: canonical of the OperationDefinition
  std::string_view also_writes = {};  ///< a media type it answers in besides FHIR's: "text/plain"
};

/// One request on its way to a handler.
struct Call {
  http::Request& request;
  const Endpoint& endpoint;
  std::vector<std::pair<std::string_view, std::string_view>> path;  ///< {id} → "7b1…"
  std::vector<std::pair<std::string, std::string>> query;
  Answering answering;  ///< format and layout of what goes back

  /// The value in the path at {name}; empty when there is none.
  std::string_view path_value(std::string_view name) const noexcept;
  /// The first query parameter of that name; empty when there is none.
  std::string_view query_value(std::string_view name) const noexcept;
};

/// Answers a call, or says why not: the error becomes an OperationOutcome with the status of its
/// code. Called from many threads at once.
using EndpointHandler = Result<http::Response> (*)(Call& call, const Services& use);

class EndpointTable {
 public:
  /// All endpoints of this room (endpoints/*.cpp).
  static EndpointTable standard();

  /// `endpoint` must be static.
  void add(const Endpoint& endpoint, EndpointHandler handler);

  struct Row {
    const Endpoint* endpoint;
    EndpointHandler handler;
    std::vector<std::string_view> segments;
  };
  const std::vector<Row>& rows() const noexcept { return rows_; }

  /// What a path leads to: the row of its method, and every method it has. Both empty: no such
  /// path.
  struct Match {
    const Row* row = nullptr;
    std::vector<std::string_view> methods;
  };
  Match match(std::string_view method, std::span<const std::string> segments) const;

  /// The table as text, one call per paragraph, for `concord --describe-api`.
  std::string describe() const;

 private:
  std::vector<Row> rows_;
};

}  // namespace concord::api
