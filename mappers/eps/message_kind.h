#pragma once
/// Which message a Bundle is. Pure functions, safe from any thread.

#include <span>
#include <string_view>

#include "fhir/tree/document.h"

namespace concord::eps {

/// One message this room can write.
struct MessageKind {
  std::string_view name;         ///< MessageHeader.eventCoding.code
  std::string_view interaction;  ///< of HL7 v3
  std::string_view map;          ///< url of the map to start with
  std::string_view model;        ///< url of the root's logical model
};

/// Every message this room can write.
std::span<const MessageKind> message_kinds();

/// Where the kind of a Bundle stands and what it says.
struct Event {
  const tree::Node* code = nullptr;   ///< null: there is no MessageHeader with an event code
  const MessageKind* kind = nullptr;  ///< null: not one of ours
};

/// Looks into MessageHeader.eventCoding of the entries of a Bundle.
/// Source: eps.md section 1.
Event event_of(const tree::Document& document);

/// Whether the text is a message of EPS that this room cannot write (yet): such names are public
/// and may stand in an error.
bool is_public_event(std::string_view code);

}  // namespace concord::eps
