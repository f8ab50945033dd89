// FHIR create, also conditional, of a resource to be kept: http://hl7.org/fhir/R4/http.html#create
#include "fhir/json/reader.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr Endpoint kEndpoint{
    .interaction = "create",
    .method = "POST",
    .path = "/FHIR/R4/{type}",
    .scope = "{type}.write",
    .documentation =
        "Keeps a resource under an id of this server: 201 with Location, ETag and Last-Modified. "
        "If-None-Exist: 200 when there is one, 412 when there are several. X-Provenance keeps a "
        "Provenance with it.",
    .stored = true};

/// The Provenance of the field, JSON. Its target is set when the resource has its id.
/// Source: hl7.org/fhir/R4/provenance.html, "Using HTTP headers".
Result<tree::Document> provenance_of(const http::Request& request, const Services& use) {
  auto read = json::read(std::string(request.field("x-provenance")), *use.symbols, use.limits);
  const bool fits = read && read->text(read->root().type()) == "Provenance";
  if (fits) return read;
  return make_error(ErrorCode::malformed, "X-Provenance must hold a Provenance in FHIR JSON",
                    "http.x-provenance");
}

Result<http::Response> create(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string type, type_of(call, use));
  return create_resource(call, use, type);
}

}  // namespace

Result<http::Response> create_resource(Call& call, const Services& use, std::string_view type) {
  CONCORD_ASSIGN(const Preferences preferences, read_preferences(call.request));
  CONCORD_ASSIGN(const resources::Conditions conditions, read_conditions(call.request));
  const resources::Caller caller = caller_of(call, use);
  if (!call.request.has_field("x-provenance")) {
    CONCORD_ASSIGN(tree::Document body, read_body(call, use, type));
    CONCORD_ASSIGN(resources::Done done,
                   use.resources->create(caller, type, std::move(body), conditions));
    return change_response(std::move(done), preferences, call, use);
  }
  CONCORD_ASSIGN(tree::Document provenance, provenance_of(call.request, use));
  CONCORD_ASSIGN(tree::Document body, read_body(call, use, type));
  CONCORD_ASSIGN(resources::Done done,
                 use.resources->create_with_provenance(caller, type, std::move(body),
                                                       std::move(provenance), conditions));
  return change_response(std::move(done), preferences, call, use);
}

void register_create(endpoints::Table& table) { table.add(kEndpoint, &create); }

}  // namespace concord::api
