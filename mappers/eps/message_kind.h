#pragma once
/// Which message a FHIR resource is. Pure functions, safe from any thread.

#include <span>
#include <string>
#include <string_view>

#include "fhir/core/error.h"
#include "fhir/tree/document.h"

namespace concord::eps {

/// One message this room can write. Source: eps.md section 1.
struct MessageKind {
  std::string_view name;         ///< business name; of Bundles also MessageHeader.eventCoding.code
  std::string_view resource;     ///< type of the root: "Bundle", "Parameters", "Task", "Claim"
  std::string_view interaction;  ///< of HL7 v3
  std::string_view map;          ///< url of the map to start with
  std::string_view group;        ///< the group of it; empty: its first
  std::string_view model;        ///< url of the root's logical model
};

/// Every message this room can write.
std::span<const MessageKind> message_kinds();

/// The kind of that business name, or null.
const MessageKind* message_kind(std::string_view name);

/// What a resource is, and the element that says so.
struct Event {
  const MessageKind* kind = nullptr;  ///< null: not one of ours
  const tree::Node* code = nullptr;   ///< MessageHeader.eventCoding.code or Task.status, or null
};

/// Bundles by MessageHeader.eventCoding, Tasks by status, Parameters by whether they have a
/// group-identifier, Claims as they are. Source: eps.md section 1.
Event event_of(const tree::Document& document);

/// The short form prescription id a resource is about, as an Identifier, where it does not stand in
/// a groupIdentifier: the group-identifier of Parameters, shortForm in Claim.prescription. Null:
/// none. Sources: eps.md sections 9 and 12.
const tree::Node* workflow_of(const tree::Document& document);

/// Why a resource for which event_of() finds no kind is no message: unsupported, with the place.
/// Names of public messages stand in the text, nothing else of the resource.
Error not_a_message(const tree::Document& document, const Event& event);

/// The message's own identity as FHIR holds it (`identifier` with the system of RFC 4122; of
/// Bundles any), or "" when it has none.
std::string message_id_of(const tree::Document& document);

}  // namespace concord::eps
