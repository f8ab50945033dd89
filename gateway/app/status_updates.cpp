#include "gateway/app/status_updates.h"

#include <utility>
#include <vector>

#include "fhir/core/digest.h"
#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "gateway/api/resource_builder.h"
#include "mappers/eps/status_update/format_1.h"
#include "mappers/eps/status_update/status_update.h"

namespace concord::app {
namespace {

using Repeats = api::ResourceBuilder::Repeats;
using tree::Node;

/// What one entry is answered with.
struct Said {
  std::string_view status;  ///< "201 Created"
  Issue issue;
};

Issue issue_of(Severity severity, std::string_view code, std::string text) {
  Issue issue;
  issue.severity = severity;
  issue.code = code;
  issue.text = std::move(text);
  issue.wording = Wording::diagnostics;
  return issue;
}

Said created() {
  return {"201 Created",
          issue_of(Severity::information, "success", "No issues detected during validation.")};
}

Said kept_back() {
  return {"200 OK", issue_of(Severity::information, "informational",
                             "Data not committed due to issues in other entries.")};
}

Said bad(const std::vector<std::string>& faults) {
  std::string all;
  for (const std::string& fault : faults) {
    if (!all.empty()) all += ' ';
    all += fault;
  }
  return {"400 Bad Request", issue_of(Severity::error, "value", std::move(all))};
}

Said duplicate() {
  Issue issue = issue_of(Severity::error, "duplicate",
                         "Request contains a task id and prescription id identical to a record "
                         "already in the data store.");
  issue.detail_code = "REC_CONFLICT";
  issue.detail_system = "https://fhir.nhs.uk/CodeSystem/http-error-codes";
  return {"409 Conflict", std::move(issue)};
}

/// Builds the transaction-response.
class Answer {
 public:
  Answer(const tree::Symbols& symbols, Instant now)
      : out_(symbols, "Bundle"), now_(format_instant(now)) {
    out_.text(out_.root(), "type", "transaction-response");
  }

  void add(std::string_view full_url, const Said& said) {
    Node& entry = out_.element(out_.root(), "entry", Repeats::yes);
    out_.text(entry, "fullUrl", full_url);
    Node& response = out_.element(entry, "response");
    out_.text(response, "status", said.status);
    Node& outcome = out_.resource(response, "outcome", "OperationOutcome");
    out_.text(out_.element(outcome, "meta"), "lastUpdated", now_);
    api::add_issues(out_, outcome, "value", {said.issue});
  }

  Result<api::StatusAnswer> finish(int status) const {
    CONCORD_ASSIGN(std::string body, out_.written({api::Format::json, false}));
    return api::StatusAnswer{status, std::move(body)};
  }

 private:
  api::ResourceBuilder out_;
  std::string now_;
};

store::StatusRow row_of(const eps::StatusUpdate& update, const api::StatusRequest& request,
                        Instant now) {
  store::StatusRow row;
  row.prescription = update.prescription_id;
  row.item = update.line_item_id;
  row.task = update.task_id;
  row.patient = update.nhs_number;
  row.organisation = update.ods_code;
  row.status = update.status;
  row.terminal = update.terminal_status;
  row.repeat = update.repeat_number;
  row.effective_at = update.last_modified;
  row.post_dated = update.post_dated;
  row.application = request.application;
  row.request_id = request.request_id;
  row.received_at = now;
  return row;
}

/// One member of an object that is no resource.
void member(tree::Builder& builder, Node& object, std::string_view name, std::string_view text,
            tree::Kind kind = tree::Kind::string) {
  if (text.empty()) return;
  if (Node* node = builder.append(object, builder.symbol(name), kind)) {
    builder.set_copy(*node, text);
  }
}

}  // namespace

Result<api::StatusAnswer> StatusUpdates::record(const api::StatusRequest& request) const {
  const Instant now = clock_();
  Answer answer(symbols_, now);
  if (request.request_id.empty()) {
    answer.add({}, bad({"Missing or empty x-request-id header."}));
    return answer.finish(400);
  }
  CONCORD_ASSIGN(const tree::Document bundle,
                 request.legacy
                     ? eps::read_format_1(request.body, symbols_, limits_)
                     : json::read_passing_empty_arrays(request.body, symbols_, limits_, nullptr));
  auto read = eps::read_status_updates(bundle, now);
  if (!read && read.error().code != ErrorCode::invalid) return std::move(read).error();
  if (!read) {
    answer.add({}, bad({read.error().issues.front().text}));
    return answer.finish(400);
  }
  const std::vector<eps::StatusEntry>& entries = *read;
  if (entries.empty()) return answer.finish(200);

  std::vector<store::StatusRow> rows;
  for (const eps::StatusEntry& entry : entries) {
    if (entry.update) rows.push_back(row_of(*entry.update, request, now));
  }
  if (rows.size() < entries.size()) {
    for (const eps::StatusEntry& entry : entries) {
      answer.add(entry.full_url, entry.update ? kept_back() : bad(entry.faults));
    }
    return answer.finish(400);
  }
  CONCORD_ASSIGN(
      const store::StatusesRecorded recorded,
      store_.record_statuses(rows, {audit::Record{audit::Event::statuses_recorded, now, "", "",
                                                  node_, to_hex(sha256(request.body)),
                                                  std::to_string(rows.size()) + " items"}}));
  std::vector<bool> known(entries.size(), false);
  for (const std::size_t at : recorded.duplicates) known[at] = true;
  const bool stored = recorded.duplicates.empty();
  for (std::size_t at = 0; at < entries.size(); ++at) {
    answer.add(entries[at].full_url, stored ? created() : known[at] ? duplicate() : kept_back());
  }
  return answer.finish(stored ? 201 : 409);
}

Result<std::string> StatusUpdates::current(const api::StatusQuestion& question) const {
  store::StatusQuery query;
  query.prescription = question.prescription;
  query.patient = question.patient;
  query.organisation = question.organisation;
  CONCORD_ASSIGN(const auto rows, store_.current_statuses(query, clock_()));
  if (rows.empty()) return std::string(R"({"items":[]})");  // a tree holds no empty list
  tree::Document document(symbols_);
  tree::Builder builder(document);
  for (const store::StatusRow& row : rows) {
    Node* item = builder.append(builder.root(), builder.symbol("items"));
    if (item == nullptr) break;
    builder.set_flag(*item, tree::Flag::in_array);
    member(builder, *item, "ApplicationName", row.application);
    member(builder, *item, "RequestID", row.request_id);
    member(builder, *item, "LastModified", format_instant(row.effective_at));
    member(builder, *item, "TerminalStatus", row.terminal);
    member(builder, *item, "PharmacyODSCode", row.organisation);
    member(builder, *item, "Status", row.status);
    member(builder, *item, "TaskID", row.task);
    member(builder, *item, "PatientNHSNumber", row.patient);
    member(builder, *item, "LineItemID", row.item);
    member(builder, *item, "PrescriptionID", row.prescription);
    if (row.repeat) {
      member(builder, *item, "RepeatNo", std::to_string(*row.repeat), tree::Kind::number);
    }
  }
  return json::write(document);
}

}  // namespace concord::app
