// Maps replaced while messages run. Not FHIR: for the operator, as health and metrics are.
#include "gateway/api/endpoints/registry.h"

namespace concord::api {
namespace {

constexpr Endpoint kReload{
    .interaction = "service",
    .method = "POST",
    .path = "/admin/maps/reload",
    .scope = "admin.write",
    .documentation =
        "Compiles the shipped maps with the overlays as they lie now, runs the golden cases, then "
        "puts them to use at once; messages under way end with the maps they began with. 200 with "
        "the version (JSON). 422 with an OperationOutcome that names file, line and column, or the "
        "case that failed: then the maps in use stay. SIGHUP does the same."};

Result<http::Response> reload(Call&, const Services& use) {
  if (!use.reload_maps) {
    return make_error(ErrorCode::unsupported, "maps are not reloaded here");
  }
  CONCORD_ASSIGN(const MapsReplaced done, use.reload_maps());
  http::Response response;
  response.header("Content-Type", "application/json; charset=utf-8");
  // Numbers, true or false and hex: nothing to escape.
  response.body = "{\"version\":\"" + done.version +
                  "\",\"changed\":" + (done.changed ? "true" : "false") +
                  ",\"overlays\":" + std::to_string(done.overlays) +
                  ",\"cases\":" + std::to_string(done.cases) + "}\n";
  return response;
}

}  // namespace

void register_maps(endpoints::Table& table) { table.add(kReload, &reload); }

}  // namespace concord::api
