#include "gateway/exchange/message_facts.h"

#include <initializer_list>

namespace concord::exchange {

namespace {

using tree::Document;
using tree::Node;
using tree::Symbol;

/// The first node down a path of names, or null.
const Node* find(const Document& document, const Node* from,
                 std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) {
    const Symbol symbol = document.find(name);
    if (from == nullptr || symbol == Symbol::kNone) return nullptr;
    from = from->child(symbol);
  }
  return from;
}

std::string_view text(const Document& document, const Node* from,
                      std::initializer_list<std::string_view> path) {
  const Node* node = find(document, from, path);
  return node == nullptr ? std::string_view{} : node->text();
}

std::string_view type_of(const Document& document, const Node* resource) {
  return resource == nullptr ? std::string_view{} : document.text(resource->type());
}

/// "system|value", or "" without a value.
std::string token(std::string_view system, std::string_view value) {
  if (value.empty()) return {};
  return std::string(system) + "|" + std::string(value);
}

/// The workflow's identity, once: the groupIdentifier of a resource, else of one it contains.
void read_group(const Document& document, const Node& resource, MessageFacts& facts) {
  if (!facts.focus_value.empty()) return;
  const Node* group = find(document, &resource, {"groupIdentifier"});
  for (const Node* inner = find(document, &resource, {"contained"});
       group == nullptr && inner != nullptr; inner = inner->next_same()) {
    group = find(document, inner, {"groupIdentifier"});
  }
  if (group == nullptr) return;
  facts.focus_value = text(document, group, {"value"});
  if (facts.focus_value.empty()) return;
  facts.focus_system = text(document, group, {"system"});
  facts.focus_type = type_of(document, &resource);
}

/// Fills the workflow's identity from the first resource that has one.
void read_workflow(const Document& document, const Node& bundle, MessageFacts& facts,
                   std::string& patient) {
  for (const Node* entry = find(document, &bundle, {"entry"}); entry != nullptr;
       entry = entry->next_same()) {
    const Node* resource = find(document, entry, {"resource"});
    if (resource == nullptr) continue;
    read_group(document, *resource, facts);
    if (patient.empty() && type_of(document, resource) == "Patient") {
      patient = token(text(document, resource, {"identifier", "system"}),
                      text(document, resource, {"identifier", "value"}));
    }
  }
}

/// A digest: the same workflow gives the same subject, and nobody can read it back from a log.
std::string subject_of(const MessageFacts& facts, const std::string& patient) {
  std::string name;
  if (!facts.focus_value.empty()) {
    name = "workflow\n" + token(facts.focus_system, facts.focus_value);
  } else if (!patient.empty()) {
    name = "patient\n" + patient;
  } else if (!facts.bundle_id.empty()) {
    name = "bundle\n" + facts.bundle_id;
  } else {
    return {};  // nothing to keep in order with
  }
  return to_hex(sha256(name)).substr(0, 32);
}

/// A message that is no Bundle: its kind is the format's word.
Result<MessageFacts> resource_facts(const Document& document, const mappers::Mappers& mappers) {
  const Node& resource = document.root();
  const mappers::Mapper* mapper = mappers.recognise(document);
  const mappers::Recognised recognised =
      mapper == nullptr ? mappers::Recognised{} : mapper->recognise(document);
  if (recognised.kind.empty()) {
    return make_error(ErrorCode::unsupported,
                      "a message is a Bundle, or a resource some format has a message for",
                      document.path(resource));
  }
  MessageFacts facts;
  facts.kind = recognised.kind;
  facts.bundle_id = token(text(document, &resource, {"identifier", "system"}),
                          text(document, &resource, {"identifier", "value"}));
  read_group(document, resource, facts);
  if (facts.focus_value.empty() && recognised.workflow != nullptr) {
    facts.focus_system = text(document, recognised.workflow, {"system"});
    facts.focus_value = text(document, recognised.workflow, {"value"});
    facts.focus_type = type_of(document, &resource);
  }
  facts.subject = subject_of(facts, "");
  return facts;
}

}  // namespace

Result<MessageFacts> read_message_facts(const Document& document, const mappers::Mappers& mappers) {
  const Node& bundle = document.root();
  if (type_of(document, &bundle) != "Bundle") return resource_facts(document, mappers);
  if (text(document, &bundle, {"type"}) != "message") {
    return make_error(ErrorCode::unsupported, "a Bundle that is a message has the type message",
                      "Bundle.type");
  }
  const Node* header = find(document, &bundle, {"entry", "resource"});
  if (type_of(document, header) != "MessageHeader") {
    return make_error(ErrorCode::unsupported,
                      "the first entry of a message must be its MessageHeader", "Bundle.entry[0]");
  }
  MessageFacts facts;
  facts.kind = text(document, header, {"eventCoding", "code"});
  if (facts.kind.empty()) facts.kind = text(document, header, {"eventUri"});
  if (facts.kind.empty()) {
    return make_error(ErrorCode::unsupported, "the MessageHeader names no event",
                      "Bundle.entry[0].resource.event");
  }
  facts.bundle_id = token(text(document, &bundle, {"identifier", "system"}),
                          text(document, &bundle, {"identifier", "value"}));
  facts.header_id = text(document, header, {"id"});
  facts.sender = token(text(document, header, {"sender", "identifier", "system"}),
                       text(document, header, {"sender", "identifier", "value"}));
  std::string patient;
  read_workflow(document, bundle, facts, patient);
  facts.subject = subject_of(facts, patient);
  return facts;
}

}  // namespace concord::exchange
