// Status updates of prescription items, at the paths of the national API: beside the FHIR server,
// so not in its CapabilityStatement. eps.md section 16.
#include "gateway/api/api.h"
#include "gateway/api/endpoints/registry.h"

namespace concord::api {
namespace {

constexpr Endpoint kUpdate{
    .interaction = "status-update",
    .method = "POST",
    .path = "/prescription-status-update",
    .scope = "Task.write",
    .documentation =
        "Takes a transaction Bundle of Tasks, one per prescription item, and keeps their statuses, "
        "all or none. Answers a transaction-response Bundle: 201 each; 400 when an entry is wrong, "
        "with what is wrong in its outcome; 409 when a task is known for its prescription; 200 "
        "without entries. X-Request-ID is required; the same request sent again is answered as the "
        "first time."};

constexpr Endpoint kLegacy{
    .interaction = "status-update",
    .method = "POST",
    .path = "/prescription-status-update/format-1",
    .scope = "Task.write",
    .documentation =
        "The same from the legacy JSON of pharmacy systems (\"format 1\"), translated to Tasks."};

constexpr Endpoint kCurrent{
    .interaction = "status-update",
    .method = "GET",
    .path = "/prescription-status-update/checkprescriptionstatusupdates",
    .scope = "Task.read",
    .documentation =
        "The status each item of a prescription has now, as JSON. prescriptionid or nhsnumber, "
        "and odscode to narrow it; an update that is post-dated counts from its date on."};

/// Until callers are known only this machine is. The rule of the exchange, for what passes by it.
Result<void> authenticated(const http::Request& request) {
  if (request.peer == "::1" || request.peer.starts_with("127.")) return {};
  return make_error(ErrorCode::login, "callers from other machines are not known here");
}

Result<http::Response> record(Call& call, const Services& use, bool legacy) {
  if (!use.record_statuses) {
    return make_error(ErrorCode::unsupported, "this gateway keeps no statuses of prescriptions");
  }
  CONCORD_TRY(authenticated(call.request));
  CONCORD_ASSIGN(const Format format, body_format(call.request));
  if (format != Format::json) {
    return make_error(ErrorCode::unsupported, "status updates are read as JSON only");
  }
  StatusRequest request;
  request.legacy = legacy;
  request.body = std::move(call.request.body);
  if (call.request.request_id_given) request.request_id = call.request.request_id;
  request.application = call.request.joined_field("nhsd-application-id");
  CONCORD_ASSIGN(StatusAnswer answer, use.record_statuses(request));
  http::Response response;
  response.status = answer.status;
  response.header("Content-Type", std::string(content_type(Format::json)));
  response.body = std::move(answer.body);
  return response;
}

Result<http::Response> update(Call& call, const Services& use) { return record(call, use, false); }
Result<http::Response> legacy(Call& call, const Services& use) { return record(call, use, true); }

Result<http::Response> current(Call& call, const Services& use) {
  if (!use.current_statuses) {
    return make_error(ErrorCode::unsupported, "this gateway keeps no statuses of prescriptions");
  }
  CONCORD_TRY(authenticated(call.request));
  const auto uppered = [](std::string_view text) {
    std::string changed(text);
    for (char& c : changed) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    }
    return changed;
  };
  const StatusQuestion question{uppered(call.query_value("prescriptionid")),
                                std::string(call.query_value("nhsnumber")),
                                uppered(call.query_value("odscode"))};
  if (question.prescription.empty() && question.patient.empty()) {
    return make_error(ErrorCode::invalid, "prescriptionid or nhsnumber is needed");
  }
  CONCORD_ASSIGN(std::string body, use.current_statuses(question));
  http::Response response;
  response.status = 200;
  response.header("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

}  // namespace

void register_prescription_status_update(endpoints::Table& table) {
  table.add(kUpdate, &update);
  table.add(kLegacy, &legacy);
  table.add(kCurrent, &current);
}

}  // namespace concord::api
