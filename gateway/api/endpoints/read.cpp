// FHIR read and vread of stored resources: http://hl7.org/fhir/R4/http.html#read, #vread
#include "gateway/api/endpoints/registry.h"
#include "gateway/api/stored.h"

namespace concord::api {
namespace {

constexpr Endpoint kRead{
    .interaction = "read",
    .method = "GET",
    .path = "/FHIR/R4/{type}/{id}",
    .scope = "{type}.read",
    .documentation =
        "The current version; 410 with ETag once it was deleted. If-None-Match and "
        "If-Modified-Since give 304, _summary and _elements cut it.",
    .stored = true};
constexpr Endpoint kVersion{.interaction = "vread",
                            .method = "GET",
                            .path = "/FHIR/R4/{type}/{id}/_history/{vid}",
                            .scope = "{type}.read",
                            .documentation = "One version; 410 when that version is a deletion.",
                            .stored = true};

Result<http::Response> answer(Result<resources::Done> done, std::string_view type,
                              std::string_view id, std::string_view version,
                              const resources::Cut& cut, const Call& call, const Services& use) {
  if (done) return version_response(std::move(done->row), cut, call, use);
  if (done.error().code != ErrorCode::gone) return std::move(done).error();
  return gone_response(done.error(), type, id, version, call, use);
}

Result<http::Response> read(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string type, type_of(call, use));
  return read_resource(call, use, type);
}

Result<http::Response> read_version(Call& call, const Services& use) {
  CONCORD_ASSIGN(const std::string type, type_of(call, use));
  CONCORD_ASSIGN(const resources::Cut cut, read_cut(call));
  const std::string_view id = call.path_value("id"), version = call.path_value("vid");
  return answer(use.resources->vread(type, id, version), type, id, version, cut, call, use);
}

}  // namespace

Result<http::Response> read_resource(Call& call, const Services& use, std::string_view type) {
  CONCORD_ASSIGN(const resources::Cut cut, read_cut(call));
  const std::string_view id = call.path_value("id");
  return answer(use.resources->read(type, id), type, id, {}, cut, call, use);
}

void register_read(endpoints::Table& table) {
  table.add(kRead, &read);
  table.add(kVersion, &read_version);
}

}  // namespace concord::api
