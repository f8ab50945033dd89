#include "conformance/simulators/spine/acknowledgement.h"

#include <fmt/format.h>

namespace concord::spine {
namespace {

/// An attribute value: the XML specials, and nothing XML 1.0 cannot carry.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
  return out;
}

/// 2022-02-01T00:00:00Z → 20220201000000
std::string v3_time(Instant at) {
  std::string digits;
  for (const char c : format_instant(at)) {
    if (c == '.') break;
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

void write_device(std::string& out, std::string_view element, std::string_view code,
                  std::string_view asid) {
  fmt::format_to(std::back_inserter(out),
                 R"(  <hl7:{0} typeCode="{1}">
    <hl7:device classCode="DEV" determinerCode="INSTANCE">
      <hl7:id root="1.2.826.0.1285.0.2.0.107" extension="{2}"/>
    </hl7:device>
  </hl7:{0}>
)",
                 element, code, escaped(asid));
}

}  // namespace

std::string_view ack_code(AckType type) {
  switch (type) {
    case AckType::accept:
      return "AA";
    case AckType::error:
      return "AE";
    case AckType::reject:
      return "AR";
  }
  return "AR";
}

std::string write_acknowledgement(const Acknowledgement& ack) {
  std::string out = fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?>
<hl7:MCCI_IN010000UK13 xmlns:hl7="urn:hl7-org:v3">
  <hl7:id root="{}"/>
  <hl7:creationTime value="{}"/>
  <hl7:versionCode code="V3NPfIT4.2.00"/>
  <hl7:interactionId root="2.16.840.1.113883.2.1.3.2.4.12" extension="MCCI_IN010000UK13"/>
  <hl7:processingCode code="P"/>
  <hl7:processingModeCode code="T"/>
  <hl7:acceptAckCode code="NE"/>
  <hl7:acknowledgement typeCode="{}">
)",
                                escaped(ack.id), v3_time(ack.at), ack_code(ack.type));
  if (ack.type == AckType::reject) {
    for (const Fault& fault : ack.faults) {
      fmt::format_to(std::back_inserter(out),
                     R"(    <hl7:acknowledgementDetail typeCode="ER">
      <hl7:code codeSystem="{}" code="{}" displayName="{}"/>
    </hl7:acknowledgementDetail>
)",
                     kMessagingCodes, escaped(fault.code), escaped(fault.display));
    }
  }
  fmt::format_to(std::back_inserter(out), R"(    <hl7:messageRef>
      <hl7:id {}="{}"/>
    </hl7:messageRef>
  </hl7:acknowledgement>
)",
                 ack.message_id.empty() ? "nullFlavor" : "root",
                 ack.message_id.empty() ? "UNK" : escaped(ack.message_id));
  write_device(out, "communicationFunctionRcv", "RCV", ack.to_asid);
  write_device(out, "communicationFunctionSnd", "SND", ack.from_asid);
  fmt::format_to(std::back_inserter(out),
                 R"(  <hl7:ControlActEvent classCode="CACT" moodCode="EVN">
    <hl7:author1 typeCode="AUT">
      <hl7:AgentSystemSDS classCode="AGNT">
        <hl7:agentSystemSDS classCode="DEV" determinerCode="INSTANCE">
          <hl7:id root="1.2.826.0.1285.0.2.0.107" extension="{}"/>
        </hl7:agentSystemSDS>
      </hl7:AgentSystemSDS>
    </hl7:author1>
)",
                 escaped(ack.from_asid));
  if (ack.type == AckType::error) {
    for (const Fault& fault : ack.faults) {
      fmt::format_to(std::back_inserter(out), R"(    <hl7:reason typeCode="RSON">
      <hl7:justifyingDetectedIssueEvent classCode="ALRT" moodCode="EVN">
        <hl7:code codeSystem="{}" code="{}" displayName="{}">
          <hl7:qualifier code="ER"/>
        </hl7:code>
      </hl7:justifyingDetectedIssueEvent>
    </hl7:reason>
)",
                     kPrescribingCodes, escaped(fault.code), escaped(fault.display));
    }
  }
  out += "  </hl7:ControlActEvent>\n</hl7:MCCI_IN010000UK13>\n";
  return out;
}

}  // namespace concord::spine
