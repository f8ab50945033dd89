// The JSON reader that goes on: it finds nothing where the strict one finds nothing, and something
// fatal, or a tree, where it does.
// DEPENDS fhir/json

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"

using namespace concord;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static tree::Symbols symbols;
  static const bool known = [] {
    for (const char* name : {"resourceType", "contained", "resource", "entry", "extension", "id"}) {
      symbols.intern(name);
    }
    return true;
  }();
  static_cast<void>(known);
  const std::string source(reinterpret_cast<const char*>(data), size);
  const tree::Limits limits{.max_bytes = 1 << 20, .max_depth = 60, .max_nodes = 20'000};
  const auto strict = json::read(source, symbols, limits);
  const auto reading = json::read_collecting(source, symbols, limits);
  const auto fatal = [](const tree::SyntaxFinding& finding) {
    return finding.severity == Severity::fatal;
  };
  if (strict) {
    if (!reading.clean() || *json::write(*reading.document) != *json::write(*strict)) std::abort();
  } else if (reading.findings.empty() && reading.document) {
    // A number JSON does not have, and resourceType in an element that may have a member of that
    // name, are left to those who know the definitions.
    const std::string why = to_string(strict.error());
    if (strict.error().code != ErrorCode::malformed &&
        why.find("resourceType in an element that is no resource") == why.npos) {
      std::fprintf(stderr, "nothing found, but %s\n", why.c_str());
      std::abort();
    }
  }
  if (!reading.document && std::none_of(reading.findings.begin(), reading.findings.end(), fatal)) {
    std::abort();
  }
  if (reading.findings.size() > tree::kMostSyntaxFindings + 2) std::abort();
  for (const auto& finding : reading.findings) {
    if (finding.message_id.empty() || finding.text.empty() || finding.position.line == 0 ||
        finding.position.column == 0 || finding.offset > size) {
      std::abort();
    }
  }
  // What was read and can be written is JSON, whatever it was before.
  if (reading.document) {
    if (const auto written = json::write(*reading.document)) {
      if (!json::read_collecting(*written, symbols, limits).document) std::abort();
    }
  }
  const auto lenient = json::read_collecting(source, symbols, limits, {.comments = true});
  if (lenient.document.has_value() != reading.document.has_value()) std::abort();
  return 0;
}
