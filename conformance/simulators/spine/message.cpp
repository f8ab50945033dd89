#include "conformance/simulators/spine/message.h"

#include <algorithm>
#include <array>

#include "conformance/simulators/spine/elements.h"
#include "conformance/simulators/spine/requirements.h"
#include "fhir/core/uuid.h"
#include "fhir/xml/reader.h"

namespace concord::spine {
namespace {

constexpr std::string_view kNamespace = "urn:hl7-org:v3";

constexpr std::array kKinds{
    KindRow{Kind::order, "PORX_IN020101SM31", "ParentPrescription"},
    KindRow{Kind::cancel, "PORX_IN030101SM32", "CancellationRequest"},
    KindRow{Kind::dispense, "PORX_IN080101SM31", "DispenseNotification"},
    KindRow{Kind::claim, "PORX_IN090101SM31", "DispenseClaim"},
    KindRow{Kind::patient_release, "PORX_IN132004SM30", "PatientPrescriptionReleaseRequest"},
    KindRow{Kind::nominated_release, "PORX_IN060102SM30", "NominatedPrescriptionReleaseRequest"},
    KindRow{Kind::give_back, "PORX_IN100101SM31", "DispenseProposalReturn"},
    KindRow{Kind::withdraw, "PORX_IN510101SM31", "ETPWithdraw"},
};

/// Source: eps.md section 3.1, send payload.
constexpr std::array kWrapper{
    Required{"id/@root", Form::uuid},
    Required{"creationTime/@value", Form::date_time},
    Required{"versionCode/@code", Form::present},
    Required{"interactionId/@extension", Form::present},
    Required{"processingCode/@code", Form::present},
    Required{"processingModeCode/@code", Form::present},
    Required{"acceptAckCode/@code", Form::present},
    Required{"communicationFunctionRcv/device/id/@extension", Form::digits},
    Required{"communicationFunctionSnd/device/id/@extension", Form::digits},
    Required{"ControlActEvent/author1/AgentSystemSDS/agentSystemSDS/id/@extension", Form::digits},
};

}  // namespace

std::span<const KindRow> kinds() { return kKinds; }

Message read_message(std::string bytes, std::string_view http_interaction,
                     const tree::Symbols& symbols) {
  Message message;
  const auto unreadable = [&message](std::string display) {
    message.faults.push_back({"200", std::move(display), kMessagingCodes});
  };
  auto read = xml::read(std::move(bytes), symbols);
  if (!read) {
    unreadable("The message is not well-formed XML");
    return message;
  }
  message.document = *std::move(read);
  const tree::Document& document = *message.document;
  const tree::Node& root = document.root();
  message.interaction = std::string(document.name(root));
  message.message_id = upper(text_at(document, root, "id/@root"));
  message.from_asid = text_at(document, root, "communicationFunctionSnd/device/id/@extension");
  const auto known = std::find_if(kKinds.begin(), kKinds.end(), [&](const KindRow& row) {
    return row.interaction == message.interaction;
  });
  if (document.text(root.xml_namespace()) != kNamespace) {
    unreadable("The message is not in the HL7 v3 namespace");
  } else if (known == kKinds.end()) {
    unreadable("The interaction is not known");
  } else if (!is_uuid(message.message_id)) {
    unreadable("The message has no id");
  } else if (text_at(document, root, "interactionId/@extension") != message.interaction ||
             (!http_interaction.empty() && http_interaction != message.interaction)) {
    unreadable("The interaction is named differently in different places");
  }
  if (!message.faults.empty()) return message;
  message.readable = true;
  message.kind = known->kind;
  require(document, root, message.interaction, kWrapper, message.faults);
  message.content = find(document, root, "ControlActEvent/subject/" + std::string(known->content));
  if (message.content == nullptr) message.faults.push_back({"0009", "Invalid Message"});
  return message;
}

}  // namespace concord::spine
