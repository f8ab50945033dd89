// Whatever can be read as a legacy status message becomes a transaction whose Tasks have ids and
// the statuses of the table, twice the same; whatever is a Bundle is read or each entry says its
// faults.

// DEPENDS fhir/json mappers/eps

#include <cstdint>
#include <cstdlib>
#include <string>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "mappers/eps/status_update/format_1.h"
#include "mappers/eps/status_update/status_update.h"

namespace {

using namespace concord;

void check_entries(const std::vector<eps::StatusEntry>& entries) {
  for (const eps::StatusEntry& entry : entries) {
    if (entry.update.has_value() != entry.faults.empty()) std::abort();
    if (entry.update && entry.update->task_id.empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tree::Symbols symbols;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Instant now{std::chrono::hours{24 * 365 * 56}};
  if (const auto legacy = eps::read_format_1(text, symbols)) {
    const auto entries = eps::read_status_updates(*legacy, now);
    if (!entries) std::abort();
    check_entries(*entries);
    for (const eps::StatusEntry& entry : *entries) {
      for (const std::string& fault : entry.faults) {
        if (fault.find("TaskID") != std::string::npos) std::abort();
        if (fault.find("business status") != std::string::npos) std::abort();
      }
    }
    const auto again = eps::read_format_1(text, symbols);
    const auto first = json::write(*legacy);
    if (!again) std::abort();
    const auto second = json::write(*again);
    // Both are written, or hold the same text FHIR cannot carry.
    if (first.has_value() != second.has_value()) std::abort();
    if (first && *first != *second) std::abort();
  } else if (legacy.error().issues.empty()) {
    std::abort();
  }
  if (const auto bundle = json::read_passing_empty_arrays(text, symbols, {}, nullptr)) {
    if (const auto entries = eps::read_status_updates(*bundle, now)) check_entries(*entries);
  }
  return 0;
}
