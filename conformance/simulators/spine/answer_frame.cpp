#include "conformance/simulators/spine/answer_frame.h"

#include "conformance/simulators/spine/elements.h"

namespace concord::spine {
namespace {

constexpr std::string_view kAsidRoot = "1.2.826.0.1285.0.2.0.107";

void device(XmlWriter& xml, std::string_view element, std::string_view code,
            std::string_view asid) {
  xml.open(element, {{"typeCode", code}});
  xml.open("hl7:device", {{"classCode", "DEV"}, {"determinerCode", "INSTANCE"}});
  xml.empty("hl7:id", {{"root", kAsidRoot}, {"extension", asid}});
  xml.close();
  xml.close();
}

void acknowledgement(XmlWriter& xml, const Frame& frame, const std::vector<Fault>& rejected) {
  xml.open("hl7:acknowledgement", {{"typeCode", ack_code(frame.type)}});
  for (const Fault& fault : rejected) {
    xml.open("hl7:acknowledgementDetail", {{"typeCode", "ER"}});
    xml.empty("hl7:code",
              {{"codeSystem", fault.system}, {"code", fault.code}, {"displayName", fault.display}});
    xml.close();
  }
  xml.open("hl7:messageRef");
  if (frame.message_id.empty()) {
    xml.empty("hl7:id", {{"nullFlavor", "UNK"}});
  } else {
    xml.empty("hl7:id", {{"root", frame.message_id}});
  }
  xml.close();
  xml.close();
}

}  // namespace

std::string framed(std::string_view interaction, const Frame& frame,
                   const std::vector<Fault>& rejected,
                   const std::function<void(XmlWriter&)>& content) {
  XmlWriter xml;
  xml.declaration();
  xml.open("hl7:" + std::string(interaction), {{"xmlns:hl7", "urn:hl7-org:v3"}});
  xml.empty("hl7:id", {{"root", frame.id}});
  xml.empty("hl7:creationTime", {{"value", v3_time(frame.at)}});
  xml.empty("hl7:versionCode", {{"code", "V3NPfIT4.2.00"}});
  xml.empty("hl7:interactionId",
            {{"root", "2.16.840.1.113883.2.1.3.2.4.12"}, {"extension", interaction}});
  xml.empty("hl7:processingCode", {{"code", "P"}});
  xml.empty("hl7:processingModeCode", {{"code", "T"}});
  xml.empty("hl7:acceptAckCode", {{"code", "NE"}});
  acknowledgement(xml, frame, rejected);
  device(xml, "hl7:communicationFunctionRcv", "RCV", frame.to_asid);
  device(xml, "hl7:communicationFunctionSnd", "SND", frame.from_asid);
  xml.open("hl7:ControlActEvent", {{"classCode", "CACT"}, {"moodCode", "EVN"}});
  xml.open("hl7:author1", {{"typeCode", "AUT"}});
  xml.open("hl7:AgentSystemSDS", {{"classCode", "AGNT"}});
  xml.open("hl7:agentSystemSDS", {{"classCode", "DEV"}, {"determinerCode", "INSTANCE"}});
  xml.empty("hl7:id", {{"root", kAsidRoot}, {"extension", frame.from_asid}});
  xml.close();
  xml.close();
  xml.close();
  content(xml);
  xml.close();
  xml.close();
  return xml.take();
}

void open_subject(XmlWriter& xml, std::string_view root, std::string_view class_code,
                  const Frame& frame) {
  xml.open("hl7:subject", {{"typeCode", "SUBJ"}, {"contextConductionInd", "false"}});
  xml.open(root, {{"xmlns", "urn:hl7-org:v3"}, {"classCode", class_code}, {"moodCode", "EVN"}});
  xml.empty("id", {{"root", frame.id}});
  xml.empty("effectiveTime", {{"value", v3_time(frame.at)}});
}

void close_subject(XmlWriter& xml) {
  xml.close();
  xml.close();
}

std::string write_acknowledgement(const Frame& frame, const std::vector<Fault>& faults) {
  const bool rejected = frame.type == AckType::reject;
  return framed(
      "MCCI_IN010000UK13", frame, rejected ? faults : std::vector<Fault>{}, [&](XmlWriter& xml) {
        if (rejected) return;
        for (const Fault& fault : faults) {
          xml.open("hl7:reason", {{"typeCode", "RSON"}});
          xml.open("hl7:justifyingDetectedIssueEvent",
                   {{"classCode", "ALRT"}, {"moodCode", "EVN"}});
          xml.open(
              "hl7:code",
              {{"codeSystem", fault.system}, {"code", fault.code}, {"displayName", fault.display}});
          xml.empty("hl7:qualifier", {{"code", "ER"}});
          xml.close();
          xml.close();
          xml.close();
        }
      });
}

}  // namespace concord::spine
