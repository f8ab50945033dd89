#include <algorithm>
#include <array>

#include "conformance/simulators/spine/elements.h"
#include "conformance/simulators/spine/read_party.h"
#include "conformance/simulators/spine/requests.h"
#include "conformance/simulators/spine/requirements.h"

namespace concord::spine {
namespace {

using tree::Document;
using tree::Node;

constexpr std::string_view kPid = "pertinentPrescriptionID/value/@extension";

constexpr std::array kCancel{
    Required{"id/@root", Form::uuid},
    Required{"effectiveTime/@value", Form::date_time},
    Required{"recordTarget/Patient/id/@extension", Form::digits},
    Required{"author/AgentPerson", Form::present},
    Required{"responsibleParty/AgentPerson", Form::present},
    Required{"pertinentInformation2/pertinentPrescriptionID/value/@extension", Form::present},
    Required{"pertinentInformation/pertinentCancellationReason/value/@code", Form::digits},
    Required{"pertinentInformation3/pertinentOriginalPrescriptionRef/id/@root", Form::uuid},
};

constexpr std::array kRelease{
    Required{"id/@root", Form::uuid},
    Required{"effectiveTime/@value", Form::date_time},
    Required{"author/AgentPerson/id/@extension", Form::present},
    Required{"author/AgentPerson/code/@code", Form::present},
    Required{"author/AgentPerson/agentPerson/id/@extension", Form::present},
    Required{"author/AgentPerson/representedOrganization/id/@extension", Form::present},
};

/// Of a notification and of a claim.
constexpr std::array kSupply{
    Required{"id/@root", Form::uuid},
    Required{"code/@code", Form::digits},
    Required{"effectiveTime/@value", Form::date_time},
    Required{"typeId/@extension", Form::present},
    Required{"primaryInformationRecipient/AgentOrg/agentOrganization/id/@extension", Form::present},
    Required{"sequelTo/priorPrescriptionReleaseEventRef/id/@root", Form::uuid},
    Required{"pertinentInformation1/pertinentSupplyHeader", Form::present},
};

constexpr std::array kHeader{
    Required{"id/@root", Form::uuid},
    Required{"pertinentInformation3/pertinentPrescriptionStatus/value/@code", Form::digits},
    Required{"pertinentInformation4/pertinentPrescriptionID/value/@extension", Form::present},
    Required{"inFulfillmentOf/priorOriginalPrescriptionRef/id/@root", Form::uuid},
    Required{"pertinentInformation1/pertinentSuppliedLineItem", Form::present},
};

constexpr std::array kSuppliedItem{
    Required{"id/@root", Form::uuid},
    Required{"pertinentInformation3/pertinentItemStatus/value/@code", Form::digits},
    Required{"inFulfillmentOf/priorOriginalItemRef/id/@root", Form::uuid},
};

constexpr std::array kReturn{
    Required{"id/@root", Form::uuid},
    Required{"effectiveTime/@value", Form::date_time},
    Required{"author/AgentPerson/representedOrganization/id/@extension", Form::present},
    Required{"pertinentInformation1/pertinentPrescriptionID/value/@extension", Form::present},
    Required{"pertinentInformation3/pertinentReturnReason/value/@code", Form::digits},
    Required{"reversalOf/priorPrescriptionReleaseResponseRef/id/@root", Form::uuid},
};

constexpr std::array kWithdraw{
    Required{"id/@root", Form::uuid},
    Required{"effectiveTime/@value", Form::date_time},
    Required{"recordTarget/patient/id/@extension", Form::digits},
    Required{"author/AgentPersonSDS/agentPersonSDS/id/@extension", Form::present},
    Required{"pertinentInformation3/pertinentWithdrawID/value/@extension", Form::present},
    Required{"pertinentInformation2/pertinentWithdrawType/value/@code", Form::present},
    Required{"pertinentInformation5/pertinentWithdrawReason/value/@code", Form::present},
    Required{"pertinentInformation4/pertinentDispenseNotificationRef/id/@root", Form::uuid},
};

/// "pertinentPrescriptionID/value" of the pertinentInformation of that name.
std::string short_id_at(const Document& document, const Node& content, std::string_view name) {
  return text_at(document, content, std::string(name) + "/" + std::string(kPid));
}

void read_header(const Document& document, const Node& header, std::string_view agent,
                 SupplyRequest& request) {
  const auto text = [&](std::string_view path) { return text_at(document, header, path); };
  require(document, header, "pertinentSupplyHeader", kHeader, request.faults);
  request.short_id = short_id_at(document, header, "pertinentInformation4");
  request.long_id = upper(text("inFulfillmentOf/priorOriginalPrescriptionRef/id/@root"));
  request.dispenser =
      upper(text(std::string(agent) + "/AgentPerson/representedOrganization/id/@extension"));
  if (request.dispenser.empty()) {
    request.faults.push_back(
        {"0008", "Missing value - pertinentSupplyHeader/" + std::string(agent) + "/AgentPerson"});
  }
  request.status =
      issue_state(text("pertinentInformation3/pertinentPrescriptionStatus/value/@code"));
  request.issue = whole_number(text("repeatNumber/low/@value"));
  request.authorised = whole_number(text("repeatNumber/high/@value"));
  for (const Node* wrapper : all(document, header, "pertinentInformation1")) {
    const Node* item = find(document, *wrapper, "pertinentSuppliedLineItem");
    if (item == nullptr) continue;
    require(document, *item, "pertinentSuppliedLineItem", kSuppliedItem, request.faults);
    request.items.push_back(
        {upper(text_at(document, *item, "id/@root")),
         upper(text_at(document, *item, "inFulfillmentOf/priorOriginalItemRef/id/@root")),
         item_state(
             text_at(document, *item, "pertinentInformation3/pertinentItemStatus/value/@code"))});
  }
}

SupplyRequest read_supply(const Message& message, std::string_view name, std::string_view agent) {
  SupplyRequest request;
  request.faults = message.faults;
  if (message.content == nullptr) return request;
  const Document& document = *message.document;
  const Node& content = *message.content;
  require(document, content, name, kSupply, request.faults);
  request.id = upper(text_at(document, content, "id/@root"));
  request.nhs_number = text_at(document, content, "recordTarget/patient/id/@extension");
  request.replaces = upper(text_at(document, content, "replacementOf/priorMessageRef/id/@root"));
  if (const Node* header = find(document, content, "pertinentInformation1/pertinentSupplyHeader")) {
    read_header(document, *header, agent, request);
  }
  return request;
}

}  // namespace

Party read_party(const Document& document, const Node& organisation) {
  Party party;
  party.ods = upper(text_at(document, organisation, "id/@extension"));
  party.name = text_at(document, organisation, "name");
  party.phone = text_at(document, organisation, "telecom/@value");
  if (const auto colon = party.phone.find(':'); colon != std::string::npos) {
    party.phone.erase(0, colon + 1);
  }
  const Node* address = find(document, organisation, "addr");
  if (address == nullptr) return party;
  for (const Node& line : address->children()) {
    if (line.is(tree::Flag::attribute) || line.text().empty()) continue;
    if (!party.address.empty()) party.address += ", ";
    party.address += line.text();
  }
  return party;
}

CancelRequest read_cancel(const Message& message) {
  CancelRequest request;
  if (message.content == nullptr) return request;
  const Document& document = *message.document;
  const Node& content = *message.content;
  std::vector<Fault> faults = message.faults;
  require(document, content, "CancellationRequest", kCancel, faults);
  request.whole = faults.empty();
  request.id = upper(text_at(document, content, "id/@root"));
  request.short_id = short_id_at(document, content, "pertinentInformation2");
  request.long_id = upper(text_at(
      document, content, "pertinentInformation3/pertinentOriginalPrescriptionRef/id/@root"));
  request.nhs_number = text_at(document, content, "recordTarget/Patient/id/@extension");
  request.item =
      upper(text_at(document, content, "pertinentInformation1/pertinentLineItemRef/id/@root"));
  request.author = text_at(document, content, "author/AgentPerson/id/@extension");
  request.reason =
      text_at(document, content, "pertinentInformation/pertinentCancellationReason/value/@code");
  return request;
}

ReleaseRequest read_release(const Message& message) {
  ReleaseRequest request;
  std::vector<Fault> faults = message.faults;
  if (message.content != nullptr) {
    const Document& document = *message.document;
    const Node& content = *message.content;
    require(document, content, row_of(message.kind).content, kRelease, faults);
    request.id = upper(text_at(document, content, "id/@root"));
    request.short_id = short_id_at(document, content, "pertinentInformation");
    if (const Node* organisation =
            find(document, content, "author/AgentPerson/representedOrganization")) {
      request.dispenser = read_party(document, *organisation);
    }
    if (message.kind == Kind::patient_release && request.short_id.empty()) {
      faults.push_back({"0008", "Missing value - pertinentPrescriptionID"});
    }
  }
  // Dispensing has two codes for what is wrong in a message. Source: eps.md section 14.3.
  for (const Fault& fault : faults) {
    const bool date = fault.code == "9006";
    request.faults.push_back(
        {date ? "9006" : "5888", date ? fault.display : "Invalid message", kDispensingCodes});
    if (!date) break;
  }
  return request;
}

SupplyRequest read_dispense(const Message& message) {
  SupplyRequest request = read_supply(message, "DispenseNotification", "author");
  if (message.content != nullptr && request.nhs_number.empty()) {
    request.faults.push_back({"0008", "Missing value - DispenseNotification/recordTarget"});
  }
  return request;
}

SupplyRequest read_claim(const Message& message) {
  return read_supply(message, "DispenseClaim", "legalAuthenticator");
}

ReturnRequest read_return(const Message& message) {
  ReturnRequest request;
  request.faults = message.faults;
  if (message.content == nullptr) return request;
  const auto text = [&](std::string_view path) {
    return text_at(*message.document, *message.content, path);
  };
  require(*message.document, *message.content, "DispenseProposalReturn", kReturn, request.faults);
  request.id = upper(text("id/@root"));
  request.short_id = short_id_at(*message.document, *message.content, "pertinentInformation1");
  request.dispenser = upper(text("author/AgentPerson/representedOrganization/id/@extension"));
  request.reason = text("pertinentInformation3/pertinentReturnReason/value/@code");
  request.release = upper(text("reversalOf/priorPrescriptionReleaseResponseRef/id/@root"));
  request.issue =
      whole_number(text("pertinentInformation2/pertinentRepeatInstanceInfo/value/@value"));
  return request;
}

WithdrawRequest read_withdraw(const Message& message) {
  WithdrawRequest request;
  request.faults = message.faults;
  if (message.content == nullptr) return request;
  const auto text = [&](std::string_view path) {
    return text_at(*message.document, *message.content, path);
  };
  require(*message.document, *message.content, "ETPWithdraw", kWithdraw, request.faults);
  request.id = upper(text("id/@root"));
  request.short_id = text("pertinentInformation3/pertinentWithdrawID/value/@extension");
  request.nhs_number = text("recordTarget/patient/id/@extension");
  request.dispenser = upper(text("author/AgentPersonSDS/agentPersonSDS/id/@extension"));
  request.notification =
      upper(text("pertinentInformation4/pertinentDispenseNotificationRef/id/@root"));
  request.issue =
      whole_number(text("pertinentInformation1/pertinentRepeatInstanceInfo/value/@value"));
  return request;
}

}  // namespace concord::spine
