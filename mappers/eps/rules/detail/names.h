#pragma once
/// The names the rules look for, as symbols.

#include "fhir/tree/symbols.h"

namespace concord::eps::rules {

#define CONCORD_EPS_RULE_NAMES(X)                             \
  X(agent, "agent")                                           \
  X(actor, "actor")                                           \
  X(authorizing_prescription, "authorizingPrescription")      \
  X(authored_on, "authoredOn")                                \
  X(category, "category")                                     \
  X(claim, "Claim")                                           \
  X(bundle, "Bundle")                                         \
  X(code, "code")                                             \
  X(coding, "coding")                                         \
  X(contained, "contained")                                   \
  X(course_of_therapy_type, "courseOfTherapyType")            \
  X(coverage, "coverage")                                     \
  X(detail, "detail")                                         \
  X(dispense_request, "dispenseRequest")                      \
  X(dosage_instruction, "dosageInstruction")                  \
  X(entry, "entry")                                           \
  X(event_coding, "eventCoding")                              \
  X(expected_supply_duration, "expectedSupplyDuration")       \
  X(extension, "extension")                                   \
  X(full_url, "fullUrl")                                      \
  X(group_identifier, "groupIdentifier")                      \
  X(healthcare_service, "healthcareService")                  \
  X(id, "id")                                                 \
  X(identifier, "identifier")                                 \
  X(insurance, "insurance")                                   \
  X(intent, "intent")                                         \
  X(item, "item")                                             \
  X(medication_codeable_concept, "medicationCodeableConcept") \
  X(medication_dispense, "MedicationDispense")                \
  X(medication_reference, "medicationReference")              \
  X(medication_request, "MedicationRequest")                  \
  X(message_header, "MessageHeader")                          \
  X(name, "name")                                             \
  X(number_of_repeats_allowed, "numberOfRepeatsAllowed")      \
  X(organization, "organization")                             \
  X(organization_type, "Organization")                        \
  X(parameter, "parameter")                                   \
  X(parameters, "Parameters")                                 \
  X(part_of, "partOf")                                        \
  X(performer, "performer")                                   \
  X(practitioner, "practitioner")                             \
  X(practitioner_role, "PractitionerRole")                    \
  X(practitioner_type, "Practitioner")                        \
  X(program_code, "programCode")                              \
  X(reason_code, "reasonCode")                                \
  X(reference, "reference")                                   \
  X(requester, "requester")                                   \
  X(resource, "resource")                                     \
  X(sequence, "sequence")                                     \
  X(status, "status")                                         \
  X(status_reason, "statusReason")                            \
  X(subject, "subject")                                       \
  X(system, "system")                                         \
  X(task, "Task")                                             \
  X(telecom, "telecom")                                       \
  X(url, "url")                                               \
  X(use, "use")                                               \
  X(validity_period, "validityPeriod")                        \
  X(value, "value")                                           \
  X(value_codeable_concept, "valueCodeableConcept")           \
  X(value_coding, "valueCoding")                              \
  X(value_identifier, "valueIdentifier")                      \
  X(value_reference, "valueReference")                        \
  X(when_handed_over, "whenHandedOver")

/// Interned once, when the rules are made.
struct Names {
  explicit Names(tree::Symbols& symbols)
      :
#define CONCORD_EPS_RULE_NAME(member, text) member(symbols.intern(text)),
        CONCORD_EPS_RULE_NAMES(CONCORD_EPS_RULE_NAME)
#undef CONCORD_EPS_RULE_NAME
            none(tree::Symbol::kNone) {
  }

#define CONCORD_EPS_RULE_NAME(member, text) tree::Symbol member;
  CONCORD_EPS_RULE_NAMES(CONCORD_EPS_RULE_NAME)
#undef CONCORD_EPS_RULE_NAME
  tree::Symbol none;
};

}  // namespace concord::eps::rules
