#include "fhir/json/reader.h"

namespace concord::json {

tree::Reading read_collecting(std::string source, const tree::Symbols& symbols,
                              const tree::Limits& limits, const Leniency&) {
  tree::Reading reading;
  if (auto document = read(std::move(source), symbols, limits)) {
    reading.document.emplace(*std::move(document));
  } else {
    for (Issue& issue : document.error().issues) {
      reading.findings.push_back({Severity::fatal,
                                  "Error_parsing_JSON_",
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

}  // namespace concord::json
