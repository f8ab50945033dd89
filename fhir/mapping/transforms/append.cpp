// append(a, b, …): the texts one after another; what has no text adds nothing.
// Source: hl7.org/fhir/R4/valueset-map-transform.html.
#include "fhir/mapping/transforms/registry.h"

namespace concord::mapping {
namespace {

Result<std::string> as_path(std::span<const transforms::Written> arguments) {
  std::string path;
  for (const transforms::Written& argument : arguments) {
    path += (path.empty() ? "" : " & ") + argument.path + ".toString()";
  }
  return '(' + path + ')';
}

}  // namespace

void register_append(transforms::Table& table) {
  table.add({.name = "append", .min = 1, .max = 16, .type = "System.String", .as_path = &as_path});
}

}  // namespace concord::mapping
