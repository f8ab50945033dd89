// prescription-order. Source: eps.md section 17, "order".
#include <algorithm>
#include <array>

#include "fhir/core/identifiers.h"
#include "mappers/eps/published_error.h"
#include "mappers/eps/rules/registry.h"

namespace concord::eps {
namespace {

using rules::Findings;
using rules::Message;
using tree::Node;

constexpr std::string_view kRequest = "MedicationRequest";

void missing_field(std::string_view type, std::string_view field, Findings& findings) {
  findings.add("invalid",
               "Required field " + std::string(type) + "." + std::string(field) + " is missing.",
               rules::entry_path(type, field));
}

void status(const Message& message, Findings& findings) {
  for (const Node* request : message.medication_requests) {
    const Node* status = request->child(message.names.status);
    message.settled(status);
    if (Message::text(status) == "active") continue;
    findings.add("value", "MedicationRequest.status must be active.",
                 rules::entry_path(kRequest, "status"));
    return;
  }
}

void identifiers(const Message& message, Findings& findings) {
  std::vector<std::string_view> numbers;
  for (const Node* request : message.medication_requests) {
    const Node* number = message.of_system(request->child(message.names.identifier),
                                           "https://fhir.nhs.uk/Id/prescription-order-item-number");
    if (number != nullptr) numbers.push_back(Message::text(number, message.names.value));
  }
  std::sort(numbers.begin(), numbers.end());
  if (std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end()) return;
  findings.add("value", "Expected all MedicationRequests to have a different value for identifier.",
               rules::entry_path(kRequest, "identifier"));
}

void dosages(const Message& message, Findings& findings) {
  bool empty = false;
  bool unordered = false;
  for (const Node* request : message.medication_requests) {
    const std::size_t count = request->count(message.names.dosage_instruction);
    empty = empty || count == 0;
    if (count < 2) continue;
    for (const Node* dosage = request->child(message.names.dosage_instruction); dosage != nullptr;
         dosage = dosage->next_same()) {
      unordered = unordered || Message::text(dosage, message.names.sequence).empty();
    }
  }
  if (empty) missing_field(kRequest, "dosageInstruction", findings);
  if (unordered) {
    findings.add_coded("invalid",
                       "Sequence numbers are missing: each of several dosage instructions of a "
                       "MedicationRequest needs one.",
                       rules::entry_path(kRequest, "dosageInstruction.sequence"), kMissingValue,
                       {});
  }
}

/// The role of the first MedicationRequest's requester; null when it is no PractitionerRole here.
const Node* requester(const Message& message) {
  if (message.medication_requests.empty()) return nullptr;
  const Node* role =
      message.resolve(message.medication_requests.front()->child(message.names.requester));
  return role != nullptr && role->type() == message.names.practitioner_role ? role : nullptr;
}

bool is_primary_care(const Message& message) {
  if (message.medication_requests.empty()) return false;
  const Node* type =
      message.extension(message.medication_requests.front(), rules::kPrescriptionType);
  return Message::text(type, message.names.value_coding, message.names.code).starts_with("01");
}

void primary_care(const Message& message, Findings& findings) {
  const Node* role = is_primary_care(message) ? requester(message) : nullptr;
  if (role == nullptr) return;
  if (role->child(message.names.healthcare_service) != nullptr) {
    findings.add("invalid", "Unexpected field PractitionerRole.healthcareService.",
                 rules::entry_path("PractitionerRole", "healthcareService"));
  }
  const Node* organization = message.resolve(role->child(message.names.organization));
  if (organization != nullptr && organization->child(message.names.part_of) == nullptr) {
    missing_field("Organization", "partOf", findings);
  }
}

void requester_organization(const Message& message, Findings& findings) {
  const Node* role = requester(message);
  const Node* organization = role == nullptr ? nullptr : role->child(message.names.organization);
  if (organization == nullptr || !Message::text(organization, message.names.reference).empty()) {
    return;
  }
  findings.add("invalid",
               "MedicationRequest.requester.organization should be populated with a reference.",
               rules::entry_path("PractitionerRole", "organization"));
}

void professional_code(const Message& message, Findings& findings) {
  const Node* role = requester(message);
  const Node* person =
      role == nullptr ? nullptr : message.resolve(role->child(message.names.practitioner));
  if (person == nullptr || message.of_system(person->child(message.names.identifier),
                                             "https://fhir.hl7.org.uk/Id/gmp-number") == nullptr) {
    return;
  }
  findings.add("value",
               "Expected the requester to have exactly one professional code of GMC, NMC, GPhC, "
               "HCPC or professional-code.",
               rules::entry_path("Practitioner", "identifier"));
}

/// Source: eps.md section 21.2.
constexpr std::array<std::string_view, 5> kEndorsements{"ACBS", "AF", "CC", "FS", "SLS"};

void endorsements(const Message& message, Findings& findings) {
  const auto known = [&](const Node* concept_node) {
    const Node* coding =
        message.of_system(Message::at(concept_node, message.names.coding),
                          "https://fhir.nhs.uk/CodeSystem/medicationrequest-endorsement");
    if (coding == nullptr) return true;  // the translation asks for one
    const std::string_view code = Message::text(coding, message.names.code);
    return code.empty() ||
           std::find(kEndorsements.begin(), kEndorsements.end(), code) != kEndorsements.end();
  };
  for (const Node* request : message.medication_requests) {
    for (const Node* extension = request->child(message.names.extension); extension != nullptr;
         extension = extension->next_same()) {
      if (Message::text(extension, message.names.url) !=
          "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionEndorsement") {
        continue;
      }
      if (known(extension->child(message.names.value_codeable_concept))) continue;
      findings.add("processing",
                   "None of the codings provided are in the value set "
                   "https://fhir.nhs.uk/ValueSet/DM-prescription-endorsement, and a coding from "
                   "this value set is required.",
                   message.document.path(*extension) + ".value.ofType(CodeableConcept)");
    }
  }
}

/// Whether the id is made by the rules of the short form. Ids of digits alone are older: two of the
/// national examples have one, with no check character. Source: eps.md section 19.
bool has_check_character(std::string_view id) {
  return std::any_of(id.begin(), id.end(), [](char c) { return c != '-' && (c < '0' || c > '9'); });
}

void check_character(const Message& message, Findings& findings) {
  if (message.medication_requests.empty()) return;
  const std::string_view id = Message::text(message.medication_requests.front(),
                                            message.names.group_identifier, message.names.value);
  if (id.empty() || !has_check_character(id) || check_prescription_id(id)) return;
  Issue issue;
  issue.code = "processing";
  issue.text =
      "Unable to process message. Information missing or invalid - prescriptionID has invalid "
      "checksum";
  issue.detail_code = "FAILURE_TO_PROCESS_MESSAGE";
  issue.detail_system = kSpineCodes;
  issue.wording = Wording::display;
  findings.add(std::move(issue));
}

constexpr auto kProfile = rules::Stage::profile;
constexpr auto kService = rules::Stage::service;
constexpr auto kAlways = Asking::translation;

constexpr rules::Row kRows[] = {
    {"order.status", rules::kOrder, kService, kAlways, "MedicationRequest.status is active",
     &status},
    {"order.identifiers", rules::kOrder, kService, kAlways, "item numbers differ", &identifiers},
    {"order.dosage", rules::kOrder, kService, kAlways,
     "each item has a dosage; each of several dosages has a sequence", &dosages},
    {"order.primary-care", rules::kOrder, kService, kAlways,
     "prescription type 01..: the requester's role has no healthcareService, its Organization has "
     "partOf",
     &primary_care},
    {"order.requester-organization", rules::kOrder, kService, Asking::endpoint,
     "the requester's organization is a reference", &requester_organization},
    {"order.professional-code", rules::kOrder, kService, kAlways, "the requester has no gmp-number",
     &professional_code},
    {"order.endorsement", rules::kOrder, kProfile, kAlways,
     "prescriber endorsements are ACBS, AF, CC, FS or SLS", &endorsements},
    {"order.check-character", rules::kOrder, kService, kAlways,
     "the check character of the prescription id is right", &check_character},
};

}  // namespace

void register_order(rules::Table& table) { table.add(kRows); }

}  // namespace concord::eps
