#pragma once
/// The calls the gateway answers, as one table: it serves routing, the CapabilityStatement and
/// `concord --describe-api`, so they cannot disagree.

#include <cstdint>
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

/// What a call takes as body; another Content-Type is 415. Methods without a body take none.
enum class Takes : std::uint8_t {
  fhir,   ///< FHIR JSON or XML
  form,   ///< application/x-www-form-urlencoded: the parameters of a search
  patch,  ///< JSON Patch, or Parameters of FHIRPath Patch
};

/// One call. All texts are static. {type} in a path stands for every type of resource, {id} and
/// others for a segment that does not begin with $ or _.
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
  Takes takes = Takes::fhir;
  bool stored = false;  ///< served only where resources are kept
};

/// One request on its way to a handler.
struct Call {
  http::Request& request;
  const Endpoint& endpoint;
  std::vector<std::pair<std::string_view, std::string_view>> path;  ///< {id} → "7b1…"
  std::vector<std::pair<std::string, std::string>> query;  ///< of the address, then of the form
  Answering answering;                                     ///< format and layout of what goes back
  std::string form;  ///< the parameters of a form, not decoded

  /// The value in the path at {name}; empty when there is none.
  std::string_view path_value(std::string_view name) const noexcept;
  /// The first query parameter of that name; empty when there is none.
  std::string_view query_value(std::string_view name) const noexcept;
  /// The parameters as sent, not decoded: of the address and of the form, joined by "&".
  std::string raw_query() const;
};

/// Answers a call, or says why not: the error becomes an OperationOutcome with the status of its
/// code. Called from many threads at once.
using EndpointHandler = Result<http::Response> (*)(Call& call, const Services& use);

/// Rows may stand in any order: of two that fit an address, the one with a literal segment where
/// the other has a placeholder goes first.
class EndpointTable {
 public:
  enum class Stored : bool { no, yes };
  /// All endpoints of this room (endpoints/*.cpp); those of stored resources only with Stored::yes.
  static EndpointTable standard(Stored stored = Stored::yes);

  /// `endpoint` must be static. Of two with the same method and path the first answers.
  void add(const Endpoint& endpoint, EndpointHandler handler);

  struct Row {
    const Endpoint* endpoint;
    EndpointHandler handler;
    std::vector<std::string_view> segments;
  };
  const std::vector<Row>& rows() const noexcept { return rows_; }

  /// What a path leads to: the row of its method, or, when it has none, every method it has. Both
  /// empty: no such path.
  struct Match {
    const Row* row = nullptr;
    std::vector<std::string_view> methods;
  };
  Match match(std::string_view method, std::span<const std::string> segments) const;
  /// Every method an address has, each once.
  std::vector<std::string_view> methods(std::span<const std::string> segments) const;

  /// The table as text, one call per paragraph, for `concord --describe-api`.
  std::string describe() const;

 private:
  std::vector<Row> rows_;
  std::vector<std::vector<std::uint32_t>> by_length_;  ///< rows, the most special first
};

}  // namespace concord::api
