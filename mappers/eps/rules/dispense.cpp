// dispense-notification. Source: eps.md section 17, "dispense".
#include <algorithm>

#include "mappers/eps/published_error.h"
#include "mappers/eps/rules/registry.h"

namespace concord::eps {
namespace {

using rules::Findings;
using rules::Message;
using tree::Node;

constexpr std::string_view kDispense = "MedicationDispense";
constexpr std::string_view kOrganisationRelationships =
    "https://fhir.nhs.uk/StructureDefinition/Extension-ODS-OrganisationRelationships";

constexpr std::string_view kAuthorityPath =
    "extension('https://fhir.nhs.uk/StructureDefinition/Extension-ODS-OrganisationRelationships')"
    ".extension('reimbursementAuthority')";
constexpr std::string_view kNonDispensingReason =
    "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionNonDispensingReason";

void performers(const Message& message, Findings& findings) {
  std::vector<std::string_view> named;
  bool empty = false;
  for (const Node* dispense : message.medication_dispenses) {
    const Node* performer = dispense->child(message.names.performer);
    empty = empty || performer == nullptr;
    for (; performer != nullptr; performer = performer->next_same()) {
      const std::string_view reference =
          Message::text(performer, message.names.actor, message.names.reference);
      if (!reference.empty()) named.push_back(reference);
    }
  }
  if (empty) {
    findings.add("value", "Expected MedicationDispense to have a value for performer.",
                 rules::entry_path(kDispense, "performer"));
  }
  if (std::adjacent_find(named.begin(), named.end(), std::not_equal_to<>()) != named.end()) {
    findings.add("value", "Expected all MedicationDispenses to have the same value for performer.",
                 rules::entry_path(kDispense, "performer"));
  }
}

void practitioners(const Message& message, Findings& findings) {
  for (const Node* dispense : message.medication_dispenses) {
    for (const Node* role = dispense->child(message.names.contained); role != nullptr;
         role = role->next_same()) {
      if (role->type() != message.names.practitioner_role) continue;
      if (Message::text(role, message.names.practitioner, message.names.reference).empty()) {
        continue;
      }
      findings.add("invalid",
                   "PractitionerRole.practitioner should be populated with an identifier and a "
                   "display.",
                   rules::entry_path(kDispense, "contained.ofType(PractitionerRole).practitioner"));
      return;
    }
  }
}

/// The organisation of the first dispense's performer, else the first of the Bundle.
const Node* dispenser(const Message& message) {
  if (!message.medication_dispenses.empty()) {
    const Node* dispense = message.medication_dispenses.front();
    const Node* role = message.resolve(
        Message::at(dispense, message.names.performer, message.names.actor), dispense);
    const Node* named =
        role == nullptr ? nullptr : message.resolve(role->child(message.names.organization));
    if (named != nullptr) return named;
  }
  return message.organizations.empty() ? nullptr : message.organizations.front();
}

void reimbursement_authority(const Message& message, Findings& findings) {
  const Node* organization = dispenser(message);
  if (organization == nullptr) return;  // the translation says which reference leads nowhere
  const Node* authority = message.extension(
      message.extension(organization, kOrganisationRelationships), "reimbursementAuthority");
  if (authority == nullptr) {
    findings.add("invalid", "The reimbursement authority of the Organization is missing.",
                 rules::entry_path("Organization", kAuthorityPath));
    return;
  }
  const Node* code = message.of_system(authority->child(message.names.value_identifier),
                                       "https://fhir.nhs.uk/Id/ods-organization-code");
  if (Message::text(code, message.names.value).empty()) {
    findings.add(
        "invalid", "The ODS code of the reimbursement authority is missing.",
        rules::entry_path("Organization", std::string(kAuthorityPath) + ".valueIdentifier"));
  }
}

/// Items of two prescriptions would all be filed under the first.
void one_prescription(const Message& message, Findings& findings) {
  const auto group = [&](const Node* dispense) {
    const Node* request =
        message.resolve(dispense->child(message.names.authorizing_prescription), dispense);
    return Message::text(request, message.names.group_identifier, message.names.value);
  };
  const rules::Nodes& all = message.medication_dispenses;
  for (std::size_t at = 1; at < all.size(); ++at) {
    if (group(all[at]) == group(all.front())) continue;
    const std::string field = "contained.ofType(MedicationRequest).groupIdentifier";
    findings.add("value",
                 "Expected all MedicationDispenses to have the same value for " + field + ".",
                 rules::entry_path(kDispense, field));
    return;
  }
}

/// A prescription that was not dispensed has one reason. Source: eps.md section 11, and 2 for the
/// shape of InconsistentValues.
void non_dispensing_reason(const Message& message, Findings& findings) {
  std::string_view first;
  bool differ = false;
  for (const Node* dispense : message.medication_dispenses) {
    const Node* reason = message.extension(dispense, kNonDispensingReason);
    if (reason == nullptr) return;  // one was dispensed: the reasons are the items' own
    const std::string_view code =
        Message::text(reason, message.names.value_coding, message.names.code);
    if (first.empty()) first = code;
    differ = differ || code != first;
  }
  if (!differ) return;
  findings.add_coded(
      "invalid",
      "Expected all MedicationDispenses to have the same prescription non-dispensing "
      "reason.",
      rules::entry_path(kDispense,
                        "extension('" + std::string(kNonDispensingReason) + "').valueCoding.code"),
      kInvalidValue, kSpineCodes);
}

constexpr auto kService = rules::Stage::service;
constexpr auto kAlways = Asking::translation;

constexpr rules::Row kRows[] = {
    {"dispense.performer", rules::kDispense, kService, kAlways,
     "each MedicationDispense has a performer, all the same", &performers},
    {"dispense.practitioner", rules::kDispense, kService, kAlways,
     "a contained PractitionerRole names its practitioner by identifier and display",
     &practitioners},
    {"dispense.reimbursement-authority", rules::kDispense, kService, kAlways,
     "the dispenser's Organization has a reimbursement authority with an ODS code",
     &reimbursement_authority},
    {"dispense.prescription", rules::kDispense, kService, kAlways,
     "MedicationDispenses are of one prescription", &one_prescription},
    {"dispense.non-dispensing-reason", rules::kDispense, kService, kAlways,
     "when nothing was dispensed, the reason is the same on all", &non_dispensing_reason},
};

}  // namespace

void register_dispense(rules::Table& table) { table.add(kRows); }

}  // namespace concord::eps
