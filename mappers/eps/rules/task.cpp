// Task: return and withdrawal. Source: eps.md section 17, "task", "withdraw", "withdraw, return".
#include "mappers/eps/rules/registry.h"

namespace concord::eps {
namespace {

using rules::Findings;
using rules::Message;
using tree::Node;

constexpr std::string_view kReturnReason =
    "https://fhir.nhs.uk/CodeSystem/EPS-task-dispense-return-status-reason";
constexpr std::string_view kWithdrawReason =
    "https://fhir.nhs.uk/CodeSystem/EPS-task-dispense-withdraw-reason";

void intent(const Message& message, Findings& findings) {
  const Node* intent = message.root().child(message.names.intent);
  message.settled(intent);
  if (Message::text(intent) == "order") return;
  findings.add("value", "Task.intent must be order.", "Task.intent");
}

void status(const Message& message, Findings& findings) {
  message.settled(message.root().child(message.names.status));
  if (message.kind != rules::kTask) return;
  findings.add("value", "Task.status must be one of: in-progress, rejected.", "Task.status");
}

void code(const Message& message, Findings& findings) {
  const Node* code = message.root().child(message.names.code);
  if (code == nullptr) {
    findings.add("value", "Expected Task to have a value for code.", "Task.code");
    return;
  }
  for (const Node* coding = code->child(message.names.coding); coding != nullptr;
       coding = coding->next_same()) {
    if (Message::text(coding, message.names.code) == "abort") return;
  }
  findings.add("value", "Task.code must be abort.", "Task.code");
}

void reason(const Message& message, Findings& findings) {
  const std::string_view system =
      message.kind == rules::kWithdraw ? kWithdrawReason : kReturnReason;
  const Node* coding =
      Message::at(&message.root(), message.names.status_reason, message.names.coding);
  if (message.of_system(coding, system) != nullptr) return;
  findings.add("value",
               "Task.statusReason must have a coding of system " + std::string(system) + ".",
               "Task.statusReason.coding.system");
}

constexpr auto kService = rules::Stage::service;
constexpr auto kAlways = Asking::translation;

constexpr rules::Row kRows[] = {
    {"task.intent", rules::kAnyTask, kService, kAlways, "Task.intent is order", &intent},
    {"task.status", rules::kAnyTask, kService, kAlways, "Task.status is in-progress or rejected",
     &status},
    {"withdraw.code", rules::kWithdraw, kService, kAlways, "Task.code is abort", &code},
    {"task.reason", rules::kReturn | rules::kWithdraw, kService, kAlways,
     "Task.statusReason has the system of its message", &reason},
};

}  // namespace

void register_task(rules::Table& table) { table.add(kRows); }

}  // namespace concord::eps
