// Value sets, code systems and concept maps of any content: compiled, expanded and asked within
// bounds.
// DEPENDS fhir/definitions fhir/packages fhir/terminology

#include "fhir/terminology/terminology.h"

#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/packages/registry.h"

using namespace concord;

namespace {

struct Loaded {
  tree::Symbols symbols;
  definitions::Definitions r4 = *definitions::Definitions::r4(symbols);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Loaded loaded;
  if (size > 16'384) return 0;
  packages::Registry registry(loaded.r4);
  // A Bundle of value sets, code systems and maps, or one of them.
  if (!registry.add_text("fuzz.json", std::string(reinterpret_cast<const char*>(data), size))) {
    return 0;
  }
  const terminology::Terminology terminology(
      registry, {.max_listed = 5'000, .max_depth = 8, .max_parts = 500});
  for (const packages::Entry* entry : registry.all("ValueSet")) {
    const auto set = terminology.value_set(entry->url);
    if (set == nullptr) continue;
    static_cast<void>(set->infer("a"));
    terminology::ExpandOptions options;
    const auto expansion = terminology.expand(set, options);
    if (!expansion && expansion.error().issues.empty()) std::abort();
  }
  for (const packages::Entry* entry : registry.all("CodeSystem")) {
    const terminology::Code code{entry->url, "a", {}, {}};
    static_cast<void>(terminology.check(code));
    static_cast<void>(terminology.lookup(code));
    static_cast<void>(terminology.subsumes(entry->url, "", "a", "b"));
  }
  return 0;
}
