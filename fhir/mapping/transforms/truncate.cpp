// truncate(v, n): the first n characters.
// Source: hl7.org/fhir/R4/valueset-map-transform.html.
#include "fhir/mapping/transforms/registry.h"

namespace concord::mapping {
namespace {

Result<std::string> as_path(std::span<const transforms::Written> arguments) {
  return arguments[0].path + ".toString().substring(0, " + arguments[1].path + ')';
}

}  // namespace

void register_truncate(transforms::Table& table) {
  table.add({.name = "truncate", .min = 2, .max = 2, .type = "System.String", .as_path = &as_path});
}

}  // namespace concord::mapping
