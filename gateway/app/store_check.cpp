#include "gateway/app/store_check.h"

#include <algorithm>
#include <map>

#include "fhir/definitions/annotate.h"
#include "fhir/json/reader.h"
#include "gateway/app/resource_settings.h"

namespace concord::app {
namespace {

/// Resources whose index rows are compared unless all are.
constexpr std::int64_t kSample = 1000;
constexpr std::size_t kFaults = 100;  ///< lines of a report
constexpr std::size_t kAtOnce = 500;

/// What is wrong with the index of one resource; empty: nothing.
std::string fault_of(const store::ResourceRow& row, const Result<search::IndexValues>& kept,
                     const Searching& searching) {
  auto document = json::read(row.body, searching.engine->symbols());
  if (!document) return "its body cannot be read";
  tree::Builder builder(*document);
  definitions::annotate(builder, searching.engine->definitions());
  const auto made = searching.parameters->extract(*document, document->root());
  if (!made || !kept) return "its index cannot be made";
  return store::in_order(*made) == store::in_order(*kept) ? ""
                                                          : "is found by other values than it has";
}

/// Compares index rows with the values of the bodies; how many were.
Result<std::int64_t> compare_index(const StoreCheck& check, const Searching& searching,
                                   std::vector<std::string>& faults) {
  store::Resources& resources = check.store->resources();
  CONCORD_ASSIGN(const auto counts, resources.resource_counts());
  std::int64_t current = 0;
  for (const store::ResourceCounts& count : counts) current += count.current;
  const std::int64_t stride = check.all ? 1 : std::max<std::int64_t>(1, current / kSample);
  std::int64_t compared = 0;
  std::map<std::int64_t, std::string> suspects;  // by row
  for (std::int64_t after = 0; suspects.size() < kFaults;) {
    CONCORD_ASSIGN(const auto rows, resources.rows_after(after, stride == 1 ? 200 : 1));
    if (rows.empty()) break;
    for (const store::ResourceRow& row : rows) {
      after = row.row + stride - 1;
      ++compared;
      const std::string fault = fault_of(row, check.inspection->index_of(row.row), searching);
      if (!fault.empty()) suspects.emplace(row.row, row.type + "/" + row.id + ": " + fault);
    }
  }
  // The inspection sees one moment, the bodies were read after it: what changed since is no fault.
  for (std::string place = check.place; !suspects.empty();) {
    CONCORD_ASSIGN(const store::ResourcePage page, resources.changed(place, {}, kAtOnce));
    for (const store::ResourceRow& row : page.rows)
      compared -= suspects.erase(row.row) != 0 ? 1 : 0;
    place = page.next;
    if (page.rows.size() < kAtOnce) break;
  }
  for (auto& [row, fault] : suspects) faults.push_back(std::move(fault));
  return compared;
}

}  // namespace

Result<Searching> load_searching(const Config& config) {
  Searching searching;
  CONCORD_ASSIGN(searching.engine, Engine::load());
  CheckingSources sources;
  sources.packages = config.packages.load;
  sources.folders.assign(config.packages.folders.begin(), config.packages.folders.end());
  CONCORD_ASSIGN(searching.checking, Checking::load(searching.engine->definitions(), sources));
  std::vector<Issue> left_out;
  CONCORD_ASSIGN(search::Parameters compiled,
                 compile_parameters(*searching.engine, *searching.checking, config, left_out));
  searching.parameters = std::make_unique<search::Parameters>(std::move(compiled));
  return searching;
}

Result<StoreReport> check_store(const StoreCheck& check) {
  StoreReport report;
  store::Looked looked;
  CONCORD_ASSIGN(std::vector<std::string> faults, check.inspection->faults(looked));
  report.text = "payloads " + std::to_string(looked.payloads) + ", resources " +
                std::to_string(looked.resources) + ", older versions " +
                std::to_string(looked.versions) + ", index rows " +
                std::to_string(looked.index_rows) + "\n";
  CONCORD_ASSIGN(const audit::Verdict verdict, store::verify_audit(*check.store));
  if (verdict.broken) {
    faults.push_back("audit chain broken at " + std::to_string(verdict.broken->sequence) + ": " +
                     verdict.broken->text);
  }
  report.text += "audit chain: " + std::to_string(verdict.links) + " records\n";
  if (faults.empty()) {
    CONCORD_ASSIGN(const Searching searching, check.searching());
    CONCORD_ASSIGN(const std::int64_t version, check.store->resources().index_version());
    if (version != searching.parameters->version()) {
      report.text +=
          "index: made with other search parameters, not compared; concord store reindex makes it "
          "anew\n";
    } else {
      CONCORD_ASSIGN(const std::int64_t compared, compare_index(check, searching, faults));
      report.text += "index: compared for " + std::to_string(compared) + " resources\n";
    }
  }
  for (const std::string& fault : faults) report.text += "fault: " + fault + "\n";
  CONCORD_ASSIGN(const bool held, check.inspection->in_quarantine());
  if (held) report.text += "in quarantine: nothing is delivered until concord store release\n";
  report.sound = faults.empty();
  report.text += report.sound ? "sound\n" : "not sound\n";
  return report;
}

}  // namespace concord::app
