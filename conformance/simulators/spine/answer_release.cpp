// PORX_IN070101UK31, PORX_IN070103UK31 and PORX_IN110101UK30: eps.md section 10.
#include "conformance/simulators/spine/answer_frame.h"
#include "conformance/simulators/spine/elements.h"

namespace concord::spine {
namespace {

using tree::Document;
using tree::Node;

constexpr std::string_view kStatusCodes = "2.16.840.1.113883.2.1.3.2.4.16.35";
constexpr std::string_view kItemStatusCodes = "2.16.840.1.113883.2.1.3.2.4.17.23";
constexpr std::string_view kBatchCodes = "2.16.840.1.113883.2.1.3.2.4.17.14";

/// A status as Spine adds it: an observation in its relation.
std::string status(std::string_view relation, std::string_view observation, std::string_view code,
                   const StateNames& state, std::string_view system) {
  XmlWriter xml(0);
  xml.open(relation, {{"typeCode", "PERT"}, {"contextConductionInd", "true"}});
  xml.empty("seperatableInd", {{"value", "false"}});
  xml.open(observation, {{"classCode", "OBS"}, {"moodCode", "EVN"}});
  xml.empty("code", {{"code", code}, {"codeSystem", kAnnotationCodes}});
  xml.empty("value",
            {{"code", state.code}, {"codeSystem", system}, {"displayName", state.display}});
  xml.close();
  xml.close();
  return xml.take();
}

/// When the issue before was dispensed.
std::string previous_issue(Instant at) {
  XmlWriter xml(0);
  xml.open("predecessor", {{"typeCode", "SUCC"}, {"contextConductionInd", "true"}});
  xml.empty("seperatableInd", {{"value", "true"}});
  xml.open("priorPreviousIssueDate", {{"classCode", "OBS"}, {"moodCode", "EVN"}});
  xml.empty("code", {{"code", "PRDT"}, {"codeSystem", kAnnotationCodes}});
  xml.empty("value", {{"value", v3_time(at)}});
  xml.close();
  xml.close();
  return xml.take();
}

/// The number of the issue in place of the low bound.
void number_issue(const Document& document, const Node& element, int issue, Splices& splices) {
  const Node* low = find(document, element, "repeatNumber/low");
  if (low == nullptr) return;
  XmlWriter xml(0);
  xml.empty("low", {{"value", std::to_string(issue)}});
  splices.instead[low] = xml.take();
}

Splices splices_for(const ReleasedPrescription& released) {
  Splices splices;
  const Document& document = released.document;
  const Node* prescription =
      find(document, *released.prescription, "pertinentInformation1/pertinentPrescription");
  if (prescription == nullptr) return splices;
  number_issue(document, *prescription, released.states.issue, splices);
  if (const Node* treatment = find(document, *prescription, "pertinentInformation5")) {
    splices.after[treatment] = status("pertinentInformation10", "pertinentPrescriptionStatus", "PS",
                                      names_of(released.states.state), kStatusCodes);
  }
  std::size_t at = 0;
  for (const Node* wrapper : all(document, *prescription, "pertinentInformation2")) {
    const Node* item = find(document, *wrapper, "pertinentLineItem");
    if (item == nullptr || at >= released.states.items.size()) continue;
    number_issue(document, *item, released.states.issue, splices);
    if (const Node* component = find(document, *item, "component")) {
      splices.after[component] =
          status("pertinentInformation4", "pertinentItemStatus", "IS",
                 names_of(released.states.items[at].state), kItemStatusCodes);
    }
    ++at;
  }
  if (released.states.previous_at && prescription->last_child() != nullptr) {
    splices.after[prescription->last_child()] += previous_issue(*released.states.previous_at);
  }
  return splices;
}

void batch(XmlWriter& xml, std::string_view code, std::size_t value) {
  xml.open("pertinentInformation", {{"typeCode", "PERT"}, {"contextConductionInd", "true"}});
  xml.empty("seperatableInd", {{"value", "false"}});
  xml.open("pertinentBatchInfo", {{"classCode", "OBS"}, {"moodCode", "EVN"}});
  xml.empty("code", {{"codeSystem", kBatchCodes}, {"code", code}});
  xml.empty("value", {{"value", std::to_string(value)}});
  xml.close();
  xml.close();
}

void in_fulfillment_of(XmlWriter& xml, std::string_view request_id) {
  xml.open("inFulfillmentOf",
           {{"typeCode", "FLFS"}, {"inversionInd", "false"}, {"negationInd", "false"}});
  xml.empty("seperatableInd", {{"value", "true"}});
  xml.open("priorDownloadRequestRef", {{"classCode", "INFO"}, {"moodCode", "RQO"}});
  if (request_id.empty()) {
    xml.empty("id", {{"nullFlavor", "UNK"}});
  } else {
    xml.empty("id", {{"root", request_id}});
  }
  xml.close();
  xml.close();
}

}  // namespace

std::string write_release_response(const Frame& frame, bool by_id, std::string_view request_id,
                                   const std::vector<ReleasedPrescription>& prescriptions) {
  return framed(by_id ? "PORX_IN070103UK31" : "PORX_IN070101UK31", frame, {}, [&](XmlWriter& xml) {
    open_subject(xml, "PrescriptionReleaseResponse", "INFO", frame);
    for (const ReleasedPrescription& released : prescriptions) {
      xml.open("component", {{"typeCode", "COMP"}, {"contextConductionInd", "false"}});
      xml.empty("seperatableInd", {{"value", "false"}});
      xml.empty("templateId", {{"root", "2.16.840.1.113883.2.1.3.2.4.17.120"},
                               {"extension", "PORX_MT122003UK32"}});
      xml.copy(released.document, *released.prescription, splices_for(released));
      xml.close();
    }
    batch(xml, "1", prescriptions.size());
    batch(xml, "2", 25);
    in_fulfillment_of(xml, request_id);
    close_subject(xml);
  });
}

std::string write_release_rejection(const Frame& frame, const Fault& fault,
                                    std::string_view request_id, const Document* dispenser_document,
                                    const Node* dispenser) {
  return framed("PORX_IN110101UK30", frame, {}, [&](XmlWriter& xml) {
    open_subject(xml, "PrescriptionReleaseReject", "INFO", frame);
    if (dispenser != nullptr) {
      xml.open("performer", {{"contextControlCode", "OP"}, {"typeCode", "PRF"}});
      xml.copy(*dispenser_document, *dispenser);
      xml.close();
    }
    xml.open("pertinentInformation", {{"typeCode", "PERT"}, {"contextConductionInd", "true"}});
    xml.empty("seperatableInd", {{"value", "false"}});
    xml.open("pertinentRejectionReason", {{"classCode", "OBS"}, {"moodCode", "EVN"}});
    xml.empty("code", {{"code", "RR"}, {"codeSystem", kAnnotationCodes}});
    xml.empty(
        "value",
        {{"code", fault.code}, {"codeSystem", kDispensingCodes}, {"displayName", fault.display}});
    xml.close();
    xml.close();
    in_fulfillment_of(xml, request_id);
    close_subject(xml);
  });
}

}  // namespace concord::spine
