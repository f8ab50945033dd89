// FHIR update, also conditional: http://hl7.org/fhir/R4/http.html#update, #cond-update
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr Endpoint kUpdate{
    .interaction = "update",
    .method = "PUT",
    .path = "/FHIR/R4/{type}/{id}",
    .scope = "{type}.write",
    .documentation =
        "Puts a new version in the place of the current one: 200; 201 when there was none. "
        "If-Match: 412 when another version is there. The same content makes no new version.",
    .stored = true};
constexpr Endpoint kWhere{
    .interaction = "update",
    .method = "PUT",
    .path = "/FHIR/R4/{type}",
    .scope = "{type}.write",
    .documentation =
        "Conditional update: of the one resource the criteria find; creates it when there is none, "
        "412 when there are several or no criteria.",
    .stored = true};

Result<void> no_provenance(const Call& call) {
  if (!call.request.has_field("x-provenance")) return {};
  Error error = make_error(ErrorCode::malformed, "X-Provenance is taken with a create only",
                           "http.x-provenance");
  error.issues.front().code = "not-supported";
  return error;
}

Result<http::Response> update(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string type, type_of(call, use));
  const std::string_view id = call.path_value("id");
  if (!is_id(id)) {
    Error error =
        make_error(ErrorCode::malformed, "ids are 1 to 64 of A-Z a-z 0-9 - and .", type + ".id");
    error.issues.front().code = "value";
    return error;
  }
  CONCORD_TRY(no_provenance(call));
  CONCORD_ASSIGN(const Preferences preferences, read_preferences(call.request));
  CONCORD_ASSIGN(const resources::Conditions conditions, read_conditions(call.request));
  CONCORD_ASSIGN(tree::Document body, read_body(call, use, type));
  CONCORD_ASSIGN(resources::Done done, use.resources->update(caller_of(call, use), type, id,
                                                             std::move(body), conditions));
  return change_response(std::move(done), preferences, call, use);
}

Result<http::Response> update_where(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string type, type_of(call, use));
  const std::string criteria = criteria_of(call.request.query);
  if (criteria.empty()) {
    return make_error(ErrorCode::precondition, "an update without id needs criteria");
  }
  CONCORD_TRY(no_provenance(call));
  CONCORD_ASSIGN(const Preferences preferences, read_preferences(call.request));
  CONCORD_ASSIGN(const resources::Conditions conditions, read_conditions(call.request));
  CONCORD_ASSIGN(tree::Document body, read_body(call, use, type));
  CONCORD_ASSIGN(resources::Done done,
                 use.resources->update_where(caller_of(call, use), type, criteria, std::move(body),
                                             conditions));
  return change_response(std::move(done), preferences, call, use);
}

}  // namespace

void register_update(endpoints::Table& table) {
  table.add(kUpdate, &update);
  table.add(kWhere, &update_where);
}

}  // namespace concord::api
