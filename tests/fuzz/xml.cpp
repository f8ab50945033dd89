// XML that can be read can be written, and from then on stays the same; so does canonical XML.
// DEPENDS fhir/xml

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "fhir/xml/canonical.h"
#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"

using namespace concord;

namespace {

/// Written XML may be longer than what was read; it may not be wrong.
template <typename T>
bool usable(const Result<T>& result) {
  if (!result && result.error().code != ErrorCode::too_long) {
    std::fprintf(stderr, "%s\n", to_string(result.error()).c_str());
    std::abort();
  }
  return result.has_value();
}

void free_xml(const std::string& source, const tree::Symbols& symbols) {
  auto document = xml::read(source, symbols);
  if (!document) {
    if (document.error().issues.empty()) std::abort();
    return;
  }
  for (const unsigned indent : {0u, 2u}) {
    const xml::WriteOptions options{.indent = indent};
    auto first = xml::write(*document, options);
    if (!usable(first)) return;
    auto read_again = xml::read(*first, symbols);
    if (!usable(read_again)) return;
    // Line ends in attributes and carriage returns are evened out once.
    auto second = xml::write(*read_again, options);
    if (!usable(second)) return;
    auto read_twice = xml::read(*second, symbols);
    if (!usable(read_twice)) return;
    auto third = xml::write(*read_twice, options);
    if (usable(third) && *third != *second) std::abort();
  }
}

void fhir_xml(const std::string& source, const tree::Symbols& symbols) {
  auto document = xml::read_fhir(source, symbols);
  if (!document) {
    if (document.error().issues.empty()) std::abort();
    return;
  }
  auto first = xml::write_fhir(*document);
  if (!usable(first)) return;
  auto again = xml::read_fhir(*first, symbols);
  if (!usable(again)) return;
  auto second = xml::write_fhir(*again);
  if (usable(second) && *second != *first) std::abort();
}

void canonical(const std::string& source, const tree::Symbols& symbols) {
  auto first = xml::canonicalise(source);
  if (!first) return;
  auto second = xml::canonicalise(*first);
  if (usable(second) && *second != *first) std::abort();

  // A tree and what is written of it have one canonical form.
  auto document = xml::read(source, symbols);
  if (!document) return;
  auto written = xml::write(*document, {.declaration = false, .indent = 0});
  auto of_tree = xml::canonicalise(*document, document->root());
  if (!usable(written) || !usable(of_tree)) return;
  auto of_text = xml::canonicalise(*written);
  if (usable(of_text) && *of_text != *of_tree) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static tree::Symbols symbols;
  const std::string source(reinterpret_cast<const char*>(data), size);
  free_xml(source, symbols);
  fhir_xml(source, symbols);
  canonical(source, symbols);
  return 0;
}
