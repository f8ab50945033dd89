#include "conformance/simulators/spine/tracker.h"

#include <fmt/format.h>

#include <map>

#include "conformance/simulators/spine/elements.h"
#include "conformance/simulators/spine/form.h"

namespace concord::spine {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// A JSON object, member by member.
class Object {
 public:
  Object& raw(std::string_view name, std::string_view json) {
    if (!text_.empty()) text_ += ',';
    text_ += quoted(name);
    text_ += ':';
    text_ += json;
    return *this;
  }
  Object& text(std::string_view name, std::string_view value) { return raw(name, quoted(value)); }
  std::string take() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

std::string time_or_nothing(const std::optional<Instant>& at) { return at ? v3_time(*at) : ""; }

Instant issued_at(const Prescription& prescription) {
  return prescription.order.start.value_or(prescription.accepted_at);
}

Instant last_event(const Prescription& prescription, const Issue& issue) {
  Instant last = prescription.accepted_at;
  for (const auto& at : {issue.released_at, issue.dispensed_at, issue.claimed_at}) {
    if (at) last = std::max(last, *at);
  }
  return last;
}

std::string party(const Party& party) {
  return Object()
      .text("name", party.name)
      .text("address", party.address)
      .text("phone", party.phone)
      .text("ods", party.ods)
      .take();
}

std::string_view treatment(std::string_view code) {
  if (code == "0002") return "Repeat Prescribing";
  if (code == "0003") return "Repeat Dispensing";
  return "Acute Prescription";
}

bool has_marks(const Issue& issue) {
  for (const IssueItem& item : issue.items) {
    if (item.marked) return true;
  }
  return false;
}

/// The members both answers have.
void common(Object& object, const Prescription& prescription, const Issue& issue) {
  object.text("prescriptionStatus", names_of(issue.state).tracker)
      .text("lastEventDate", v3_time(last_event(prescription, issue)))
      .text("prescriptionIssueDate", v3_time(issued_at(prescription)))
      .text("patientNhsNumber", prescription.order.nhs_number)
      .text("epsVersion", "R2")
      .text("pendingCancellations", has_marks(issue) ? "True" : "False")
      .text("prescriptionTreatmentType", treatment(prescription.order.treatment))
      .raw("repeatInstance", Object()
                                 .text("currentIssue", std::to_string(issue.number))
                                 .text("totalAuthorised", std::to_string(prescription.order.issues))
                                 .take());
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool wanted(const Prescription& prescription, const Issue& issue, const TrackerQuery& query) {
  const Instant at = issued_at(prescription);
  if (query.earliest && at < *query.earliest) return false;
  if (query.latest && at >= *query.latest + std::chrono::days(1)) return false;
  return query.status.empty() || query.status == names_of(issue.state).tracker;
}

using Parameters = std::map<std::string, std::string, std::less<>>;

Result<Parameters> parameters_of(std::string_view query) {
  Parameters all;
  for (auto& [name, value] : read_form(query)) {
    if (!all.emplace(std::move(name), std::move(value)).second) {
      return make_error(ErrorCode::invalid, "a parameter is given twice");
    }
  }
  return all;
}

}  // namespace

Result<TrackerQuery> read_tracker_query(std::string_view target) {
  const auto mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  TrackerQuery query;
  query.summary = path == "/mm/nhs111itemsummary";
  if (!query.summary && path != "/mm/nhs111itemdetails") {
    return make_error(ErrorCode::not_found, "the tracker has no such query");
  }
  CONCORD_ASSIGN(
      Parameters given,
      parameters_of(mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1)));
  const auto take = [&given](std::string_view name) {
    const auto found = given.find(name);
    if (found == given.end()) return std::string();
    std::string value = std::move(found->second);
    given.erase(found);
    return value;
  };
  const auto wrong = [](std::string_view name) {
    return make_error(ErrorCode::invalid, "parameter " + std::string(name));
  };
  if (query.summary) {
    query.nhs_number = take("nhsNumber");
    query.status = take("prescriptionStatus");
    for (auto& [name, day] :
         {std::pair{"earliestDate", &query.earliest}, {"latestDate", &query.latest}}) {
      const std::string value = take(name);
      if (value.empty()) continue;
      *day = v3_instant(value);
      if (!*day || value.size() != 8) return wrong(name);
    }
    if (query.nhs_number.empty()) return wrong("nhsNumber");
  } else {
    query.prescription_id = take("prescriptionId");
    const auto issue = whole_number(take("issueNumber"));
    if (query.prescription_id.empty()) return wrong("prescriptionId");
    if (!issue || *issue < 1) return wrong("issueNumber");
    query.issue = *issue;
  }
  if (!given.empty()) return wrong("is not known");
  return query;
}

std::string write_details(const Prescription& prescription, const Issue& issue) {
  Object details;
  common(details, prescription, issue);
  std::string previous;
  if (issue.number > 1) {
    previous = time_or_nothing(
        prescription.issues[static_cast<std::size_t>(issue.number) - 2].dispensed_at);
  }
  Party nominated;
  nominated.ods = prescription.order.nominated;
  details.text("prescriptionDownloadDate", time_or_nothing(issue.released_at))
      .text("prescriptionDispensedDate", time_or_nothing(issue.dispensed_at))
      .text("prescriptionClaimedDate", time_or_nothing(issue.claimed_at))
      .text("prescriptionLastIssueDispensedDate", previous)
      .raw("prescriber", party(prescription.order.prescriber))
      .raw("nominatedPharmacy", party(nominated))
      .raw("dispensingPharmacy", party(issue.dispenser));
  Object items;
  for (std::size_t at = 0; at < prescription.order.items.size(); ++at) {
    const OrderRequest::Item& item = prescription.order.items[at];
    items.raw(lower(item.id), Object()
                                  .text("description", item.description)
                                  .text("quantity", item.quantity)
                                  .text("uom", item.unit)
                                  .text("dosage", item.dosage)
                                  .text("itemStatus", names_of(issue.items[at].state).tracker)
                                  .text("code", item.code)
                                  .take());
  }
  details.raw("lineItems", items.take());
  return Object()
      .text("version", "1")
      .text("reason", "")
      .text("statusCode", "0")
      .raw(prescription.order.short_id, details.take())
      .take();
}

std::string write_summary(const std::vector<const Prescription*>& prescriptions,
                          const TrackerQuery& query) {
  Object all;
  for (const Prescription* prescription : prescriptions) {
    const Issue& issue = prescription->current();
    if (!wanted(*prescription, issue, query)) continue;
    Object summary;
    common(summary, *prescription, issue);
    Object items;
    for (const OrderRequest::Item& item : prescription->order.items) {
      items.text(lower(item.id), item.description);
    }
    summary.raw("lineItems", items.take());
    all.raw(prescription->order.short_id, summary.take());
  }
  return Object()
      .text("version", "1")
      .text("reason", "")
      .text("statusCode", "0")
      .raw("prescriptions", all.take())
      .take();
}

std::string write_tracker_error(std::string_view status_code, std::string_view reason) {
  return Object()
      .text("version", "1")
      .text("reason", reason)
      .text("statusCode", status_code)
      .raw("prescriptions", "{}")
      .take();
}

}  // namespace concord::spine
