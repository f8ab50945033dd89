#include "fhir/validate/questionnaire/enable_when.h"

#include "fhir/validate/questionnaire/comparing.h"

namespace concord::validate::questionnaire {

namespace {

using tree::Document;
using tree::Node;

bool holds(std::strong_ordering order, std::string_view operation) {
  if (operation == "=") return order == 0;
  if (operation == "!=") return order != 0;
  if (operation == ">") return order > 0;
  if (operation == "<") return order < 0;
  if (operation == ">=") return order >= 0;
  if (operation == "<=") return order <= 0;
  return false;
}

/// The answer[x] a condition expects.
const Node* expected_of(const Document& document, const Node& condition) {
  for (const Node& child : condition.children()) {
    const std::string_view name = document.name(child);
    if (name.size() > 6 && name.starts_with("answer") && name[6] >= 'A' && name[6] <= 'Z') {
      return &child;
    }
  }
  return nullptr;
}

bool is_number(std::string_view type) { return type == "decimal" || type == "integer"; }

}  // namespace

EnableWhen::EnableWhen(const Form& form, const Names& names, const Document& document,
                       const Node& response)
    : form_(form), names_(names), document_(document), response_(response) {
  std::vector<const Node*> open{&response};
  std::vector<const Node*> children;
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (node->name() == names.item) {
      const std::string_view link_id = value_of(*node, names.link_id);
      if (!link_id.empty()) by_link_id_[link_id].push_back(node);
    }
    children.clear();
    for (const Node& child : node->children()) {
      if (child.name() == names.item || child.name() == names.answer) children.push_back(&child);
    }
    open.insert(open.end(), children.rbegin(), children.rend());
  }
}

bool EnableWhen::is_enabled(std::uint32_t index, const Path& path) {
  const Item& item = form_[index];
  const Node* condition = item.node->child(names_.enable_when);
  if (condition == nullptr) return true;
  const bool single = condition->next_same() == nullptr;
  const std::string_view behavior = value_of(*item.node, names_.enable_behavior);
  if (single || behavior == "any") {
    for (; condition != nullptr; condition = condition->next_same()) {
      if (is_met(*condition, index, path)) return true;
    }
    return gave_up();
  }
  if (behavior != "all") return true;
  for (; condition != nullptr; condition = condition->next_same()) {
    if (!is_met(*condition, index, path)) return gave_up();
  }
  return true;
}

bool EnableWhen::is_met(const Node& condition, std::uint32_t item, const Path& path) {
  const std::string_view question = value_of(condition, names_.question);
  const std::uint32_t target = question.empty() ? kNoItem : form_.find(question);
  std::vector<const Node*> answered;
  if (target != kNoItem) {
    // The innermost item of the form around both questions; then the answers within the answered
    // item that stands for it.
    const std::uint32_t around = form_.common(item, target);
    if (around == kNoItem) {
      answered = find(question, response_);
    } else {
      for (auto step = path.rbegin(); step != path.rend(); ++step) {
        if (step->item != around) continue;
        answered = find(question, *step->node);
        break;
      }
    }
  }
  const std::string_view operation = value_of(condition, names_.operation);
  const Node* expected = expected_of(form_.document(), condition);
  if (expected == nullptr) return false;
  if (operation == "exists") {
    bool any = false;
    for (const Node* at : answered) {
      for (const Node* answer = at->child(names_.answer); answer != nullptr && !any;
           answer = answer->next_same()) {
        any = answer->first_child() != nullptr;
      }
    }
    return (expected->text() == "true") == any;
  }
  for (const Node* at : answered) {
    for (const Node* answer = at->child(names_.answer); answer != nullptr;
         answer = answer->next_same()) {
      if (++steps_ > kMostSteps) return false;
      const Node* value = value_child(document_, *answer);
      if (value != nullptr && answers(*value, *expected, operation)) return true;
    }
  }
  return false;
}

bool EnableWhen::answers(const Node& value, const Node& expected, std::string_view operation) {
  const std::string_view type = document_.text(value.type());
  const std::string_view wanted = form_.document().text(expected.type());
  if (type != wanted && !(is_number(type) && is_number(wanted))) return false;
  if (type == "Coding") {
    const std::string_view system = value_of(expected, names_.system);
    const bool same = value_of(value, names_.code) == value_of(expected, names_.code) &&
                      (system.empty() || system == value_of(value, names_.system));
    return operation == "=" ? same : operation == "!=" && !same;
  }
  std::optional<std::strong_ordering> order;
  if (type == "Quantity") {
    order = compare("decimal", value_of(value, names_.value), value_of(expected, names_.value));
  } else if (type == "Reference") {
    order = value_of(value, names_.reference).compare(value_of(expected, names_.reference)) <=> 0;
  } else if (value.has_value() && expected.has_value()) {
    order = compare(is_number(type) ? "decimal" : type, value.text(), expected.text());
  }
  return order && holds(*order, operation);
}

std::vector<const Node*> EnableWhen::find(std::string_view link_id, const Node& within) {
  std::vector<const Node*> found;
  const auto at = by_link_id_.find(link_id);
  if (at == by_link_id_.end()) return found;
  for (const Node* node : at->second) {
    const Node* up = node;
    while (up != nullptr && up != &within) {
      up = up->parent();
      if (++steps_ > kMostSteps) return found;
    }
    if (up != nullptr) found.push_back(node);
  }
  return found;
}

}  // namespace concord::validate::questionnaire
