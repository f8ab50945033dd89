// Whatever can be read, as JSON or XML, can be annotated and validated, and a second run says the
// same; in depth full against profiles with slices, extensions and circles as well.
// clang-format off
// DEPENDS fhir/json fhir/xml fhir/definitions fhir/packages fhir/snapshot fhir/terminology fhir/validate
// clang-format on

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"
#include "fhir/xml/reader.h"

using namespace concord;

namespace {

/// A profile of Patient that uses most of what profiles can say, and an extension it names.
constexpr const char* kDefinitions[] = {
    R"({"resourceType":"StructureDefinition","url":"https://concord.example/fuzzed","name":"F",
"status":"draft","kind":"resource","abstract":false,"type":"Patient",
"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
"differential":{"element":[
{"id":"Patient.extension:e","path":"Patient.extension","sliceName":"e","min":1,
 "type":[{"code":"Extension","profile":["https://concord.example/fuzzed-extension"]}]},
{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":
 [{"type":"value","path":"system"},{"type":"pattern","path":"type"}],"rules":"closed","ordered":true}},
{"id":"Patient.identifier:a","path":"Patient.identifier","sliceName":"a","min":1,"max":"2"},
{"id":"Patient.identifier:a.system","path":"Patient.identifier.system","fixedUri":"urn:a"},
{"id":"Patient.birthDate","path":"Patient.birthDate","minValueDate":"2000-01-01"},
{"id":"Patient.link.other","path":"Patient.link.other","type":[{"code":"Reference",
 "targetProfile":["https://concord.example/fuzzed"],"aggregation":["contained"]}]},
{"id":"Patient.maritalStatus","path":"Patient.maritalStatus","patternCodeableConcept":
 {"coding":[{"system":"urn:m","code":"M"}]}}]}})",
    R"({"resourceType":"StructureDefinition","url":"https://concord.example/fuzzed-extension",
"name":"E","status":"draft","kind":"complex-type","abstract":false,"type":"Extension",
"context":[{"type":"fhirpath","expression":"Patient.name"},{"type":"element","expression":"Patient"}],
"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Extension","derivation":"constraint",
"differential":{"element":[{"id":"Extension.url","path":"Extension.url",
"fixedUri":"https://concord.example/fuzzed-extension"}]}})"};

struct Loaded {
  tree::Symbols symbols;
  definitions::Definitions r4 = load(symbols);
  validate::Validator validator = validate::Validator::compile(r4);
  packages::Registry registry{r4};
  snapshot::Profiles profiles{registry};
  terminology::Terminology terminology{registry};
  std::unique_ptr<validate::Validator> full;
  std::vector<std::string> asked{"https://concord.example/fuzzed"};

  Loaded() {
    for (const char* definition : kDefinitions) {
      if (!registry.add_text("definition", definition)) std::abort();
    }
    full = std::make_unique<validate::Validator>(
        validate::Validator::compile({&r4, &registry, &profiles, &terminology}));
  }

 private:
  static definitions::Definitions load(tree::Symbols& symbols) {
    auto loaded = definitions::Definitions::r4(symbols);
    if (!loaded) std::abort();
    return *std::move(loaded);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Loaded loaded;
  std::string source(reinterpret_cast<const char*>(data), size);
  const bool is_xml = source.starts_with('<');
  auto document = is_xml ? xml::read_fhir(std::move(source), loaded.symbols)
                         : json::read(std::move(source), loaded.symbols);
  if (!document) return 0;
  tree::Builder builder(*document);
  definitions::annotate(builder, loaded.r4);
  const validate::Options full = validate::Options::reference();
  const validate::Validator::Request request{loaded.asked, nullptr};
  const auto all = loaded.full->validate(*document, full, request);
  if (all.ok() != (all.errors == 0)) std::abort();
  if (loaded.full->validate(*document, full, request).issues != all.issues) std::abort();
  const auto report = loaded.validator.validate(*document);
  if (report.ok() != (report.errors == 0)) std::abort();
  if (report.issues.size() > validate::Options{}.max_issues + 1) std::abort();
  const auto again = loaded.validator.validate(*document);
  if (again.issues != report.issues || again.errors != report.errors) std::abort();
  for (const Issue& issue : report.issues) {
    if (issue.text.empty() || issue.code.empty()) std::abort();
  }
  return 0;
}
