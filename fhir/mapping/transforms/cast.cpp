// cast(v, 'type'): the value as another primitive type; one that has not its form ends the run.
// Source: hl7.org/fhir/R4/valueset-map-transform.html.
#include <array>

#include "fhir/mapping/transforms/registry.h"

namespace concord::mapping {
namespace {

struct CastRow {
  std::string_view type;
  std::string_view to;    ///< FHIRPath toX(), convertsToX()
  std::string_view also;  ///< a further condition on `$this`
};

constexpr std::array<CastRow, 20> kCasts{{
    {"string", "String", ""},
    {"code", "String", ""},
    {"id", "String", ""},
    {"uri", "String", ""},
    {"url", "String", ""},
    {"canonical", "String", ""},
    {"oid", "String", ""},
    {"uuid", "String", ""},
    {"markdown", "String", ""},
    {"base64Binary", "String", ""},
    {"boolean", "Boolean", ""},
    {"integer", "Integer", ""},
    {"positiveInt", "Integer", "> 0"},
    {"unsignedInt", "Integer", ">= 0"},
    {"decimal", "Decimal", ""},
    {"date", "Date", ""},
    {"dateTime", "DateTime", ""},
    {"instant", "DateTime", ""},
    {"time", "Time", ""},
    {"Quantity", "Quantity", ""},
}};

Result<std::string> as_path(std::span<const transforms::Written> arguments) {
  const std::string& given = arguments[0].path;
  if (arguments.size() == 1) return given;  // left to the element it is written to
  for (const CastRow& row : kCasts) {
    if (!arguments[1].literal || row.type != arguments[1].text) continue;
    // By way of the text, so that the decimal 3 becomes the integer 3 and 3.5 none.
    const std::string value = given + (row.to == "Quantity" ? "" : ".toString()");
    const std::string converted = value + ".to" + std::string(row.to) + "()";
    std::string good = value + ".convertsTo" + std::string(row.to) + "()";
    if (!row.also.empty()) good += " and " + converted + ' ' + std::string(row.also);
    return "iif(" + given + ".empty(), {}, iif(" + good + ", " + converted + ", " + given +
           ".fail('INVALID_VALUE', 'cannot be cast to " + std::string(row.type) + "')))";
  }
  return make_error(ErrorCode::invalid, "cast takes the name of a primitive type in quotes");
}

}  // namespace

void register_cast(transforms::Table& table) {
  table.add({.name = "cast", .min = 1, .max = 2, .as_path = &as_path});
}

}  // namespace concord::mapping
