// Every message, and what all Bundles have in common. Source: eps.md section 17, "any" and
// "Bundle".
#include <algorithm>

#include "mappers/eps/published_error.h"
#include "mappers/eps/rules/registry.h"

namespace concord::eps {
namespace {

using rules::Findings;
using rules::Message;
using tree::Node;

void type(const Message& message, Findings& findings) {
  if (message.is_bundle || message.kind != rules::kOther) return;
  findings.add("value", "Incorrect FHIR resource type. Expected Bundle, Claim, Parameters or Task.",
               {}, Severity::fatal);
}

void event(const Message& message, Findings& findings) {
  if (!message.is_bundle || message.kind != rules::kOther) return;
  findings.add("value",
               "MessageHeader.eventCoding.code must be one of: prescription-order, "
               "prescription-order-update, dispense-notification.",
               rules::entry_path("MessageHeader", "eventCoding.code"), Severity::fatal);
}

void too_many(const Message& message, Findings& findings) {
  if (message.medication_requests.size() <= 4) return;
  findings.add("processing",
               "Bundle contains too many resources of type MedicationRequest. Expected at most 4.",
               "Bundle.entry");
}

void intent(const Message& message, Findings& findings) {
  for (const Node* request : message.medication_requests) {
    const std::string_view code = Message::text(request, message.names.intent);
    if (code == "order" || code == "original-order" || code == "instance-order") {
      message.settled(request->child(message.names.intent));
      continue;
    }
    findings.add("value",
                 "MedicationRequest.intent must be order, original-order or instance-order.",
                 rules::entry_path("MedicationRequest", "intent"));
    return;
  }
}

void has_medication(const Message& message, Findings& findings) {
  for (const Node* request : message.medication_requests) {
    if (request->child(message.names.medication_reference) != nullptr ||
        request->child(message.names.medication_codeable_concept) != nullptr) {
      continue;
    }
    findings.add("processing",
                 "MedicationRequest.medication[x]: minimum required = 1, but only found 0",
                 message.document.path(*request));
  }
}

void one_medication(const Message& message, Findings& findings) {
  const auto conflict = [&](const rules::Nodes& resources, std::string_view of) {
    const auto both = [&](const Node* resource) {
      return resource->child(message.names.medication_reference) != nullptr &&
             resource->child(message.names.medication_codeable_concept) != nullptr;
    };
    if (std::none_of(resources.begin(), resources.end(), both)) return;
    findings.add_coded("structure",
                       std::string(of) +
                           " cannot have both a medicationReference and a "
                           "medicationCodeableConcept.",
                       rules::entry_path(of, "medication"), "CONFLICTING_VALUES", kSpineCodes);
  };
  conflict(message.medication_requests, "MedicationRequest");
  conflict(message.medication_dispenses, "MedicationDispense");
}

void telecoms(const Message& message, Findings& findings) {
  const auto complete = [&](const rules::Nodes& resources, std::string_view of) {
    bool value = true;
    bool use = true;
    for (const Node* resource : resources) {
      for (const Node* telecom = resource->child(message.names.telecom); telecom != nullptr;
           telecom = telecom->next_same()) {
        value = value && !Message::text(telecom, message.names.value).empty();
        use = use && !Message::text(telecom, message.names.use).empty();
      }
    }
    const auto missing = [&](std::string_view field) {
      findings.add("invalid",
                   "Required field " + std::string(of) + "." + std::string(field) + " is missing.",
                   rules::entry_path(of, field));
    };
    if (!value) missing("telecom.value");
    if (!use) missing("telecom.use");
  };
  complete(message.organizations, "Organization");
  complete(message.practitioners, "Practitioner");
  complete(message.roles, "PractitionerRole");
}

/// The PractitionerRoles that MedicationRequests name as responsible.
rules::Nodes responsible_roles(const Message& message) {
  rules::Nodes found;
  for (const Node* request : message.medication_requests) {
    const Node* role = message.resolve(message.responsible(*request));
    if (role != nullptr && (found.empty() || found.back() != role)) found.push_back(role);
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_reference(const Message& message, const Node& node) {
  return !Message::text(&node, message.names.reference).empty();
}

void populate_with_reference(std::string_view field, Findings& findings) {
  findings.add("invalid",
               "PractitionerRole." + std::string(field) + " should be populated with a reference.",
               rules::entry_path("PractitionerRole", field));
}

void references(const Message& message, Findings& findings) {
  bool organization = true;
  bool service = true;
  for (const Node* role : message.roles) {
    const Node* named = role->child(message.names.organization);
    organization = organization && (named == nullptr || is_reference(message, *named));
    for (named = role->child(message.names.healthcare_service); named != nullptr;
         named = named->next_same()) {
      service = service && is_reference(message, *named);
    }
  }
  if (!organization) populate_with_reference("organization", findings);
  if (!service) populate_with_reference("healthcareService", findings);
}

void practitioners(const Message& message, Findings& findings) {
  const rules::Nodes responsible = responsible_roles(message);
  for (const Node* role : message.roles) {
    if (std::binary_search(responsible.begin(), responsible.end(), role)) continue;
    const Node* practitioner = role->child(message.names.practitioner);
    if (practitioner == nullptr || is_reference(message, *practitioner)) continue;
    populate_with_reference("practitioner", findings);
    return;
  }
}

void responsible_practitioners(const Message& message, Findings& findings) {
  for (const Node* role : responsible_roles(message)) {
    const Node* practitioner = role->child(message.names.practitioner);
    const bool reference = practitioner != nullptr && is_reference(message, *practitioner);
    const bool identifier =
        practitioner != nullptr && practitioner->child(message.names.identifier) != nullptr;
    if (reference != identifier) continue;
    findings.add("invalid",
                 "PractitionerRole.practitioner of a responsible party must be one of: reference, "
                 "identifier.",
                 rules::entry_path("PractitionerRole", "practitioner"));
    return;
  }
}

constexpr auto kProfile = rules::Stage::profile;
constexpr auto kService = rules::Stage::service;
constexpr auto kAlways = Asking::translation;
// Published requests name a requester's practitioner and organisation by identifier, and have a
// responsible party without practitioner: the national translator takes it, the endpoint does not.
constexpr auto kEndpoint = Asking::endpoint;

constexpr rules::Row kRows[] = {
    {"any.type", rules::kAnyKind, kProfile, kAlways,
     "the resource is a Bundle, a Claim, Parameters or a Task", &type},
    {"bundle.event", rules::kAnyKind, kProfile, kAlways,
     "eventCoding.code is prescription-order, prescription-order-update or dispense-notification",
     &event},
    {"bundle.items", rules::kAnyBundle, kProfile, kAlways, "at most 4 MedicationRequests",
     &too_many},
    {"bundle.medication-there", rules::kAnyBundle, kProfile, kAlways,
     "MedicationRequest has a medication", &has_medication},
    {"bundle.intent", rules::kAnyBundle, kService, kAlways,
     "MedicationRequest.intent is order, original-order or instance-order", &intent},
    {"bundle.medication", rules::kAnyBundle, kService, kAlways,
     "medicationReference or medicationCodeableConcept, not both", &one_medication},
    {"bundle.telecom", rules::kAnyBundle, kService, kAlways,
     "every telecom of Organization, Practitioner and PractitionerRole has value and use",
     &telecoms},
    {"bundle.references", rules::kAnyBundle, kService, kEndpoint,
     "PractitionerRole.organization and healthcareService are references", &references},
    {"bundle.practitioner", rules::kAnyBundle, kService, kEndpoint,
     "PractitionerRole.practitioner is a reference, but for responsible parties", &practitioners},
    {"bundle.responsible-practitioner", rules::kAnyBundle, kService, kEndpoint,
     "a responsible party's practitioner is a reference or an identifier, not both",
     &responsible_practitioners},
};

}  // namespace

void register_bundle(rules::Table& table) { table.add(kRows); }

}  // namespace concord::eps
