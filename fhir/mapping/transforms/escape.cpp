// escape(v, from[, to]): the text read as `from` and written as `to`; both plain, html or json.
// With two arguments the text is plain and the second says how to write it.
// Source: hl7.org/fhir/R4/valueset-map-transform.html (which leaves the formats open).
#include "fhir/mapping/transforms/registry.h"

namespace concord::mapping {
namespace {

bool known(const transforms::Written& format) {
  return format.literal &&
         (format.text == "plain" || format.text == "html" || format.text == "json");
}

Result<std::string> as_path(std::span<const transforms::Written> arguments) {
  const transforms::Written plain{"'plain'", true, "plain"};
  const transforms::Written& from = arguments.size() == 3 ? arguments[1] : plain;
  const transforms::Written& to = arguments.back();
  if (!known(from) || !known(to)) {
    return make_error(ErrorCode::invalid, "escape knows the formats 'plain', 'html' and 'json'");
  }
  std::string path = arguments[0].path + ".toString()";
  if (from.text != "plain") path += ".unescape(" + from.path + ')';
  if (to.text != "plain") path += ".escape(" + to.path + ')';
  return path;
}

}  // namespace

void register_escape(transforms::Table& table) {
  table.add({.name = "escape", .min = 2, .max = 3, .type = "System.String", .as_path = &as_path});
}

}  // namespace concord::mapping
