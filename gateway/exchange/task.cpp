#include "gateway/exchange/task.h"

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"

namespace concord::exchange {

namespace {

using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

constexpr std::string_view kOdsSystem = "https://fhir.nhs.uk/Id/ods-organization-code";
constexpr std::string_view kDeliverySystem = "https://concord.example/CodeSystem/delivery-status";
constexpr std::string_view kRequestSystem = "https://concord.example/Id/request";

struct DeliveryStatus {
  std::string_view code;
  std::string_view display;
};
constexpr DeliveryStatus kDeliveryStatuses[] = {
    {"queued", "Waiting to be delivered"},
    {"delivered", "With the receiver, not yet acknowledged"},
    {"understood", "Read by the receiver, not yet accepted"},
    {"acknowledged", "Accepted by the receiver"},
    {"refused", "Refused by the receiver"},
    {"overdue", "With the receiver, whose answer is late"},
    {"undeliverable", "Given up until a person acts"},
};

std::string_view display_of(std::string_view delivery) {
  for (const DeliveryStatus& status : kDeliveryStatuses) {
    if (status.code == delivery) return status.display;
  }
  return delivery;
}

/// Makes and changes nodes of one Task. The Task is small, so the node budget cannot run out; if it
/// did, the writer would be given what there is and its bounds would stop it.
class Editor {
 public:
  explicit Editor(tree::Document& document) : document_(document), builder_(document) {}

  Node& root() { return builder_.root(); }

  Node* object(Node* parent, std::string_view name) { return add(parent, name, Kind::element); }
  Node* member(Node* parent, std::string_view name) {
    Node* node = object(parent, name);
    if (node != nullptr) builder_.set_flag(*node, Flag::in_array);
    return node;
  }
  void text(Node* parent, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    Node* node = add(parent, name, Kind::string);
    if (node != nullptr) builder_.set_copy(*node, value);
  }
  void identifier(Node* parent, std::string_view system, std::string_view value) {
    text(parent, "system", system);
    text(parent, "value", value);
  }
  /// A Reference by identifier.
  void party(Node* parent, std::string_view name, std::string_view ods_code) {
    if (ods_code.empty()) return;
    Node* reference = object(parent, name);
    text(reference, "type", "Organization");
    identifier(object(reference, "identifier"), kOdsSystem, ods_code);
  }
  void concept_text(Node* parent, std::string_view value) { text(parent, "text", value); }
  void delivery(Node* parent, std::string_view code) {
    Node* coding = member(parent, "coding");
    text(coding, "system", kDeliverySystem);
    text(coding, "code", code);
    text(coding, "display", display_of(code));
  }
  void output(const TaskOutput& output) {
    Node* node = builder_.append_grouped(root(), builder_.symbol("output"));
    if (node == nullptr) return;
    builder_.set_flag(*node, Flag::in_array);
    concept_text(object(node, "type"), output.first);
    text(node, "valueString", output.second);
  }

  Node* child(Node* parent, std::string_view name) {
    const Node* found = parent == nullptr ? nullptr : parent->child(document_.find(name));
    return found == nullptr ? nullptr : &tree::Builder::mutable_node(*found);
  }
  void set(Node* parent, std::string_view name, std::string_view value) {
    Node* node = child(parent, name);
    if (node != nullptr) {
      builder_.set_copy(*node, value);
    } else {
      text(parent, name, value);
    }
  }
  /// An empty element of that name in its place behind `before`: a new one, or the one there is.
  Node* emptied(std::string_view name, std::string_view before) {
    Node* node = child(&root(), name);
    if (node == nullptr) {
      return builder_.insert_after(root(), child(&root(), before), builder_.symbol(name));
    }
    while (node->first_child() != nullptr) {
      builder_.detach(tree::Builder::mutable_node(*node->first_child()));
    }
    return node;
  }
  void remove(std::string_view name) {
    if (Node* node = child(&root(), name)) builder_.detach(*node);
  }
  tree::Builder& builder() { return builder_; }

 private:
  Node* add(Node* parent, std::string_view name, Kind kind) {
    return parent == nullptr ? nullptr : builder_.append(*parent, builder_.symbol(name), kind);
  }

  tree::Document& document_;
  tree::Builder builder_;
};

Result<std::string> written(const tree::Document& document) {
  auto text = json::write(document);
  if (text) return text;
  Error error = make_error(ErrorCode::internal, "the Task cannot be written");
  error.log_detail = to_string(text.error());
  return error;
}

/// What the Task is about: the workflow when the message names one, else the message.
void add_identities(Editor& edit, const NewTask& task, const Translated& message) {
  const Decoded& decoded = message.decoded();
  edit.identifier(edit.member(&edit.root(), "identifier"), "urn:ietf:rfc3986",
                  "urn:uuid:" + task.exchange_id);
  if (decoded.arrival().request_id_given) {
    edit.identifier(edit.member(&edit.root(), "identifier"), kRequestSystem,
                    decoded.arrival().request_id);
  }
  if (!decoded.message().focus_value.empty()) {
    edit.identifier(edit.object(&edit.root(), "groupIdentifier"), decoded.message().focus_system,
                    decoded.message().focus_value);
  }
}

void add_focus(Editor& edit, const Decoded& decoded) {
  Node* focus = edit.object(&edit.root(), "focus");
  edit.text(focus, "type", "Bundle");
  const std::string& id = decoded.message().bundle_id;
  if (id.empty()) {
    edit.text(focus, "display", "the message as received");
    return;
  }
  const std::size_t bar = id.find('|');
  edit.identifier(edit.object(focus, "identifier"), std::string_view(id).substr(0, bar),
                  std::string_view(id).substr(bar + 1));
}

void add_input(Editor& edit, std::string_view type, std::string_view value) {
  Node* input = edit.member(&edit.root(), "input");
  edit.concept_text(edit.object(input, "type"), type);
  edit.text(input, "valueString", value);
}

}  // namespace

Result<std::string> make_task(const NewTask& task, const Translated& message,
                              const tree::Symbols& symbols) {
  const Decoded& decoded = message.decoded();
  tree::Document document(symbols);
  Editor edit(document);
  Node* root = &edit.root();
  edit.builder().set_type(*root, edit.builder().symbol("Task"));
  edit.builder().set_flag(*root, Flag::resource);

  // In the order of the definition, so that FHIR XML can be written as well.
  edit.text(root, "id", task.id);
  Node* meta = edit.object(root, "meta");
  edit.text(meta, "versionId", "1");
  edit.text(meta, "lastUpdated", format_instant(task.authored_at));
  add_identities(edit, task, message);
  edit.text(root, "status", "requested");
  edit.delivery(edit.object(root, "businessStatus"), "queued");
  edit.text(root, "intent", "order");
  Node* code = edit.member(edit.object(root, "code"), "coding");
  edit.text(code, "system", "http://hl7.org/fhir/CodeSystem/task-code");
  edit.text(code, "code", "fulfill");
  edit.text(root, "description",
            "Deliver " + message.encoded().message_kind + " to " + message.route().destination);
  add_focus(edit, decoded);
  edit.text(root, "authoredOn", format_instant(task.authored_at));
  edit.text(root, "lastModified", format_instant(task.authored_at));
  edit.party(root, "requester", decoded.caller().organisation);
  edit.party(root, "owner", message.route().receiver);
  edit.text(edit.object(edit.object(root, "restriction"), "period"), "end",
            format_instant(task.deadline));
  add_input(edit, "received-sha256", to_hex(decoded.digest()));
  for (const TaskOutput& output : task.outputs) edit.output(output);
  return written(document);
}

Result<std::string> update_task(std::string body, const TaskUpdate& update,
                                const tree::Symbols& symbols) {
  CONCORD_ASSIGN(tree::Document document, json::read(std::move(body), symbols));
  if (document.text(document.root().type()) != "Task") {
    return make_error(ErrorCode::invalid, "this is no Task");
  }
  Editor edit(document);
  Node* root = &edit.root();
  const std::string at = format_instant(update.at);
  if (Node* meta = edit.child(root, "meta")) {
    edit.set(meta, "versionId", std::to_string(update.version));
    edit.set(meta, "lastUpdated", at);
  }
  edit.set(root, "status", update.status);
  if (update.reason.empty()) {
    edit.remove("statusReason");
  } else {
    edit.concept_text(edit.emptied("statusReason", "status"), update.reason);
  }
  edit.delivery(edit.emptied("businessStatus", update.reason.empty() ? "status" : "statusReason"),
                update.delivery);
  edit.set(root, "lastModified", at);
  if (!update.owner.empty()) {
    Node* owner = edit.emptied(
        "owner", edit.child(root, "requester") != nullptr ? "requester" : "lastModified");
    edit.text(owner, "type", "Organization");
    edit.identifier(edit.object(owner, "identifier"), kOdsSystem, update.owner);
  }
  if (update.due_at) {
    Node* restriction = edit.child(root, "restriction");
    if (Node* period = edit.child(restriction, "period")) {
      edit.set(period, "end", format_instant(*update.due_at));
    }
  }
  for (const TaskOutput& output : update.outputs) edit.output(output);
  return written(document);
}

}  // namespace concord::exchange
