// dispense-notification. Source: eps.md section 17, "dispense".
#include <algorithm>

#include "mappers/eps/rules/registry.h"

namespace concord::eps {
namespace {

using rules::Findings;
using rules::Message;
using tree::Node;

constexpr std::string_view kDispense = "MedicationDispense";
constexpr std::string_view kOrganisationRelationships =
    "https://fhir.nhs.uk/StructureDefinition/Extension-ODS-OrganisationRelationships";

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
  const std::string path =
      "extension('https://fhir.nhs.uk/StructureDefinition/Extension-ODS-OrganisationRelationships')"
      ".extension('reimbursementAuthority')";
  if (authority == nullptr) {
    findings.add("invalid", "The reimbursement authority of the Organization is missing.",
                 rules::entry_path("Organization", path));
    return;
  }
  const Node* code = message.of_system(authority->child(message.names.value_identifier),
                                       "https://fhir.nhs.uk/Id/ods-organization-code");
  if (Message::text(code, message.names.value).empty()) {
    findings.add("invalid", "The ODS code of the reimbursement authority is missing.",
                 rules::entry_path("Organization", path + ".valueIdentifier"));
  }
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
};

}  // namespace

void register_dispense(rules::Table& table) { table.add(kRows); }

}  // namespace concord::eps
