// prescription-order-update: one item is cancelled. Source: eps.md section 17, "cancel".
#include "mappers/eps/rules/registry.h"

namespace concord::eps {
namespace {

using rules::Findings;
using rules::Message;

constexpr std::string_view kRequest = "MedicationRequest";

void cancellation(const Message& message, Findings& findings) {
  if (message.medication_requests.size() != 1) {
    findings.add("value",
                 "Bundle must contain exactly one MedicationRequest when "
                 "MessageHeader.eventCoding.code is prescription-order-update.",
                 rules::entry_path(kRequest, {}));
    return;
  }
  const tree::Node* request = message.medication_requests.front();
  const tree::Node* status = request->child(message.names.status);
  message.settled(status);
  if (Message::text(status) != "cancelled") {
    findings.add("value", "MedicationRequest.status must be cancelled.",
                 rules::entry_path(kRequest, "status"));
  }
  if (request->child(message.names.status_reason) == nullptr) {
    findings.add("value", "Expected MedicationRequest to have a value for statusReason.",
                 rules::entry_path(kRequest, "statusReason"));
  }
}

constexpr rules::Row kRows[] = {
    {"cancel.item", rules::kCancel, rules::Stage::service, Asking::translation,
     "exactly one MedicationRequest, with status cancelled and a statusReason", &cancellation},
};

}  // namespace

void register_cancel(rules::Table& table) { table.add(kRows); }

}  // namespace concord::eps
