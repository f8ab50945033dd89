#include "mappers/eps/message_kind.h"

#include <algorithm>
#include <array>

namespace concord::eps {
namespace {

constexpr std::array kKinds{
    MessageKind{"prescription-order", "Bundle", "PORX_IN020101SM31",
                "https://concord.example/map/eps/prescription-order", "",
                "https://concord.example/model/eps/PORX_IN020101SM31"},
    MessageKind{"prescription-order-update", "Bundle", "PORX_IN030101SM32",
                "https://concord.example/map/eps/prescription-order-update", "",
                "https://concord.example/model/eps/PORX_IN030101SM32"},
    MessageKind{"dispense-notification", "Bundle", "PORX_IN080101SM31",
                "https://concord.example/map/eps/dispense-notification", "",
                "https://concord.example/model/eps/PORX_IN080101SM31"},
    MessageKind{"claim", "Claim", "PORX_IN090101SM31", "https://concord.example/map/eps/claim", "",
                "https://concord.example/model/eps/PORX_IN090101SM31"},
    MessageKind{"patient-release", "Parameters", "PORX_IN132004SM30",
                "https://concord.example/map/eps/release", "PatientRelease",
                "https://concord.example/model/eps/PORX_IN132004SM30"},
    MessageKind{"nominated-release", "Parameters", "PORX_IN060102SM30",
                "https://concord.example/map/eps/release", "NominatedRelease",
                "https://concord.example/model/eps/PORX_IN060102SM30"},
    MessageKind{"return", "Task", "PORX_IN100101SM31", "https://concord.example/map/eps/return", "",
                "https://concord.example/model/eps/PORX_IN100101SM31"},
    MessageKind{"withdraw", "Task", "PORX_IN510101SM31", "https://concord.example/map/eps/withdraw",
                "", "https://concord.example/model/eps/PORX_IN510101SM31"},
};

/// Messages of EPS that are answers, and names of other releases: public, so an error may name
/// them.
constexpr std::array<std::string_view, 2> kOtherEvents{"prescription-order-response",
                                                       "dispense-notification-update"};

const tree::Node* child(const tree::Document& document, const tree::Node& node,
                        std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

bool says(const tree::Document& document, const tree::Node& node, std::string_view name,
          std::string_view value) {
  const tree::Node* found = child(document, node, name);
  return found != nullptr && found->text() == value;
}

/// MessageHeader.eventCoding.code of the first MessageHeader of a Bundle, or null.
const tree::Node* event_code(const tree::Document& bundle) {
  for (const tree::Node* entry = child(bundle, bundle.root(), "entry"); entry != nullptr;
       entry = entry->next_same()) {
    const tree::Node* resource = child(bundle, *entry, "resource");
    if (resource == nullptr || bundle.text(resource->type()) != "MessageHeader") continue;
    const tree::Node* coding = child(bundle, *resource, "eventCoding");
    return coding == nullptr ? nullptr : child(bundle, *coding, "code");
  }
  return nullptr;
}

const MessageKind* bundle_kind(std::string_view event) {
  const MessageKind* kind = message_kind(event);
  return kind != nullptr && kind->resource == "Bundle" ? kind : nullptr;
}

const MessageKind* task_kind(std::string_view status) {
  if (status == "rejected") return message_kind("return");
  if (status == "in-progress") return message_kind("withdraw");
  return nullptr;
}

bool asks_for_one(const tree::Document& parameters) {
  for (const tree::Node* parameter = child(parameters, parameters.root(), "parameter");
       parameter != nullptr; parameter = parameter->next_same()) {
    if (says(parameters, *parameter, "name", "group-identifier")) return true;
  }
  return false;
}

}  // namespace

std::span<const MessageKind> message_kinds() { return kKinds; }

const MessageKind* message_kind(std::string_view name) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const MessageKind& kind) { return kind.name == name; });
  return found == kKinds.end() ? nullptr : &*found;
}

Event event_of(const tree::Document& document) {
  Event event;
  const std::string_view resource = document.text(document.root().type());
  if (resource == "Bundle") {
    event.code = event_code(document);
    if (event.code != nullptr) event.kind = bundle_kind(event.code->text());
  } else if (resource == "Task") {
    event.code = child(document, document.root(), "status");
    if (event.code != nullptr) event.kind = task_kind(event.code->text());
  } else if (resource == "Parameters") {
    event.kind = message_kind(asks_for_one(document) ? "patient-release" : "nominated-release");
  } else if (resource == "Claim") {
    event.kind = message_kind("claim");
  }
  return event;
}

const tree::Node* workflow_of(const tree::Document& document) {
  const std::string_view resource = document.text(document.root().type());
  if (resource == "Parameters") {
    for (const tree::Node* parameter = child(document, document.root(), "parameter");
         parameter != nullptr; parameter = parameter->next_same()) {
      if (says(document, *parameter, "name", "group-identifier")) {
        return child(document, *parameter, "valueIdentifier");
      }
    }
  }
  if (resource != "Claim") return nullptr;
  const tree::Node* prescription = child(document, document.root(), "prescription");
  if (prescription == nullptr) return nullptr;
  for (const tree::Node* group = child(document, *prescription, "extension"); group != nullptr;
       group = group->next_same()) {
    for (const tree::Node* part = child(document, *group, "extension"); part != nullptr;
         part = part->next_same()) {
      if (says(document, *part, "url", "shortForm")) {
        return child(document, *part, "valueIdentifier");
      }
    }
  }
  return nullptr;
}

Error not_a_message(const tree::Document& document, const Event& event) {
  const std::string_view resource = document.text(document.root().type());
  const auto place = [&](std::string text) {
    return make_error(ErrorCode::unsupported, std::move(text), document.path(*event.code),
                      document.position(*event.code));
  };
  if (resource == "Task") {
    constexpr std::string_view kText =
        "a Task is a message of EPS with status rejected (return) or in-progress (withdrawal)";
    return event.code != nullptr
               ? place(std::string(kText))
               : make_error(ErrorCode::unsupported, std::string(kText), "Task.status");
  }
  if (resource != "Bundle") {
    return make_error(ErrorCode::unsupported,
                      "eps writes messages from a Bundle, Parameters, Task or Claim");
  }
  if (event.code == nullptr) {
    return make_error(
        ErrorCode::unsupported,
        "the Bundle has no MessageHeader with an event code, so it is no message of EPS", "Bundle");
  }
  const std::string_view code = event.code->text();
  const bool is_public =
      std::find(kOtherEvents.begin(), kOtherEvents.end(), code) != kOtherEvents.end();
  return place(is_public ? "eps does not write messages of the kind " + std::string(code)
                         : "MessageHeader.eventCoding.code is no message of EPS");
}

std::string message_id_of(const tree::Document& document) {
  const bool is_bundle = document.text(document.root().type()) == "Bundle";
  for (const tree::Node* identifier = child(document, document.root(), "identifier");
       identifier != nullptr; identifier = identifier->next_same()) {
    if (!is_bundle &&
        !says(document, *identifier, "system", "https://tools.ietf.org/html/rfc4122")) {
      continue;
    }
    const tree::Node* value = child(document, *identifier, "value");
    return value == nullptr ? std::string() : std::string(value->text());
  }
  return {};
}

}  // namespace concord::eps
