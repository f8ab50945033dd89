// A patch gives a resource that can be written and read again, or is refused; the resource it was
// for stays as it was. The first line is the resource, the rest the patch.
// DEPENDS fhir/patch

#include "fhir/patch/patch.h"

#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/path/function_table.h"

using namespace concord;

namespace {

void check(const Result<tree::Document>& result, const tree::Symbols& symbols) {
  if (!result) {
    if (result.error().issues.empty() || result.error().code == ErrorCode::internal) std::abort();
    return;
  }
  const auto written = json::write(*result);
  if (!written || !json::read(*written, symbols)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static tree::Symbols symbols;
  static const definitions::Definitions definitions = *definitions::Definitions::r4(symbols);
  static const path::FunctionTable functions = path::FunctionTable::standard();
  const auto annotated = [&](std::string text) {
    auto document = json::read(std::move(text), symbols);
    if (document) {
      tree::Builder builder(*document);
      definitions::annotate(builder, definitions);
    }
    return document;
  };

  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const auto resource = annotated(input.substr(0, line));
  if (!resource) return 0;
  const std::string before = *json::write(*resource);
  const std::string patch = line < input.size() ? input.substr(line + 1) : std::string();
  check(patch::apply_json_patch(*resource, patch, definitions), symbols);
  if (const auto parameters = annotated(patch)) {
    const std::size_t names = symbols.size();
    check(patch::apply_fhirpath_patch(*resource, *parameters, definitions, functions), symbols);
    // Words of FHIRPath itself ("System.Boolean") may become shared, once each.
    static std::size_t grown = 0;
    grown += symbols.size() - names;
    if (grown > 40) std::abort();
  }
  if (*json::write(*resource) != before) std::abort();
  return 0;
}
