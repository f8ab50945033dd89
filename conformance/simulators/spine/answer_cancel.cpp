// PORX_IN050101UK31: eps.md section 8.2.
#include <algorithm>
#include <array>

#include "conformance/simulators/spine/answer_frame.h"
#include "conformance/simulators/spine/elements.h"

namespace concord::spine {
namespace {

using tree::Document;
using tree::Node;

constexpr std::string_view kShortIds = "2.16.840.1.113883.2.1.3.2.4.18.8";
constexpr std::string_view kResponseCodes = "2.16.840.1.113883.2.1.3.2.4.17.19";

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kDisplays{{
    {"0001", "Prescription/item was cancelled"},
    {"0002", "Prescription/item was not cancelled. With dispenser. Marked for cancellation"},
    {"0003", "Prescription/item was not cancelled. With dispenser active. Marked for cancellation"},
    {"0004", "Prescription/item was not cancelled. Prescription has been dispensed."},
    {"0005", "Prescription/item has expired"},
    {"0006", "Prescription/item had already been cancelled"},
    {"0007", "Prescription/item cancellation requested by another prescriber"},
    {"0008", "Prescription/item not found"},
    {"0009", "Cancellation functionality disabled in SPINE"},
    {"0010", "Prescription/item was not cancelled. Prescription has been not dispensed."},
    {"5000", "Unable to process message"},
    {"5888", "Invalid message"},
}};

void agent(XmlWriter& xml, std::string_view name, std::string_view type, const Document* document,
           const Node* person) {
  if (person == nullptr) return;
  xml.open(name, {{"contextControlCode", "OP"}, {"typeCode", type}});
  xml.copy(*document, *person);
  xml.close();
}

void copy_at(XmlWriter& xml, const CancellationAnswer& answer, std::string_view path) {
  const Node* found = find(*answer.request_document, *answer.request, path);
  if (found != nullptr) xml.copy(*answer.request_document, *found);
}

/// Who wrote the prescription: of the prescription itself, else who the request says.
void original_author(XmlWriter& xml, const CancellationAnswer& answer) {
  const Node* author = answer.original == nullptr
                           ? nullptr
                           : find(*answer.original_document, *answer.original,
                                  "pertinentInformation1/pertinentPrescription/author/AgentPerson");
  if (author != nullptr) {
    agent(xml, "responsibleParty", "RESP", answer.original_document, author);
  } else {
    agent(xml, "responsibleParty", "RESP", answer.request_document,
          find(*answer.request_document, *answer.request, "responsibleParty/AgentPerson"));
  }
}

void response(XmlWriter& xml, const CancellationAnswer& answer) {
  xml.open("pertinentInformation3", {{"typeCode", "PERT"}, {"contextConductionInd", "true"}});
  xml.empty("seperatableInd", {{"value", "false"}});
  xml.open("pertinentResponse", {{"classCode", "OBS"}, {"moodCode", "EVN"}});
  xml.empty("code", {{"code", "CRR"}, {"codeSystem", kAnnotationCodes}});
  xml.empty("value", {{"codeSystem", kResponseCodes},
                      {"code", answer.code},
                      {"displayName", answer.display.empty() ? cancellation_display(answer.code)
                                                             : answer.display}});
  xml.close();
  xml.close();
}

}  // namespace

std::string_view cancellation_display(std::string_view code) {
  const auto found = std::find_if(kDisplays.begin(), kDisplays.end(),
                                  [&](const auto& row) { return row.first == code; });
  return found == kDisplays.end() ? std::string_view{} : found->second;
}

std::string write_cancellation_response(const Frame& frame, const CancellationAnswer& answer) {
  return framed("PORX_IN050101UK31", frame, {}, [&](XmlWriter& xml) {
    const auto text = [&](std::string_view path) {
      return text_at(*answer.request_document, *answer.request, path);
    };
    open_subject(xml, "CancellationResponse", "INFRM", frame);
    copy_at(xml, answer, "recordTarget");
    agent(xml, "author", "AUT", answer.request_document,
          find(*answer.request_document, *answer.request, "author/AgentPerson"));
    original_author(xml, answer);
    agent(xml, "performer", "PRF", answer.dispenser_document, answer.dispenser);
    xml.open("pertinentInformation2", {{"contextConductionInd", "true"}, {"typeCode", "PERT"}});
    xml.empty("seperatableInd", {{"value", "false"}});
    xml.open("pertinentPrescriptionID", {{"classCode", "OBS"}, {"moodCode", "EVN"}});
    xml.empty("code", {{"code", "PID"}, {"codeSystem", kAnnotationCodes}});
    xml.empty("value", {{"extension",
                         text("pertinentInformation2/pertinentPrescriptionID/value/@extension")},
                        {"root", kShortIds}});
    xml.close();
    xml.close();
    copy_at(xml, answer, "pertinentInformation1");
    response(xml, answer);
    xml.open("pertinentInformation4",
             {{"typeCode", "PERT"}, {"inversionInd", "false"}, {"negationInd", "false"}});
    xml.empty("seperatableInd", {{"value", "true"}});
    xml.open("pertinentCancellationRequestRef", {{"classCode", "ACTN"}, {"moodCode", "RQO"}});
    xml.empty("id", {{"root", text("id/@root")}});
    xml.close();
    xml.close();
    close_subject(xml);
  });
}

}  // namespace concord::spine
