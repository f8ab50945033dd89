#include "fhir/xml/reader.h"

namespace concord::xml {

tree::Reading read_fhir_collecting(std::string source, const tree::Symbols& symbols,
                                   const tree::Limits& limits) {
  tree::Reading reading;
  if (auto document = read_fhir(std::move(source), symbols, limits)) {
    reading.document.emplace(*std::move(document));
  } else {
    for (Issue& issue : document.error().issues) {
      reading.findings.push_back({Severity::fatal,
                                  "Error_parsing_XML_",
                                  "invalid",
                                  std::move(issue.text),
                                  issue.position,
                                  std::move(issue.expression),
                                  nullptr,
                                  {}});
    }
  }
  return reading;
}

}  // namespace concord::xml
