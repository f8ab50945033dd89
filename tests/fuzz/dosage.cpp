// Whatever can be read as a resource with dosages gives a text within its limit, or is refused with
// an element; twice the same.
// DEPENDS fhir/json fhir/dosage

#include "fhir/dosage/dosage.h"

#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/json/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace concord;
  static const tree::Symbols symbols;
  const auto document = json::read(std::string(reinterpret_cast<const char*>(data), size), symbols);
  if (!document) return 0;
  dosage::Limits limits;
  limits.max_bytes = 4096;
  const auto text = dosage::resource_to_text(*document, document->root(), limits);
  if (!text) {
    if (text.error().issues.size() != 1 || text.error().issues.front().text.empty()) std::abort();
    return 0;
  }
  if (text->size() > limits.max_bytes) std::abort();
  const auto again = dosage::resource_to_text(*document, document->root(), limits);
  if (!again || *again != *text) std::abort();
  return 0;
}
