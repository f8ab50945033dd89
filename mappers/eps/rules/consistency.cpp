// What stands once in HL7 v3 must be the same on every item. Source: eps.md section 17, "these
// equal on all MedicationRequests (absent counts as a value)" and the twin for dispenses.
#include <algorithm>

#include "mappers/eps/rules/registry.h"

namespace concord::eps {
namespace {

using rules::Findings;
using rules::Message;
using rules::Names;
using tree::Node;

/// A field by the path from its resource: an element, an element of that, an extension.
struct Field {
  tree::Symbol Names::*first = nullptr;
  tree::Symbol Names::*second = nullptr;
  tree::Symbol Names::*third = nullptr;
  std::string_view extension = {};
  std::string_view path;
};

const Node* value_of(const Message& message, const Node& resource, const Field& field) {
  const Node* node = &resource;
  if (field.first != nullptr) node = Message::at(node, message.names.*field.first);
  if (field.second != nullptr) node = Message::at(node, message.names.*field.second);
  if (field.third != nullptr) node = Message::at(node, message.names.*field.third);
  return field.extension.empty() ? node : message.extension(node, field.extension);
}

/// An extension is compared alone: others beside it may differ.
bool agree(const Message& message, const Node& a, const Node& b, const Field& field) {
  const Node* left = value_of(message, a, field);
  const Node* right = value_of(message, b, field);
  return field.extension.empty() ? rules::same(left, right, message.reads)
                                 : rules::same_one(left, right, message.reads);
}

void all_agree(const Message& message, const rules::Nodes& resources, std::string_view type,
               const Field& field, Findings& findings) {
  for (std::size_t at = 1; at < resources.size(); ++at) {
    if (agree(message, *resources.front(), *resources[at], field)) continue;
    findings.add("value",
                 "Expected all " + std::string(type) + "s to have the same value for " +
                     std::string(field.path) + ".",
                 rules::entry_path(type, field.path));
    return;
  }
}

constexpr Field kOrderFields[] = {
    {.first = &Names::group_identifier, .path = "groupIdentifier"},
    {.first = &Names::category, .path = "category"},
    {.first = &Names::authored_on, .path = "authoredOn"},
    {.first = &Names::subject, .path = "subject"},
    {.first = &Names::requester, .path = "requester"},
    {.first = &Names::dispense_request,
     .second = &Names::performer,
     .path = "dispenseRequest.performer"},
    {.first = &Names::dispense_request,
     .second = &Names::validity_period,
     .path = "dispenseRequest.validityPeriod"},
    {.first = &Names::dispense_request,
     .second = &Names::expected_supply_duration,
     .path = "dispenseRequest.expectedSupplyDuration"},
    {.first = &Names::dispense_request,
     .extension = rules::kPerformerSiteType,
     .path = "dispenseRequest.extension('https://fhir.nhs.uk/StructureDefinition/"
             "Extension-DM-PerformerSiteType')"},
    {.extension = rules::kPrescriptionType,
     .path = "extension('https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionType')"},
    {.extension = rules::kResponsiblePractitioner,
     .path = "extension('https://fhir.nhs.uk/StructureDefinition/"
             "Extension-DM-ResponsiblePractitioner')"},
};

constexpr Field kRepeatFields[] = {
    {.first = &Names::dispense_request,
     .second = &Names::number_of_repeats_allowed,
     .path = "dispenseRequest.numberOfRepeatsAllowed"},
    {.extension = rules::kMedicationRepeatInformation,
     .path = "extension('https://fhir.hl7.org.uk/StructureDefinition/"
             "Extension-UKCore-MedicationRepeatInformation')"},
};

constexpr Field kDispenseFields[] = {
    {.first = &Names::when_handed_over, .path = "whenHandedOver"},
    {.first = &Names::subject,
     .second = &Names::identifier,
     .third = &Names::value,
     .path = "subject.identifier.value"},
    {.extension = rules::kRepeatInformation,
     .path =
         "extension('https://fhir.nhs.uk/StructureDefinition/Extension-EPS-RepeatInformation')"},
};

bool is_repeat_dispensing(const Message& message) {
  const auto code = [&](const Node* request) {
    const Node* coding =
        Message::at(request, message.names.course_of_therapy_type, message.names.coding);
    return Message::text(coding, message.names.code) == "continuous-repeat-dispensing";
  };
  return !message.medication_requests.empty() &&
         std::all_of(message.medication_requests.begin(), message.medication_requests.end(), code);
}

void order_items(const Message& message, Findings& findings) {
  for (const Field& field : kOrderFields) {
    all_agree(message, message.medication_requests, "MedicationRequest", field, findings);
  }
}

void repeat_items(const Message& message, Findings& findings) {
  if (!is_repeat_dispensing(message)) return;
  for (const Field& field : kRepeatFields) {
    all_agree(message, message.medication_requests, "MedicationRequest", field, findings);
  }
}

void repeat_periods(const Message& message, Findings& findings) {
  if (!is_repeat_dispensing(message)) return;
  const Node* request = message.medication_requests.front();
  const auto expected = [&](tree::Symbol name, std::string_view field) {
    if (Message::at(request, message.names.dispense_request, name) != nullptr) return;
    findings.add("value",
                 "Expected MedicationRequest to have a value for " + std::string(field) + ".",
                 rules::entry_path("MedicationRequest", field));
  };
  expected(message.names.validity_period, "dispenseRequest.validityPeriod");
  expected(message.names.expected_supply_duration, "dispenseRequest.expectedSupplyDuration");
}

void dispense_items(const Message& message, Findings& findings) {
  for (const Field& field : kDispenseFields) {
    all_agree(message, message.medication_dispenses, "MedicationDispense", field, findings);
  }
}

constexpr auto kService = rules::Stage::service;
constexpr auto kAlways = Asking::translation;

constexpr rules::Row kRows[] = {
    {"order.same", rules::kOrder, kService, kAlways,
     "items agree on groupIdentifier, category, authoredOn, subject, requester, pharmacy, validity "
     "period, supply duration, site preference, prescription type, responsible practitioner",
     &order_items},
    {"order.repeat-dispensing.same", rules::kOrder, kService, kAlways,
     "repeat dispensing: items agree on the repeats allowed and the repeat information",
     &repeat_items},
    {"order.repeat-dispensing.period", rules::kOrder, kService, kAlways,
     "repeat dispensing: validityPeriod and expectedSupplyDuration are there", &repeat_periods},
    {"dispense.same", rules::kDispense, kService, kAlways,
     "MedicationDispenses agree on whenHandedOver, patient and repeat information",
     &dispense_items},
};

}  // namespace

void register_consistency(rules::Table& table) { table.add(kRows); }

}  // namespace concord::eps
