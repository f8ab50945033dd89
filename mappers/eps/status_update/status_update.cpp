#include "mappers/eps/status_update/status_update.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include "fhir/core/identifiers.h"

namespace concord::eps {
namespace {

using tree::Node;

/// How far ahead times may be; the second when meta.lastUpdated says that the update is post-dated.
constexpr std::chrono::hours kAhead{24};
constexpr std::chrono::hours kPostDatedAhead{999};

constexpr std::array<std::string_view, 5> kCompleted{"collected", "not dispensed", "dispatched",
                                                     "ready to dispatch", "ready to collect"};
constexpr std::array<std::string_view, 6> kInProgress{"with pharmacy",
                                                      "with pharmacy - preparing remainder",
                                                      "ready to collect - partial",
                                                      "ready to dispatch - partial",
                                                      "ready to dispatch",
                                                      "ready to collect"};

std::string cased(std::string_view text, char from, char to, int shift) {
  std::string changed(text);
  for (char& c : changed) {
    if (c >= from && c <= to) c = static_cast<char>(c + shift);
  }
  return changed;
}
std::string lowered(std::string_view text) { return cased(text, 'A', 'Z', 32); }
std::string uppered(std::string_view text) { return cased(text, 'a', 'z', -32); }

/// Names from an element downwards; empty ones end it.
using Path = std::array<std::string_view, 3>;

/// Looks into one Task by names.
class Task {
 public:
  Task(const tree::Document& document, const Node& node) : document_(document), node_(node) {}

  const Node* find(const Path& path) const {
    const Node* at = &node_;
    for (const std::string_view name : path) {
      if (name.empty()) break;
      const tree::Symbol symbol = document_.find(name);
      at = symbol == tree::Symbol::kNone ? nullptr : at->child(symbol);
      if (at == nullptr) return nullptr;
    }
    return at;
  }
  std::string_view text(const Path& path) const {
    const Node* found = find(path);
    return found == nullptr ? std::string_view() : found->text();
  }

 private:
  const tree::Document& document_;
  const Node& node_;
};

/// Where each field stands, in the order the national service lists them, and its system.
struct Field {
  std::string_view name;
  Path value;
  Path system;
  std::string_view expected;
};

constexpr std::array<Field, 8> kFields{{
    {"LastModified", {"lastModified"}, {}, {}},
    {"LineItemID",
     {"focus", "identifier", "value"},
     {"focus", "identifier", "system"},
     "https://fhir.nhs.uk/Id/prescription-order-item-number"},
    {"PatientNHSNumber",
     {"for", "identifier", "value"},
     {"for", "identifier", "system"},
     "https://fhir.nhs.uk/Id/nhs-number"},
    {"PharmacyODSCode",
     {"owner", "identifier", "value"},
     {"owner", "identifier", "system"},
     "https://fhir.nhs.uk/Id/ods-organization-code"},
    {"PrescriptionID",
     {"basedOn", "identifier", "value"},
     {"basedOn", "identifier", "system"},
     "https://fhir.nhs.uk/Id/prescription-order-number"},
    {"Status",
     {"businessStatus", "coding", "code"},
     {"businessStatus", "coding", "system"},
     "https://fhir.nhs.uk/CodeSystem/task-businessStatus-nppt"},
    {"TaskID", {"id"}, {}, {}},
    {"TerminalStatus", {"status"}, {}, {}},
}};

std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

/// The fields a Task lacks.
std::vector<std::string_view> missing_fields(const Task& task) {
  std::vector<std::string_view> missing;
  for (const Field& field : kFields) {
    if (task.find(field.value) == nullptr || task.text(field.value).empty()) {
      missing.push_back(field.name);
    }
  }
  return missing;
}

void check_systems(const Task& task, std::vector<std::string>& faults) {
  std::vector<std::string_view> wrong;
  for (const Field& field : kFields) {
    if (!field.expected.empty() && task.text(field.system) != field.expected) {
      wrong.push_back(field.name);
    }
  }
  if (!wrong.empty()) faults.push_back("Invalid CodeSystem(s) - " + listed(wrong) + ".");
}

void check_status(const StatusUpdate& update, std::vector<std::string>& faults) {
  const std::string status = lowered(update.status);
  const bool completed =
      std::find(kCompleted.begin(), kCompleted.end(), status) != kCompleted.end();
  const bool in_progress =
      std::find(kInProgress.begin(), kInProgress.end(), status) != kInProgress.end();
  if (!completed && !in_progress) {
    faults.emplace_back("Invalid business status.");
  } else if (update.terminal_status == "completed") {
    if (!completed) faults.emplace_back("Completed state must have a valid business status.");
  } else if (update.terminal_status == "in-progress") {
    if (!in_progress) faults.emplace_back("In-progress state must have a valid business status.");
  }
  if (update.terminal_status != "completed" && update.terminal_status != "in-progress") {
    faults.emplace_back("Task status must be completed or in-progress.");
  }
}

void check_times(const Task& task, Instant now, StatusUpdate& update,
                 std::vector<std::string>& faults) {
  const std::string_view updated = task.text({"meta", "lastUpdated"});
  update.post_dated = task.find({"meta", "lastUpdated"}) != nullptr;
  if (update.post_dated) {
    const auto at = parse_instant(updated);
    if (!at) {
      faults.emplace_back("Date format provided for meta.lastUpdated is invalid.");
    } else if (*at - now > kAhead) {
      faults.emplace_back("Invalid meta.lastUpdated value provided.");
    }
  }
  const auto modified = parse_instant(task.text({"lastModified"}));
  if (!modified) {
    faults.emplace_back("Date format provided for lastModified is invalid.");
    return;
  }
  update.last_modified = *modified;
  if (*modified - now > (update.post_dated ? kPostDatedAhead : kAhead)) {
    faults.emplace_back("Invalid last modified value provided.");
  }
}

void check_repeat(const Task& task, StatusUpdate& update, std::vector<std::string>& faults) {
  if (task.find({"input"}) == nullptr) return;
  const std::string_view number = task.text({"input", "valueInteger"});
  if (task.text({"input", "type", "text"}) != "Repeat Number" || number.size() != 1 ||
      number.front() < '1' || number.front() > '6') {
    faults.emplace_back("Invalid repeat number provided.");
    return;
  }
  update.repeat_number = number.front() - '0';
}

void check_task(const Task& task, Instant now, StatusEntry& entry) {
  StatusUpdate update;
  update.task_id = task.text({"id"});
  update.prescription_id = uppered(task.text({"basedOn", "identifier", "value"}));
  update.line_item_id = uppered(task.text({"focus", "identifier", "value"}));
  update.nhs_number = task.text({"for", "identifier", "value"});
  const std::string_view ods = task.text({"owner", "identifier", "value"});
  update.ods_code = ods;
  update.status = task.text({"businessStatus", "coding", "code"});
  update.terminal_status = task.text({"status"});

  std::vector<std::string>& faults = entry.faults;
  if (lowered(entry.full_url) != "urn:uuid:" + lowered(update.task_id)) {
    faults.emplace_back("Invalid entry fullUrl or task id.");
  }
  if (task.text({"intent"}) != "order") faults.emplace_back("Task intent must be order.");
  check_times(task, now, update, faults);
  if (!check_nhs_number(update.nhs_number)) faults.emplace_back("NHS number is invalid.");
  if (!check_prescription_id(update.prescription_id)) {
    faults.emplace_back("Prescription ID is invalid.");
  }
  if (!check_ods_code(ods)) faults.emplace_back("ODS code is invalid.");
  check_systems(task, faults);
  check_status(update, faults);
  check_repeat(task, update, faults);
  if (faults.empty()) entry.update = std::move(update);
}

StatusEntry read_entry(const tree::Document& bundle, const Node& node, Instant now) {
  StatusEntry entry;
  const Task outer(bundle, node);
  const Node* full_url = outer.find({"fullUrl"});
  const Node* resource = outer.find({"resource"});
  if (full_url != nullptr) entry.full_url = full_url->text();
  if (resource != nullptr && bundle.text(resource->type()) != "Task") {
    entry.faults.emplace_back("Resource's resourceType isn't 'Task'.");
    return entry;
  }
  std::vector<std::string_view> missing;
  if (resource != nullptr) missing = missing_fields(Task(bundle, *resource));
  if (entry.full_url.empty()) missing.emplace_back("FullUrl");
  if (resource == nullptr) missing.emplace_back("Resource");
  if (!missing.empty()) {
    entry.faults.push_back("Missing required field(s) - " + listed(missing) + ".");
    return entry;
  }
  check_task(Task(bundle, *resource), now, entry);
  return entry;
}

}  // namespace

Result<std::vector<StatusEntry>> read_status_updates(const tree::Document& bundle, Instant now) {
  const Task top(bundle, bundle.root());
  if (bundle.text(bundle.root().type()) != "Bundle" || top.text({"type"}) != "transaction") {
    return make_error(
        ErrorCode::invalid,
        "Request body does not have resourceType of 'Bundle' and type of 'transaction'.");
  }
  std::vector<StatusEntry> entries;
  for (const Node* entry = top.find({"entry"}); entry != nullptr; entry = entry->next_same()) {
    if (entries.size() == kMostStatusEntries) {
      return make_error(ErrorCode::too_long, "more entries than one request may have",
                        "Bundle.entry");
    }
    entries.push_back(read_entry(bundle, *entry, now));
  }
  return entries;
}

}  // namespace concord::eps
