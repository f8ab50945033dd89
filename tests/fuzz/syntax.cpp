// Reading for validation: what it leaves in the tree holds to the definitions, so a second reading
// of what was written finds only what is missing, never what is too much.
// DEPENDS fhir/json fhir/validate fhir/definitions

#include "fhir/validate/syntax.h"

#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/json/writer.h"

using namespace concord;

namespace {

struct Loaded {
  tree::Symbols symbols;
  definitions::Definitions r4 = *definitions::Definitions::r4(symbols);
};

/// Elements without content stay in the tree, for the checks that ask for content.
bool may_stay(std::string_view id) {
  return id == "Object_must_have_some_content" || id == "ARRAY_CANNOT_BE_EMPTY" ||
         id == "ELEMENT_CANNOT_BE_NULL" || id == "JSON_PROPERTY_INVALID_ARRAY";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Loaded loaded;
  const std::string source(reinterpret_cast<const char*>(data), size);
  const tree::Limits limits{.max_bytes = 1 << 20, .max_depth = 60, .max_nodes = 20'000};
  const auto reading = validate::read_for_validation(source, loaded.r4, {}, limits);
  if (!reading.document) {
    bool fatal = false;
    for (const auto& finding : reading.findings) fatal |= finding.severity == Severity::fatal;
    if (!fatal) std::abort();
    return 0;
  }
  const auto again = validate::read_for_validation(source, loaded.r4, {}, limits);
  if (again.findings.size() != reading.findings.size()) std::abort();
  // XML may give a choice two types, which JSON cannot write and the count of elements reports.
  if (source.find('<') < source.find('{')) return 0;
  const auto written = json::write(*reading.document);
  if (!written) return 0;
  const auto second = validate::read_for_validation(*written, loaded.r4, {}, limits);
  if (!second.document) std::abort();
  for (const auto& finding : second.findings) {
    if (finding.severity <= Severity::error && !may_stay(finding.message_id)) std::abort();
  }
  return 0;
}
