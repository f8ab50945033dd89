// What can be read can be written, and says the same when read again.
// DEPENDS fhir/json

#include <cstdint>
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
  static_cast<void>(json::read_plain(source, symbols));
  auto document = json::read(source, symbols);
  if (!document) {
    if (document.error().issues.empty()) std::abort();
    return 0;
  }
  auto written = json::write(*document);
  if (!written) std::abort();
  auto again = json::read(*written, symbols);
  if (!again) std::abort();
  auto twice = json::write(*again);
  if (!twice || *twice != *written) std::abort();
  auto pretty = json::write(*document, {.pretty = true});
  if (!pretty) std::abort();
  auto from_pretty = json::read(*pretty, symbols);
  if (!from_pretty || *json::write(*from_pretty) != *written) std::abort();
  return 0;
}
