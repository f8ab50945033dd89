// Search for prescriptions by what the other side knows of them. Source: eps.md section 15.
#include <algorithm>

#include "fhir/core/identifiers.h"
#include "gateway/api/api.h"
#include "gateway/api/arrival.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/message_answer.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

/// As long as the other side is waited for. Source: eps.md section 3.3.
constexpr std::chrono::seconds kLongestWait{25};
constexpr std::chrono::seconds kReserve{1};

constexpr std::string_view kResources[] = {"Task"};
constexpr Endpoint kEndpoint{
    .interaction = "search-type",
    .resources = kResources,
    .method = "GET",
    .path = "/FHIR/R4/Task",
    .scope = "Task.read",
    .documentation =
        "With focus:identifier, patient:identifier, business-status or the short form of a "
        "prescription id as identifier: asks the other side for the state of prescriptions "
        "(authored-on eq, le, ge may repeat); a Bundle searchset of Tasks, or an OperationOutcome, "
        "nothing is stored. Any other search is one of the Tasks kept here."};

/// Whether a search is one of the tracker: by what only it can answer.
bool is_for_tracker(const Call& call, const Services& use) {
  if (use.resources == nullptr) return true;
  if (!use.search) return false;
  return std::any_of(call.query.begin(), call.query.end(), [](const auto& parameter) {
    const auto& [name, value] = parameter;
    if (name == "identifier") {
      const std::size_t bar = value.rfind('|');
      return check_prescription_id(bar == std::string::npos ? value : value.substr(bar + 1))
          .has_value();
    }
    return name == "focus:identifier" || name == "patient:identifier" || name == "business-status";
  });
}

Result<http::Response> search_tasks(Call& call, const Services& use) {
  if (!is_for_tracker(call, use)) return search_type(call, use, "Task");
  if (!use.search) return make_error(ErrorCode::unsupported, "searches are not served here");
  mappers::SearchParameters parameters;
  for (const auto& [name, value] : call.query) {
    if (!name.starts_with('_')) parameters.emplace_back(name, value);
  }
  exchange::SearchContext context;
  const http::Request& request = call.request;
  context.request_id = request.request_id;
  context.loopback = request.peer == "::1" || request.peer.starts_with("127.");
  context.timeout = std::min<std::chrono::milliseconds>(
      kLongestWait, std::chrono::duration_cast<std::chrono::milliseconds>(
                        request.deadline - kReserve - std::chrono::steady_clock::now()));
  if (context.timeout <= std::chrono::milliseconds{0}) {
    return make_error(ErrorCode::timeout, "the time for this request is over");
  }
  CONCORD_ASSIGN(const exchange::PeerAnswer answer, use.search("Task", parameters, context));
  return peer_response(answer, call, use);
}

}  // namespace

void register_task_search(endpoints::Table& table) { table.add(kEndpoint, &search_tasks); }

}  // namespace concord::api
