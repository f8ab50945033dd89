// A signed prescription, changed: it gets an answer, the same one each time, and one that holds
// holds in any layout. The signer's key is nobody's any more.
// DEPENDS mappers/eps fhir/xml

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "fhir/xml/reader.h"
#include "fhir/xml/writer.h"
#include "mappers/eps/signing/verify.h"

using namespace concord;

namespace {

/// Every ParentPrescription's issues; nothing when there is none or one was over a limit.
std::vector<Issue> judged(const tree::Document& message, const eps::TrustStore& trust) {
  std::vector<Issue> all;
  std::vector<const tree::Node*> open{&message.root()};
  while (!open.empty()) {
    const tree::Node* node = open.back();
    open.pop_back();
    for (const tree::Node& child : node->children()) open.push_back(&child);
    if (message.name(*node) != "ParentPrescription") continue;
    const auto issues =
        eps::verify_prescription(message, *node, trust, Instant{std::chrono::hours(24 * 20'515)});
    if (issues) {
      if (issues->empty()) std::abort();  // without authorities there is always a warning at least
      all.insert(all.end(), issues->begin(), issues->end());
    } else if (issues.error().code != ErrorCode::too_long) {
      std::fprintf(stderr, "%s\n", to_string(issues.error()).c_str());
      std::abort();
    }
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tree::Symbols symbols;
  static const auto trust = eps::TrustStore::unjudged();
  const auto message = xml::read(std::string(reinterpret_cast<const char*>(data), size), symbols);
  if (!message) return 0;
  const std::vector<Issue> issues = judged(*message, *trust);
  if (judged(*message, *trust) != issues) std::abort();
  if (issues.empty() || !eps::signature_holds(issues)) return 0;
  for (const unsigned indent : {0u, 2u}) {
    const auto written = xml::write(*message, {.indent = indent});
    if (!written) return 0;
    const auto again = xml::read(*written, symbols);
    if (!again || !eps::signature_holds(judged(*again, *trust))) std::abort();
  }
  return 0;
}
