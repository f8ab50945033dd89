// FHIR delete, also conditional: http://hl7.org/fhir/R4/http.html#delete, #3.1.0.7.1
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr Endpoint kDelete{
    .interaction = "delete",
    .method = "DELETE",
    .path = "/FHIR/R4/{type}/{id}",
    .scope = "{type}.write",
    .documentation =
        "200 with an OperationOutcome, also when there was nothing; 204 with Prefer: "
        "return=minimal. Versions before stay readable.",
    .stored = true};
constexpr Endpoint kWhere{
    .interaction = "delete",
    .method = "DELETE",
    .path = "/FHIR/R4/{type}",
    .scope = "{type}.write",
    .documentation =
        "Conditional delete of what the criteria find; 412 when there are more than the "
        "configuration lets go at once, or no criteria.",
    .stored = true};

Result<http::Response> remove(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string type, type_of(call, use));
  CONCORD_ASSIGN(const Preferences preferences, read_preferences(call.request));
  CONCORD_ASSIGN(const resources::Conditions conditions, read_conditions(call.request));
  CONCORD_ASSIGN(resources::Done done, use.resources->remove(caller_of(call, use), type,
                                                             call.path_value("id"), conditions));
  return change_response(std::move(done), preferences, call, use);
}

Result<http::Response> remove_where(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string type, type_of(call, use));
  const std::string criteria = criteria_of(call.request.query);
  if (criteria.empty()) {
    return make_error(ErrorCode::precondition, "a delete without id needs criteria");
  }
  CONCORD_ASSIGN(const Preferences preferences, read_preferences(call.request));
  CONCORD_ASSIGN(const resources::Conditions conditions, read_conditions(call.request));
  CONCORD_ASSIGN(std::vector<resources::Done> done,
                 use.resources->remove_where(caller_of(call, use), type, criteria, conditions));
  if (done.size() == 1) {
    return change_response(std::move(done.front()), preferences, call, use);
  }
  if (preferences.wanted == Wanted::minimal) {
    http::Response response;
    response.status = 204;
    return response;
  }
  Issue issue;
  issue.severity = Severity::information;
  issue.code = "informational";
  issue.text = "resources deleted: " + std::to_string(done.size());
  return issues_response(200, {issue}, call, use);
}

}  // namespace

void register_delete(endpoints::Table& table) {
  table.add(kDelete, &remove);
  table.add(kWhere, &remove_where);
}

}  // namespace concord::api
