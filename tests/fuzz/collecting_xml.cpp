// The XML reader that goes on: the same tree as the strict one where that reads, otherwise a
// finding; narratives it writes out itself are well-formed.
// DEPENDS fhir/xml

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"

using namespace concord;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static tree::Symbols symbols;
  const std::string source(reinterpret_cast<const char*>(data), size);
  const tree::Limits limits{.max_bytes = 1 << 20, .max_depth = 60, .max_nodes = 20'000};
  const auto strict = xml::read_fhir(source, symbols, limits);
  const auto reading = xml::read_fhir_collecting(source, symbols, limits);
  if (strict) {
    if (!reading.document) std::abort();
    // An empty resource is the one thing the strict reader lets pass.
    for (const auto& finding : reading.findings) {
      if (finding.message_id != "Element_must_have_some_content") std::abort();
    }
    const auto expected = xml::write_fhir(*strict), written = xml::write_fhir(*reading.document);
    if (expected.has_value() != written.has_value()) std::abort();
    if (expected && *expected != *written) std::abort();
  } else if (reading.findings.empty() && reading.document) {
    // A narrative that leans on the namespaces around it is no mistake.
    if (strict.error().code != ErrorCode::unsupported &&
        strict.error().code != ErrorCode::invalid) {
      std::abort();
    }
  }
  if (!reading.document &&
      std::none_of(reading.findings.begin(), reading.findings.end(),
                   [](const auto& finding) { return finding.severity == Severity::fatal; })) {
    std::abort();
  }
  if (reading.findings.size() > tree::kMostSyntaxFindings + 2) std::abort();
  for (const auto& finding : reading.findings) {
    if (finding.message_id.empty() || finding.text.empty() || finding.position.line == 0) {
      std::abort();
    }
  }
  if (!reading.document) return 0;
  if (const auto written = xml::write_fhir(*reading.document)) {
    const auto again = xml::read_fhir_collecting(*written, symbols, {.max_depth = 60});
    if (!again.document) std::abort();
  }
  return 0;
}
