#pragma once
/// What the other side says, as HL7 v3 with the prefix hl7 around it. Pure functions, safe from any
/// thread. Sources: eps.md sections 8.2, 10 and 14; published answers of the national service.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/simulators/spine/fault.h"
#include "conformance/simulators/spine/register.h"
#include "fhir/core/instant.h"
#include "fhir/tree/document.h"

namespace concord::spine {

/// The wrapper of every answer.
struct Frame {
  AckType type = AckType::accept;
  std::string id;          ///< message id of the answer, upper case; also that of its content
  std::string message_id;  ///< what it answers; may be empty when the message named none
  std::string to_asid;     ///< who sent the message
  std::string from_asid;   ///< this side
  Instant at{};
};

/// MCCI_IN010000UK13. Faults of an error stand under ControlActEvent/reason, of a rejection under
/// acknowledgement/acknowledgementDetail.
std::string write_acknowledgement(const Frame& frame, const std::vector<Fault>& faults);

/// PORX_IN050101UK31. `request` is the CancellationRequest; `original` the ParentPrescription it
/// speaks of, and `dispenser` the AgentPerson who has or had it, each null when there is none.
struct CancellationAnswer {
  const tree::Document* request_document = nullptr;
  const tree::Node* request = nullptr;
  const tree::Document* original_document = nullptr;
  const tree::Node* original = nullptr;
  const tree::Document* dispenser_document = nullptr;
  const tree::Node* dispenser = nullptr;
  std::string code;     ///< of …17.19
  std::string display;  ///< empty: the published one
};
std::string write_cancellation_response(const Frame& frame, const CancellationAnswer& answer);

/// One prescription of a release.
struct ReleasedPrescription {
  tree::Document document;                   ///< the message it came in
  const tree::Node* prescription = nullptr;  ///< its ParentPrescription
  Register::Released states;
};

/// PORX_IN070103UK31 for a release by id, else PORX_IN070101UK31: each ParentPrescription as it was
/// received, with the states of prescription and items, the number of the issue and the date of the
/// issue before added. `request_id` is the id of the request's content.
std::string write_release_response(const Frame& frame, bool by_id, std::string_view request_id,
                                   const std::vector<ReleasedPrescription>& prescriptions);

/// PORX_IN110101UK30. `dispenser` is the AgentPerson who has the prescription, or null.
std::string write_release_rejection(const Frame& frame, const Fault& fault,
                                    std::string_view request_id,
                                    const tree::Document* dispenser_document,
                                    const tree::Node* dispenser);

/// The published text of a cancellation response; empty for a code nobody published.
std::string_view cancellation_display(std::string_view code);

}  // namespace concord::spine
