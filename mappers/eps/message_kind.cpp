#include "mappers/eps/message_kind.h"

#include <algorithm>
#include <array>

namespace concord::eps {
namespace {

constexpr std::array kKinds{
    MessageKind{"prescription-order", "PORX_IN020101SM31",
                "https://concord.example/map/eps/prescription-order",
                "https://concord.example/model/eps/PORX_IN020101SM31"},
};

constexpr std::array<std::string_view, 5> kPublicEvents{
    "prescription-order", "prescription-order-update", "prescription-order-response",
    "dispense-notification", "dispense-notification-update"};

const tree::Node* child(const tree::Document& document, const tree::Node& node,
                        std::string_view name) {
  const tree::Symbol symbol = document.find(name);
  return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
}

}  // namespace

std::span<const MessageKind> message_kinds() { return kKinds; }

Event event_of(const tree::Document& document) {
  Event event;
  if (document.text(document.root().type()) != "Bundle") return event;
  for (const tree::Node* entry = child(document, document.root(), "entry"); entry != nullptr;
       entry = entry->next_same()) {
    const tree::Node* resource = child(document, *entry, "resource");
    if (resource == nullptr || document.text(resource->type()) != "MessageHeader") continue;
    const tree::Node* coding = child(document, *resource, "eventCoding");
    event.code = coding == nullptr ? nullptr : child(document, *coding, "code");
    break;
  }
  if (event.code == nullptr) return event;
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const MessageKind& kind) {
    return kind.name == event.code->text();
  });
  if (found != kKinds.end()) event.kind = &*found;
  return event;
}

bool is_public_event(std::string_view code) {
  return std::find(kPublicEvents.begin(), kPublicEvents.end(), code) != kPublicEvents.end();
}

}  // namespace concord::eps
