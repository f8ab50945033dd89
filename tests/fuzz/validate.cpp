// Whatever can be read, as JSON or XML, can be annotated and validated, and a second run says the
// same.
// DEPENDS fhir/json fhir/xml fhir/definitions fhir/validate

#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "fhir/validate/validator.h"
#include "fhir/xml/reader.h"

using namespace concord;

namespace {

struct Loaded {
  tree::Symbols symbols;
  definitions::Definitions r4 = load(symbols);
  validate::Validator validator = validate::Validator::compile(r4);

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
