// Parameters of Task/$release. Source: eps.md section 17, "release".
#include "mappers/eps/published_error.h"
#include "mappers/eps/rules/registry.h"

namespace concord::eps {
namespace {

using rules::Findings;
using rules::Message;
using tree::Node;

const Node* parameter(const Message& message, std::string_view name) {
  for (const Node* node = message.root().child(message.names.parameter); node != nullptr;
       node = node->next_same()) {
    if (Message::text(node, message.names.name) == name) return node;
  }
  return nullptr;
}

void owner(const Message& message, Findings& findings) {
  const Node* resource = Message::at(parameter(message, "owner"), message.names.resource);
  if (resource != nullptr && resource->type() == message.names.organization_type) return;
  findings.add("invalid", "Required parameter owner is missing.",
               "Parameters.parameter.where(name = 'owner')");
}

void agent(const Message& message, Findings& findings) {
  const Node* role = Message::at(parameter(message, "agent"), message.names.resource);
  if (role == nullptr || role->type() != message.names.practitioner_role) {
    findings.add(published_issue(kInvalidValue, "Parameter with name agent not found",
                                 "Parameters.parameter"));
    return;
  }
  if (!Message::text(role, message.names.practitioner, message.names.reference).empty()) {
    findings.add("invalid",
                 "PractitionerRole.practitioner should be populated with an identifier and a "
                 "display.",
                 "Parameters.parameter.where(name = 'agent').resource.practitioner");
  }
  if (role->child(message.names.telecom) == nullptr) {
    findings.add("invalid", "Required field PractitionerRole.telecom is missing.",
                 "Parameters.parameter.where(name = 'agent').resource.telecom");
  }
}

constexpr auto kService = rules::Stage::service;
constexpr auto kAlways = Asking::translation;

constexpr rules::Row kRows[] = {
    {"release.owner", rules::kRelease, kService, kAlways, "the parameter owner is an Organization",
     &owner},
    {"release.agent", rules::kRelease, kService, kAlways,
     "the parameter agent is a PractitionerRole with telecom, its practitioner an identifier",
     &agent},
};

}  // namespace

void register_release(rules::Table& table) { table.add(kRows); }

}  // namespace concord::eps
