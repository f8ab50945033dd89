// uuid(): a new UUID from the source the caller gave. Source:
// hl7.org/fhir/R4/valueset-map-transform.html.
#include "fhir/mapping/transforms/registry.h"
#include "fhir/path/context.h"

namespace concord::mapping {
namespace {

Result<path::Collection> value(transforms::Host& host, transforms::Arguments, const ConceptTable*) {
  const std::optional<std::string> made = host.uuid();
  if (!made) return make_error(ErrorCode::internal, "the run has no source of UUIDs");
  return path::Collection::of(host.evaluation().string(*made));
}

}  // namespace

void register_uuid(transforms::Table& table) {
  table.add({.name = "uuid", .type = "System.String", .value = &value});
}

}  // namespace concord::mapping
