// Claim. Source: eps.md section 17, "claim".
#include "mappers/eps/rules/registry.h"

namespace concord::eps {
namespace {

using rules::Findings;
using rules::Message;
using tree::Node;

void insurance(const Message& message, Findings& findings) {
  const Node* insurance = message.root().child(message.names.insurance);
  if (message.root().count(message.names.insurance) != 1) {
    findings.add("invalid", "Expected exactly one item in Claim.insurance.", "Claim.insurance");
    return;
  }
  const std::string_view code = Message::text(insurance, message.names.coverage,
                                              message.names.identifier, message.names.value);
  if (code == "T1450" || code == "RQFZ1") return;
  findings.add("value", "Claim.insurance.coverage.identifier.value must be one of: T1450, RQFZ1.",
               "Claim.insurance.coverage.identifier.value");
}

void practitioner(const Message& message, Findings& findings) {
  for (const Node* role = message.root().child(message.names.contained); role != nullptr;
       role = role->next_same()) {
    if (role->type() != message.names.practitioner_role) continue;
    if (Message::text(role, message.names.practitioner, message.names.reference).empty()) continue;
    findings.add("invalid", "PractitionerRole.practitioner should be populated with an identifier.",
                 "Claim.contained.ofType(PractitionerRole).practitioner");
    return;
  }
}

bool has_endorsement(const Message& message, const Node& detail) {
  for (const Node* code = detail.child(message.names.program_code); code != nullptr;
       code = code->next_same()) {
    if (message.of_system(code->child(message.names.coding),
                          "https://fhir.nhs.uk/CodeSystem/medicationdispense-endorsement") !=
        nullptr) {
      return true;
    }
  }
  return false;
}

/// The first detail that has a programCode. Looked at alone, as the national service does.
const Node* first_with_program_code(const Message& message) {
  for (const Node* item = message.root().child(message.names.item); item != nullptr;
       item = item->next_same()) {
    for (const Node* detail = item->child(message.names.detail); detail != nullptr;
         detail = detail->next_same()) {
      if (detail->child(message.names.program_code) != nullptr) return detail;
    }
  }
  return nullptr;
}

void endorsement(const Message& message, Findings& findings) {
  const Node* detail = first_with_program_code(message);
  if (detail == nullptr || has_endorsement(message, *detail)) return;
  findings.add("invalid",
               "The endorsement code of the claim is missing. Use NDEC when none applies.",
               "Claim.item.detail.programCode");
}

constexpr auto kService = rules::Stage::service;
constexpr auto kAlways = Asking::translation;

constexpr rules::Row kRows[] = {
    {"claim.insurance", rules::kClaim, kService, kAlways, "one insurance, of T1450 or RQFZ1",
     &insurance},
    {"claim.practitioner", rules::kClaim, kService, kAlways,
     "the contained PractitionerRole names its practitioner by identifier", &practitioner},
    {"claim.endorsement", rules::kClaim, kService, kAlways,
     "the first detail with a programCode has a dispensing endorsement", &endorsement},
};

}  // namespace

void register_claim(rules::Table& table) { table.add(kRows); }

}  // namespace concord::eps
