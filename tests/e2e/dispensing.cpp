#include "tests/e2e/dispensing.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "fhir/core/uuid.h"
#include "fhir/json/reader.h"
#include "tests/support/prescriptions.h"

namespace concord::test {
namespace {

using Places = std::vector<std::pair<std::string_view, std::string>>;

constexpr std::string_view kShortIds = "https://fhir.nhs.uk/Id/prescription-order-number";
constexpr std::string_view kLongIds = "https://fhir.nhs.uk/Id/prescription";
constexpr std::string_view kItemIds = "https://fhir.nhs.uk/Id/prescription-order-item-number";
constexpr std::string_view kNhsNumbers = "https://fhir.nhs.uk/Id/nhs-number";

/// Each "@NAME@" by its value.
std::string filled(std::string text, const Places& places) {
  for (const auto& [name, value] : places) {
    const std::string place = "@" + std::string(name) + "@";
    for (auto at = text.find(place); at != std::string::npos;
         at = text.find(place, at + value.size())) {
      text.replace(at, place.size(), value);
    }
  }
  return text;
}

constexpr const char* kOrganisation = R"({
  "resourceType": "Organization", "id": "@ID@",
  "extension": [{"url": "https://fhir.nhs.uk/StructureDefinition/Extension-ODS-OrganisationRelationships",
    "extension": [{"url": "reimbursementAuthority", "valueIdentifier": {
      "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "T1450"}}]}],
  "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "@PHARMACY@"}],
  "active": true,
  "type": [{"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/organisation-role", "code": "182",
    "display": "PHARMACY"}]}],
  "name": "QUAYSIDE PHARMACY",
  "telecom": [{"system": "phone", "use": "work", "value": "01632 960010"}],
  "address": [{"use": "work", "line": ["2 QUAY STREET"], "city": "PORT EXAMPLE",
    "postalCode": "ZZ99 3CZ"}]
})";

constexpr const char* kRole = R"({
  "resourceType": "PractitionerRole", "id": "@ID@",
  "identifier": [{"system": "https://fhir.nhs.uk/Id/sds-role-profile-id", "value": "999900000033"}],
  "practitioner": {"identifier": {"system": "https://fhir.nhs.uk/Id/sds-user-id",
    "value": "999900000044"}, "display": "Rowan Pier"},
  @ORGANISATION@
  "code": [{"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/NHSDigital-SDS-JobRoleCode",
    "code": "S8000:G8000:R8000", "display": "Clinical Practitioner Access Role"}]}],
  "telecom": [{"system": "phone", "use": "work", "value": "01632 960011"}]
})";

std::string organisation(std::string_view id, std::string_view pharmacy) {
  return filled(kOrganisation, {{"ID", std::string(id)}, {"PHARMACY", std::string(pharmacy)}});
}

std::string role(std::string_view id, std::string_view organisation_reference) {
  std::string member;
  if (!organisation_reference.empty()) {
    member = R"("organization": {"reference": ")" + std::string(organisation_reference) + "\"},";
  }
  return filled(kRole, {{"ID", std::string(id)}, {"ORGANISATION", member}});
}

/// Extension-EPS-RepeatInformation with a comma behind, or nothing.
std::string repeat_information(const Ordered& order, int issue) {
  if (order.issues == 1) return {};
  return filled(
      R"({"url": "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-RepeatInformation",
        "extension": [{"url": "numberOfRepeatsAllowed", "valueInteger": @ALLOWED@},
                      {"url": "numberOfRepeatsIssued", "valueInteger": @ISSUED@}]})",
      {{"ALLOWED", std::to_string(order.issues - 1)}, {"ISSUED", std::to_string(issue - 1)}});
}

constexpr const char* kDispense = R"({
  "fullUrl": "urn:uuid:@DISPENSE@",
  "resource": {
    "resourceType": "MedicationDispense", "id": "@DISPENSE@",
    "contained": [@ROLE@, {
      "resourceType": "MedicationRequest", "id": "m1",
      @BASED@
      "identifier": [{"system": "https://fhir.nhs.uk/Id/prescription-order-item-number",
        "value": "@ITEM@"}],
      "status": "active", "intent": "order",
      "medicationCodeableConcept": {"coding": [{"system": "http://snomed.info/sct",
        "code": "39732311000001104", "display": "Amoxicillin 250mg capsules"}]},
      "subject": {"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "@NHS@"}},
      "groupIdentifier": {
        "extension": [{"url": "https://fhir.nhs.uk/StructureDefinition/Extension-DM-PrescriptionId",
          "valueIdentifier": {"system": "https://fhir.nhs.uk/Id/prescription", "value": "@LONG@"}}],
        "system": "https://fhir.nhs.uk/Id/prescription-order-number", "value": "@SHORT@"},
      "courseOfTherapyType": {"coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy",
        "code": "acute"}]},
      "dosageInstruction": [{"text": "One three times a day"}],
      "dispenseRequest": {"quantity": {"value": 21, "unit": "capsule",
        "system": "http://snomed.info/sct", "code": "428641000"}}
    }],
    "extension": [{"url": "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-TaskBusinessStatus",
      "valueCoding": {"system": "https://fhir.nhs.uk/CodeSystem/EPS-task-business-status",
        "code": "@STATUS@", "display": "Status"}}],
    "identifier": [{"system": "https://fhir.nhs.uk/Id/prescription-dispense-item-number",
      "value": "@LINE@"}],
    "status": "completed",
    "medicationCodeableConcept": {"coding": [{"system": "http://snomed.info/sct",
      "code": "39732311000001104", "display": "Amoxicillin 250mg capsules"}]},
    "subject": {"type": "Patient", "identifier": {
      "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "@NHS@"}},
    "performer": [{"actor": {"reference": "#performer"}}],
    "authorizingPrescription": [{"reference": "#m1"}],
    "type": {"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/medicationdispense-type",
      "code": "@TYPE@", "display": "Type"}]},
    "quantity": {"value": 21, "unit": "capsule", "system": "http://snomed.info/sct",
      "code": "428641000"},
    "whenHandedOver": "2026-03-03T10:00:00+00:00",
    "dosageInstruction": [{"text": "One three times a day"}]
  }
})";

constexpr const char* kNotification = R"({
  "resourceType": "Bundle", "id": "@ID@",
  "identifier": {"system": "https://tools.ietf.org/html/rfc4122", "value": "@ID@"},
  "type": "message",
  "entry": [{
    "fullUrl": "urn:uuid:@HEADER@",
    "resource": {
      "resourceType": "MessageHeader", "id": "@HEADER@", @REPLACES@
      "eventCoding": {"system": "https://fhir.nhs.uk/CodeSystem/message-event",
        "code": "dispense-notification", "display": "Dispense Notification"},
      "destination": [{"endpoint": "urn:example:spine", "receiver": {"identifier": {
        "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "X2601"}}}],
      "sender": {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code",
        "value": "@PHARMACY@"}, "display": "QUAYSIDE PHARMACY"},
      "source": {"endpoint": "urn:example:pharmacy"},
      "response": {"identifier": "@RELEASE@", "code": "ok"},
      "focus": [@FOCUS@]
    }
  }, @DISPENSES@, {"fullUrl": "urn:uuid:@ORGANISATION-ID@", "resource": @ORGANISATION@}]
})";

constexpr const char* kClaim = R"({
  "resourceType": "Claim", "id": "@ID@",
  "contained": [@ROLE@, @ORGANISATION@],
  @REPLACES@
  "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": "@ID@"}],
  "status": "active",
  "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type",
    "code": "pharmacy", "display": "Pharmacy"}]},
  "use": "claim",
  "patient": {"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "@NHS@"}},
  "created": "2026-03-04T13:30:00.000Z",
  "provider": {"reference": "#provider"},
  "priority": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/processpriority",
    "code": "normal"}]},
  "prescription": {"extension": [{
    "url": "https://fhir.nhs.uk/StructureDefinition/Extension-DM-GroupIdentifier",
    "extension": [
      {"url": "shortForm", "valueIdentifier": {
        "system": "https://fhir.nhs.uk/Id/prescription-order-number", "value": "@SHORT@"}},
      {"url": "UUID", "valueIdentifier": {
        "system": "https://fhir.nhs.uk/Id/prescription", "value": "@LONG@"}}]}],
    "display": "the prescription"},
  "payee": {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/payeetype",
    "code": "provider", "display": "Provider"}]}, "party": {"reference": "#organisation"}},
  "insurance": [{"sequence": 1, "focal": true, "coverage": {"identifier": {
    "system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "T1450"},
    "display": "NHS BUSINESS SERVICES AUTHORITY"}}],
  "item": [{
    "extension": [{"url": "https://fhir.nhs.uk/StructureDefinition/Extension-EPS-TaskBusinessStatus",
      "valueCoding": {"system": "https://fhir.nhs.uk/CodeSystem/EPS-task-business-status",
        "code": "0006", "display": "Dispensed"}}@REPEAT@],
    "sequence": 1,
    "productOrService": {"coding": [{"system": "http://snomed.info/sct", "code": "16076005",
      "display": "Prescription"}]},
    "programCode": [
      {"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/prescription-charge-exemption",
        "code": "0001", "display": "Patient has paid appropriate charges"}]},
      {"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/DM-exemption-evidence",
        "code": "no-evidence-seen", "display": "No Evidence Seen"}]}],
    "detail": [@DETAILS@]
  }]
})";

constexpr const char* kDetail = R"({
  "extension": [
    {"url": "https://fhir.nhs.uk/StructureDefinition/Extension-ClaimSequenceIdentifier",
      "valueIdentifier": {"system": "https://fhir.nhs.uk/Id/claim-sequence-identifier",
        "value": "@LINE@"}},
    {"url": "https://fhir.nhs.uk/StructureDefinition/Extension-ClaimMedicationRequestReference",
      "valueReference": {"identifier": {
        "system": "https://fhir.nhs.uk/Id/prescription-order-item-number", "value": "@ITEM@"}}}],
  "sequence": @NUMBER@,
  "productOrService": {"coding": [{"system": "http://snomed.info/sct",
    "code": "39732311000001104", "display": "Amoxicillin 250mg capsules"}]},
  "modifier": [{"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/medicationdispense-type",
    "code": "0001", "display": "Item fully dispensed"}]}],
  "programCode": [
    {"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/DM-prescription-charge",
      "code": "paid-once", "display": "Paid Once"}]},
    {"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/medicationdispense-endorsement",
      "code": "NDEC", "display": "No Dispenser Endorsement Code"}]}],
  "quantity": {"value": 21, "unit": "capsule", "system": "http://snomed.info/sct",
    "code": "428641000"},
  "subDetail": [{"sequence": 1,
    "productOrService": {"coding": [{"system": "http://snomed.info/sct",
      "code": "39732311000001104", "display": "Amoxicillin 250mg capsules"}]},
    "quantity": {"value": 21, "unit": "capsule", "system": "http://snomed.info/sct",
      "code": "428641000"}}]
})";

constexpr const char* kTask = R"({
  "resourceType": "Task", "id": "@ID@",
  "contained": [@ROLE@, @ORGANISATION@],
  @REPEAT@
  "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": "@ID@"}],
  "groupIdentifier": {"system": "https://fhir.nhs.uk/Id/prescription-order-number",
    "value": "@SHORT@"},
  "status": "@STATUS@",
  "statusReason": {"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/@REASONS@",
    "code": "@REASON@", "display": "@DISPLAY@"}]},
  "intent": "order",
  "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "@CODE@"}]},
  "focus": {"type": "Bundle", "identifier": {"system": "https://tools.ietf.org/html/rfc4122",
    "value": "@FOCUS@"}},
  "for": {"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "@NHS@"}},
  "authoredOn": "2026-03-03T11:00:00+00:00",
  "requester": {"reference": "#requester"},
  "owner": {"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code",
    "value": "FZZ99"}}
})";

std::string task(const Ordered& order, std::string_view id, std::string_view focus, int issue,
                 Places places) {
  std::string repeat = repeat_information(order, issue);
  if (!repeat.empty()) repeat = "\"extension\": [" + repeat + "],";
  places.insert(places.end(), {{"ID", std::string(id)},
                               {"ROLE", role("requester", "#organisation")},
                               {"ORGANISATION", organisation("organisation", "FZZ99")},
                               {"REPEAT", repeat},
                               {"SHORT", order.short_id},
                               {"FOCUS", std::string(focus)},
                               {"NHS", order.nhs_number}});
  return filled(kTask, places);
}

/// Parsed for looking only; the symbols live as long as the program.
tree::Document read(std::string_view json) {
  static const tree::Symbols symbols;
  auto document = json::read(std::string(json), symbols);
  EXPECT_TRUE(document.has_value()) << json.substr(0, 500);
  return document ? *std::move(document) : tree::Document(symbols);
}

std::string with(std::string text, std::string_view from, std::string_view to) {
  EXPECT_NE(text.find(from), std::string::npos) << from;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

std::string uuid_for(std::string_view name) { return uuid_v5("tests/e2e", name); }

std::vector<std::string> identifiers(std::string_view json, std::string_view system) {
  const tree::Document document = read(json);
  std::vector<std::string> found;
  std::vector<const tree::Node*> open{&document.root()};
  while (!open.empty()) {
    const tree::Node& node = *open.back();
    open.pop_back();
    const tree::Node* own = node.child(document.find("system"));
    const tree::Node* value = node.child(document.find("value"));
    if (own != nullptr && value != nullptr && own->text() == system &&
        std::find(found.begin(), found.end(), value->text()) == found.end()) {
      found.emplace_back(value->text());
    }
    std::vector<const tree::Node*> below;
    for (const tree::Node& child : node.children()) below.push_back(&child);
    open.insert(open.end(), below.rbegin(), below.rend());
  }
  return found;
}

std::string value_at(std::string_view json, const std::vector<std::string_view>& path) {
  const tree::Document document = read(json);
  const tree::Node* node = &document.root();
  for (const std::string_view name : path) {
    const tree::Symbol symbol = document.find(name);
    node = symbol == tree::Symbol::kNone ? nullptr : node->child(symbol);
    if (node == nullptr) return {};
  }
  return std::string(node->text());
}

Ordered ordered(std::string_view series, std::uint64_t number) {
  Ordered order;
  order.bundle = renewed(example_prescription(), series, number).bundle;
  order.short_id = identifiers(order.bundle, kShortIds).at(0);
  order.long_id = identifiers(order.bundle, kLongIds).at(0);
  order.items = identifiers(order.bundle, kItemIds);
  order.nhs_number = identifiers(order.bundle, kNhsNumbers).at(0);
  return order;
}

Ordered ordered_repeat_dispensing(std::string_view series, std::uint64_t number, int issues) {
  Ordered order = ordered(series, number);
  order.issues = issues;
  order.bundle = with(
      order.bundle,
      "\"system\": \"http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy\",\n"
      "              \"code\": \"acute\"",
      "\"system\": \"https://fhir.nhs.uk/CodeSystem/medicationrequest-course-of-therapy\",\n"
      "              \"code\": \"continuous-repeat-dispensing\"");
  order.bundle =
      with(order.bundle, "\"validityPeriod\": {\n            \"start\": \"2026-03-02\"\n",
           "\"numberOfRepeatsAllowed\": " + std::to_string(issues - 1) +
               ",\n          \"expectedSupplyDuration\": {\"value\": 28, \"unit\": "
               "\"day\", \"system\": \"http://unitsofmeasure.org\", \"code\": \"d\"},\n"
               "          \"validityPeriod\": {\n            \"start\": \"2026-03-02\",\n"
               "            \"end\": \"2027-03-01\"\n");
  order.bundle = with(order.bundle, "\"intent\": \"order\"", "\"intent\": \"original-order\"");
  return order;
}

std::string release_request(const Ordered* order, std::string_view pharmacy) {
  const std::string one =
      order == nullptr ? std::string()
                       : R"(, {"name": "group-identifier", "valueIdentifier": {"system": ")" +
                             std::string(kShortIds) + R"(", "value": ")" + order->short_id + "\"}}";
  return R"({"resourceType": "Parameters", "id": "release", "parameter": [{"name": "owner", "resource": )" +
         organisation("organisation", pharmacy) + R"(}, {"name": "agent", "resource": )" +
         role("agent", "") + R"(}, {"name": "status", "valueCode": "accepted"})" + one + "]}";
}

std::string dispense_notification(const Ordered& order, std::string_view id,
                                  std::string_view release, std::string_view status,
                                  const Dispensed& items, int issue, std::string_view replaces,
                                  std::string_view pharmacy) {
  const std::string organisation_id = uuid_for("pharmacy");
  std::string based = repeat_information(order, issue);
  if (!based.empty()) based = R"("basedOn": [{"extension": [)" + based + "]}],";
  std::string dispenses, focus;
  for (const auto& [index, type] : items) {
    const std::string dispense = uuid_for(std::string(id) + "/" + std::to_string(index));
    if (!dispenses.empty()) dispenses += ", ";
    dispenses += filled(kDispense, {{"DISPENSE", dispense},
                                    {"ROLE", role("performer", "urn:uuid:" + organisation_id)},
                                    {"BASED", based},
                                    {"ITEM", order.items.at(index)},
                                    {"NHS", order.nhs_number},
                                    {"LONG", order.long_id},
                                    {"SHORT", order.short_id},
                                    {"STATUS", std::string(status)},
                                    {"LINE", uuid_for("line/" + dispense)},
                                    {"TYPE", std::string(type)}});
    focus +=
        (focus.empty() ? "" : ", ") + std::string(R"({"reference": "urn:uuid:)") + dispense + "\"}";
  }
  std::string amended;
  if (!replaces.empty()) {
    amended =
        R"("extension": [{"url": "https://fhir.nhs.uk/StructureDefinition/Extension-replacementOf",)"
        R"("valueIdentifier": {"system": "https://tools.ietf.org/html/rfc4122", "value": ")" +
        std::string(replaces) + "\"}}],";
  }
  return filled(kNotification, {{"ID", std::string(id)},
                                {"HEADER", uuid_for("header/" + std::string(id))},
                                {"REPLACES", amended},
                                {"PHARMACY", std::string(pharmacy)},
                                {"RELEASE", std::string(release)},
                                {"FOCUS", focus},
                                {"DISPENSES", dispenses},
                                {"ORGANISATION-ID", organisation_id},
                                {"ORGANISATION", organisation(organisation_id, pharmacy)}});
}

std::string claim(const Ordered& order, std::string_view id, int issue, std::string_view replaces) {
  std::string details;
  for (std::size_t at = 0; at < order.items.size(); ++at) {
    if (at > 0) details += ", ";
    details += filled(kDetail, {{"LINE", uuid_for(std::string(id) + "/" + std::to_string(at))},
                                {"ITEM", order.items[at]},
                                {"NUMBER", std::to_string(at + 1)}});
  }
  std::string amended, repeat = repeat_information(order, issue);
  if (!repeat.empty()) repeat = ", " + repeat;
  if (!replaces.empty()) {
    amended =
        R"("extension": [{"url": "https://fhir.nhs.uk/StructureDefinition/Extension-replacementOf",)"
        R"("valueIdentifier": {"system": "https://tools.ietf.org/html/rfc4122", "value": ")" +
        std::string(replaces) + "\"}}],";
  }
  return filled(kClaim, {{"ID", std::string(id)},
                         {"ROLE", role("provider", "#organisation")},
                         {"ORGANISATION", organisation("organisation", "FZZ99")},
                         {"REPLACES", amended},
                         {"NHS", order.nhs_number},
                         {"SHORT", order.short_id},
                         {"LONG", order.long_id},
                         {"REPEAT", repeat},
                         {"DETAILS", details}});
}

std::string return_task(const Ordered& order, std::string_view id, std::string_view release,
                        int issue) {
  return task(order, id, release, issue,
              {{"STATUS", "rejected"},
               {"REASONS", "EPS-task-dispense-return-status-reason"},
               {"REASON", "0001"},
               {"DISPLAY", "Patient non-attendance"},
               {"CODE", "change"}});
}

std::string withdraw_task(const Ordered& order, std::string_view id, std::string_view notification,
                          int issue) {
  return task(order, id, notification, issue,
              {{"STATUS", "in-progress"},
               {"REASONS", "EPS-task-dispense-withdraw-reason"},
               {"REASON", "DA"},
               {"DISPLAY", "Dosage Amendments"},
               {"CODE", "abort"}});
}

std::string cancellation(const Ordered& order, std::string_view id, std::size_t item) {
  // The order with one item left, told to be cancelled.
  std::string bundle = order.bundle;
  bundle = with(bundle, identifiers(bundle, "https://tools.ietf.org/html/rfc4122").at(0), id);
  bundle = with(bundle, "\"prescription-order\"", "\"prescription-order-update\"");
  bundle = with(bundle, "\"status\": \"active\"",
                "\"status\": \"cancelled\", \"statusReason\": {\"coding\": [{\"system\": "
                "\"https://fhir.nhs.uk/CodeSystem/medicationrequest-status-reason\", \"code\": "
                "\"0001\", \"display\": \"Prescribing Error\"}]}");
  // The other item's entry goes, and what refers to it.
  const std::string other = order.items.at(item == 0 ? 1 : 0);
  const auto inside = bundle.find(other);
  const auto from = bundle.rfind("    {\n      \"fullUrl\"", inside);
  const auto to = bundle.find("    {\n      \"fullUrl\"", inside);
  EXPECT_NE(from, std::string::npos);
  EXPECT_NE(to, std::string::npos);
  const std::string url = bundle.substr(bundle.find("urn:uuid:", from), 45);
  bundle.erase(from, to - from);
  // Provenance goes as well: a cancellation carries no signature.
  const auto provenance = bundle.find("\"resourceType\": \"Provenance\"");
  const auto entry = bundle.rfind("    {\n      \"fullUrl\"", provenance);
  const auto comma = bundle.rfind(',', entry);
  bundle.replace(comma, bundle.rfind(']') - comma, "\n  ");
  for (const std::string& reference :
       {",\n          {\n            \"reference\": \"" + url + "\"\n          }",
        "          {\n            \"reference\": \"" + url + "\"\n          },\n"}) {
    if (const auto at = bundle.find(reference); at != std::string::npos) {
      bundle.erase(at, reference.size());
    }
  }
  return bundle;
}

}  // namespace concord::test
