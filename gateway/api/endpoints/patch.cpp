// FHIR patch, also conditional: http://hl7.org/fhir/R4/http.html#patch
#include "fhir/definitions/annotate.h"
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr Endpoint kPatch{
    .interaction = "patch",
    .method = "PATCH",
    .path = "/FHIR/R4/{type}/{id}",
    .scope = "{type}.write",
    .documentation =
        "Changes parts of a resource: JSON Patch (application/json-patch+json) or FHIRPath Patch "
        "(Parameters). If-Match: 412 when another version is there.",
    .takes = Takes::patch,
    .stored = true};
constexpr Endpoint kWhere{
    .interaction = "patch",
    .method = "PATCH",
    .path = "/FHIR/R4/{type}",
    .scope = "{type}.write",
    .documentation =
        "Conditional patch: of the one resource the criteria find; 404 when there is none, 412 "
        "when there are several or no criteria.",
    .takes = Takes::patch,
    .stored = true};

/// A patch with what it points into.
struct Changes {
  resources::Patch patch;
  std::unique_ptr<tree::Document> parameters;
};

Result<Changes> read_changes(Call& call, const Services& use) {
  CONCORD_ASSIGN(const PatchFormat format, patch_format(call.request));
  Changes changes;
  if (format == PatchFormat::json_patch) {
    changes.patch.kind = resources::Patch::Kind::json_patch;
    changes.patch.text = std::move(call.request.body);
    return changes;
  }
  CONCORD_ASSIGN(tree::Document body, read_body(call, use, "Parameters"));
  tree::Builder builder(body);
  definitions::annotate(builder, *use.definitions);
  changes.parameters = std::make_unique<tree::Document>(std::move(body));
  changes.patch.kind = resources::Patch::Kind::fhirpath_patch;
  changes.patch.parameters = changes.parameters.get();
  return changes;
}

Result<http::Response> patch(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string type, type_of(call, use));
  CONCORD_ASSIGN(const Preferences preferences, read_preferences(call.request));
  CONCORD_ASSIGN(const resources::Conditions conditions, read_conditions(call.request));
  CONCORD_ASSIGN(const Changes changes, read_changes(call, use));
  const std::string_view id = call.path_value("id");
  auto done = use.resources->patch(caller_of(call, use), type, id, changes.patch, conditions);
  if (done) return change_response(*std::move(done), preferences, call, use);
  if (done.error().code != ErrorCode::gone) return std::move(done).error();
  return gone_response(done.error(), type, id, {}, call, use);
}

Result<http::Response> patch_where(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string type, type_of(call, use));
  const std::string criteria = criteria_of(call.request.query);
  if (criteria.empty()) {
    return make_error(ErrorCode::precondition, "a patch without id needs criteria");
  }
  CONCORD_ASSIGN(const Preferences preferences, read_preferences(call.request));
  CONCORD_ASSIGN(const resources::Conditions conditions, read_conditions(call.request));
  CONCORD_ASSIGN(const Changes changes, read_changes(call, use));
  CONCORD_ASSIGN(
      resources::Done done,
      use.resources->patch_where(caller_of(call, use), type, criteria, changes.patch, conditions));
  return change_response(std::move(done), preferences, call, use);
}

}  // namespace

void register_patch(endpoints::Table& table) {
  table.add(kPatch, &patch);
  table.add(kWhere, &patch_where);
}

}  // namespace concord::api
