#include <algorithm>
#include <iterator>
#include <utility>

#include "fhir/json/reader.h"

namespace concord::json {

Result<tree::Document> read_passing_empty_arrays(std::string source, const tree::Symbols& symbols,
                                                 const tree::Limits& limits,
                                                 std::vector<tree::SyntaxFinding>* passed) {
  // Most texts have none: they are read once. The reader takes the text with it, so a copy stays.
  std::string again(source);
  auto read = json::read(std::move(source), symbols, limits);
  if (read || read.error().code != ErrorCode::invalid) return read;
  tree::Reading reading = read_collecting(std::move(again), symbols, limits);
  const bool only_empty_arrays =
      reading.document.has_value() &&
      std::all_of(reading.findings.begin(), reading.findings.end(),
                  [](const tree::SyntaxFinding& finding) {
                    return finding.message_id == "ARRAY_CANNOT_BE_EMPTY" &&
                           finding.severity != Severity::fatal;
                  });
  if (!only_empty_arrays) return read;
  if (passed != nullptr)
    std::move(reading.findings.begin(), reading.findings.end(), std::back_inserter(*passed));
  return *std::move(reading.document);
}

}  // namespace concord::json
