#pragma once
/// What the endpoints stand on. Filled by gateway/app; everything must outlive the Api.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/search/parameters.h"
#include "fhir/tree/document.h"
#include "fhir/tree/symbols.h"
#include "gateway/exchange/exchange.h"
#include "gateway/http/message.h"
#include "gateway/ops/readiness.h"

namespace concord::definitions {
class Definitions;
}
namespace concord::exchange {
class Journeys;
}
namespace concord::resources {
class ResourceService;
}
namespace concord::terminology {
class Terminology;
}

namespace concord::api {

class Capabilities;
class EndpointTable;
class StoredTerminology;

/// Statuses of prescription items as somebody sent them.
struct StatusRequest {
  std::string body;
  bool legacy = false;     ///< the JSON of "format 1"; else a transaction Bundle in FHIR JSON
  std::string request_id;  ///< as the caller gave it; "" when it gave none
  std::string application;
};

/// A transaction-response Bundle in FHIR JSON, and the status that goes with it.
struct StatusAnswer {
  int status = 201;
  std::string body;
};

/// Whose current statuses are asked for; empty stands for all.
struct StatusQuestion {
  std::string prescription;
  std::string patient;
  std::string organisation;
};

/// What a reload of the maps did.
struct MapsReplaced {
  std::string version;       ///< of the maps now in use, lower-case hex
  bool changed = false;      ///< it is another one than before
  std::size_t overlays = 0;  ///< maps laid over the shipped ones
  std::size_t cases = 0;     ///< golden cases that were run
};

/// The exchange as functions, so that tests can put others in their place. Each is called from many
/// threads at once and fails as the function of the same name in exchange.h.
struct Services {
  std::function<Result<exchange::Answer>(exchange::Arrival)> submit;
  std::function<Result<exchange::DryRun>(exchange::Arrival, mapping::TraceSink*)> transform;
  std::function<Result<std::optional<exchange::TaskView>>(std::string_view id)> task;
  std::function<Result<std::optional<exchange::LineageView>>(std::string_view task)> lineage;
  /// Empty, both: not served.
  std::function<Result<mappers::Decoded>(exchange::Arrival,
                                         const std::map<std::string, std::string>& wanted)>
      prepare;
  std::function<Result<std::vector<exchange::SignatureFinding>>(exchange::Arrival)>
      verify_signatures;
  std::function<Result<std::optional<exchange::PeerAnswer>>(
      std::string_view task, std::chrono::steady_clock::time_point until)>
      peer_answer;
  std::function<Result<exchange::PeerAnswer>(std::string_view resource_type,
                                             const mappers::SearchParameters&,
                                             const exchange::SearchContext&)>
      search;
  /// A resource as bytes against R4, the profiles it claims and those named: what was found. Empty:
  /// not served.
  std::function<Result<std::vector<Issue>>(std::string text,
                                           const std::vector<std::string>& profiles)>
      validate;
  /// Checks and stores statuses. Errors: malformed, invalid, too_long (the body cannot be read);
  /// transient. What is wrong with entries is in the answer.
  std::function<Result<StatusAnswer>(const StatusRequest&)> record_statuses;
  /// The status each item has now, as JSON: {"items":[…]}. Errors: transient.
  std::function<Result<std::string>(const StatusQuestion&)> current_statuses;
  /// Maps read anew, tried on golden cases and put to use, or the reasons why not: issues with the
  /// file, line and column, or the case. Empty: not served.
  std::function<Result<MapsReplaced>()> reload_maps;
  /// The metrics page, read now.
  std::function<std::string()> metrics;
  /// Ok when the store can be written to. Errors: transient.
  std::function<Result<void>()> store_answers;
  /// Hears of errors that are ours (internal, transient, timeout), for the log.
  std::function<void(const http::Request&, const Error&)> failed;

  /// A stream of changes of these types (empty: those streamed without asking) after a position
  /// (empty: from now on). Errors: malformed, throttled, transient. Empty: not served.
  std::function<Result<std::shared_ptr<http::BodySource>>(std::vector<std::string> types,
                                                          std::string position)>
      events;
  /// Subscription/$status of these ids and statuses (empty: all), FHIR JSON. Errors: not_found.
  /// Empty: not served, nor is the next.
  std::function<Result<std::string>(const std::vector<std::string>& ids,
                                    const std::vector<std::string>& statuses)>
      subscription_status;
  /// Subscription/$events of numbers `from` to `until`; `content` empty: as it has it. FHIR JSON.
  /// Errors: not_found, malformed (a content nobody knows).
  std::function<Result<std::string>(std::string_view id, std::int64_t from, std::int64_t until,
                                    std::string_view content)>
      subscription_events;

  /// Whether a Task or Claim given by itself is a message for somebody else rather than a resource
  /// to be kept. Empty: every one is.
  std::function<bool(const tree::Document&)> is_message;

  /// Destinations as JSON, {"destinations":[…]}. Errors: transient. Empty: not served.
  std::function<Result<std::string>()> destinations;
  /// Pauses one or resumes it on somebody's word; answers as `destinations`.
  /// Errors: not_found, invalid (the word), transient. Empty: not served.
  std::function<Result<std::string>(std::string_view name, bool pause, std::string reason,
                                    std::string by)>
      order_destination;
  /// Exchanges for people; null: not served.
  exchange::Journeys* journeys = nullptr;

  /// Stored resources; null: none are kept, and no interaction with them is served.
  resources::ResourceService* resources = nullptr;
  /// Of R4; needed where `resources` is there.
  const definitions::Definitions* definitions = nullptr;
  /// What becomes of search parameters nobody knows when the caller does not say.
  search::Handling handling = search::Handling::lenient;
  /// As the service has them, for the CapabilityStatement.
  bool update_creates = true;
  std::size_t delete_many = 0;
  /// A search that takes longer is given up.
  std::chrono::milliseconds search_time{3000};
  /// Who calls, for audit records, as long as nobody is authenticated.
  std::string organisation;
  /// Bounds on bodies, compressed ones once they are unpacked.
  tree::Limits limits{std::size_t{5} << 20};
  /// Origins a browser may call from ("https://app.example:8443"), compared as they are. Empty:
  /// CORS is off.
  std::vector<std::string> cors_origins;

  /// Code systems, value sets and concept maps; null: their operations are not served.
  const terminology::Terminology* terminology = nullptr;
  const ops::Readiness* readiness = nullptr;
  const tree::Symbols* symbols = nullptr;
  const EndpointTable* endpoints = nullptr;         ///< set by the Api
  const Capabilities* capabilities = nullptr;       ///< set by the Api
  const StoredTerminology* stored_terms = nullptr;  ///< set by the Api
  Clock clock;
  std::string version;   ///< of the program
  std::string base_url;  ///< "https://…/FHIR/R4" as callers see it; empty: relative links
  Instant started_at{};  ///< date of the CapabilityStatement
};

}  // namespace concord::api
