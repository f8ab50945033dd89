#include "mappers/eps/rules/detail/message.h"

#include <algorithm>
#include <utility>

namespace concord::eps::rules {
namespace {

using tree::Node;

/// From here on entries are searched by order, not one by one.
constexpr std::size_t kManyEntries = 32;

Kind kind_of_event(std::string_view code) {
  if (code == "prescription-order") return kOrder;
  if (code == "prescription-order-update") return kCancel;
  if (code == "dispense-notification") return kDispense;
  return kOther;
}

Kind kind_of_task(std::string_view status) {
  if (status == "rejected") return kReturn;
  if (status == "in-progress") return kWithdraw;
  return kTask;
}

/// Members in the order written. Recursion is bounded by the depth a document may have.
bool same_in_order(const Node& a, const Node& b) {
  if (a.text() != b.text()) return false;
  const Node* left = a.first_child();
  const Node* right = b.first_child();
  for (; left != nullptr && right != nullptr;
       left = left->next_sibling(), right = right->next_sibling()) {
    if (left->name() != right->name() || !same_in_order(*left, *right)) return false;
  }
  return left == nullptr && right == nullptr;
}

/// Elements with more members than this are compared in the order written only.
constexpr std::size_t kMostMembers = 32;

bool same_in_any_order(const Node& a, const Node& b) {
  if (a.text() != b.text()) return false;
  std::size_t left = 0;
  std::size_t right = 0;
  for (const Node& child : a.children()) left += child.kind() != tree::Kind::text;
  for (const Node& child : b.children()) right += child.kind() != tree::Kind::text;
  if (left != right) return false;
  if (left > kMostMembers) return same_in_order(a, b);
  tree::Symbol last = tree::Symbol::kNone;
  const Node* other = nullptr;
  for (const Node& child : a.children()) {
    other = child.name() == last && other != nullptr ? other->next_same() : b.child(child.name());
    last = child.name();
    if (other == nullptr || !same_in_any_order(child, *other)) return false;
  }
  return true;
}

void note_all(const Node& node, tree::NodeSet& reads) {
  reads.insert(node);
  for (const Node& child : node.children()) note_all(child, reads);
}

}  // namespace

Message::Message(const tree::Document& message, const Names& known)
    : document(message), names(known) {
  const tree::Symbol type = root().type();
  if (type == names.claim) {
    kind = kClaim;
  } else if (type == names.parameters) {
    kind = kRelease;
  } else if (type == names.task) {
    kind = kind_of_task(text(&root(), names.status));
  }
  is_bundle = type == names.bundle;
  if (!is_bundle) return;
  entries_.reserve(16);
  for (const Node* entry = root().child(names.entry); entry != nullptr;
       entry = entry->next_same()) {
    const Node* resource = entry->child(names.resource);
    if (resource == nullptr) continue;
    entries_.push_back({text(entry, names.full_url), resource});
    const tree::Symbol of = resource->type();
    if (of == names.medication_request) {
      medication_requests.push_back(resource);
    } else if (of == names.medication_dispense) {
      medication_dispenses.push_back(resource);
    } else if (of == names.practitioner_role) {
      roles.push_back(resource);
    } else if (of == names.practitioner_type) {
      practitioners.push_back(resource);
    } else if (of == names.organization_type) {
      organizations.push_back(resource);
    } else if (of == names.message_header && event == nullptr) {
      event = at(resource, names.event_coding, names.code);
    }
  }
  if (event != nullptr) kind = kind_of_event(event->text());
  if (entries_.size() > kManyEntries) {
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.full_url < b.full_url; });
    sorted_ = true;
  }
}

const Node* Message::resolve(const Node* reference, const Node* within) const {
  const std::string_view named = text(reference, names.reference);
  if (named.empty()) return nullptr;
  if (named.front() == '#') {
    if (within == nullptr) return nullptr;
    for (const Node* contained = within->child(names.contained); contained != nullptr;
         contained = contained->next_same()) {
      if (text(contained, names.id) == named.substr(1)) return contained;
    }
    return nullptr;
  }
  if (sorted_) {
    const auto found = std::lower_bound(
        entries_.begin(), entries_.end(), named,
        [](const Entry& entry, std::string_view wanted) { return entry.full_url < wanted; });
    return found != entries_.end() && found->full_url == named ? found->resource : nullptr;
  }
  for (const Entry& entry : entries_) {
    if (entry.full_url == named) return entry.resource;
  }
  return nullptr;
}

const Node* Message::extension(const Node* node, std::string_view url) const {
  if (node == nullptr) return nullptr;
  for (const Node* found = node->child(names.extension); found != nullptr;
       found = found->next_same()) {
    if (text(found, names.url) == url) return found;
  }
  return nullptr;
}

const Node* Message::responsible(const Node& request) const {
  return at(extension(&request, kResponsiblePractitioner), names.value_reference);
}

const Node* Message::of_system(const Node* first, std::string_view system) const {
  for (const Node* node = first; node != nullptr; node = node->next_same()) {
    if (text(node, names.system) == system) return node;
  }
  return nullptr;
}

bool same_one(const Node* a, const Node* b, tree::NodeSet* reads) {
  if (a == nullptr || b == nullptr) return a == b;
  if (!same_in_order(*a, *b) && !same_in_any_order(*a, *b)) return false;
  if (reads != nullptr) {
    note_all(*a, *reads);
    note_all(*b, *reads);
  }
  return true;
}

bool same(const Node* a, const Node* b, tree::NodeSet* reads) {
  for (; a != nullptr && b != nullptr; a = a->next_same(), b = b->next_same()) {
    if (!same_one(a, b, reads)) return false;
  }
  return a == nullptr && b == nullptr;
}

void Findings::add(std::string_view code, std::string text, std::string expression,
                   Severity severity) {
  Issue issue;
  issue.severity = severity;
  issue.code = code;
  issue.text = std::move(text);
  issue.expression = std::move(expression);
  issue.wording = Wording::diagnostics;
  add(std::move(issue));
}

void Findings::add_coded(std::string_view code, std::string text, std::string expression,
                         std::string_view detail_code, std::string_view system) {
  Issue issue;
  issue.code = code;
  issue.text = std::move(text);
  issue.expression = std::move(expression);
  issue.detail_code = detail_code;
  issue.detail_system = system;
  issue.wording = Wording::diagnostics;
  add(std::move(issue));
}

void Findings::add(Issue issue) {
  if (issues_.size() < kMost) issues_.push_back(std::move(issue));
}

std::string entry_path(std::string_view type, std::string_view field) {
  std::string path = "Bundle.entry.resource.ofType(";
  path += type;
  path += ")";
  if (!field.empty()) {
    path += '.';
    path += field;
  }
  return path;
}

}  // namespace concord::eps::rules
