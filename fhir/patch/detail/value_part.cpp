#include "fhir/patch/detail/value_part.h"

#include <string>

#include "fhir/definitions/annotate.h"

namespace concord::patch::detail {
namespace {

using definitions::Child;
using definitions::ElementType;
using definitions::Type;
using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

Error too_large() {
  return make_error(ErrorCode::too_long, "the result has too many elements or levels");
}

std::string_view text_of_name(const tree::Document& document, const Node& parameter) {
  const Node* name = parameter.child(document.find("name"));
  return name == nullptr ? std::string_view() : name->text();
}

bool may_be_called(const Target& target, const ElementType& type) {
  return type.name == target.name || target.element->name == target.name;
}

/// Which of an element's types takes a value: its own; else, where there is no choice, one that
/// writes the same JSON. A text may stand for a code, a uri or a date, whose form the validator
/// judges; a positiveInt is a number as is an integer; an Age is a Quantity.
const ElementType* type_for(const Target& target, const Type& given) {
  const std::span<const ElementType> types = target.element->types;
  for (const ElementType& one : types) {
    if (one.type == &given && may_be_called(target, one)) return &one;
  }
  const bool choice = types.size() > 1 && target.element->name == target.name;
  for (const ElementType& one : types) {
    if (choice ? one.name != target.written : !may_be_called(target, one)) continue;
    const bool same_json = one.type->is_primitive() && given.is_primitive() &&
                           one.type->value_kind() == given.value_kind();
    const bool more_general = !one.type->is_primitive() && given.is(*one.type);
    if (same_json || more_general) return &one;
  }
  return nullptr;
}

/// The one type an element can have under that name.
const ElementType* only_type(const Target& target) {
  const ElementType* found = nullptr;
  for (const ElementType& one : target.element->types) {
    if (!may_be_called(target, one)) continue;
    if (found != nullptr) return nullptr;
    found = &one;
  }
  return found;
}

}  // namespace

const Node* find_part(const tree::Document& document, const Node& parameter,
                      std::string_view name) {
  const Symbol part = document.find("part");
  for (const Node* at = parameter.child(part); at != nullptr; at = at->next_same()) {
    if (text_of_name(document, *at) == name) return at;
  }
  return nullptr;
}

const Node* value_of(const tree::Document& document, const Node& part) {
  for (const Node& child : part.children()) {
    const std::string_view name = document.name(child);
    if (name.size() > 5 && name.starts_with("value")) return &child;
  }
  return nullptr;
}

void sort_children(tree::Builder& builder, Node& node, const Type& type) {
  builder.sort_children(node, [&](const Node& child) -> std::size_t {
    const Child found = type.child(child.name());
    return found.element == nullptr ? type.elements().size() : found.element->order;
  });
}

Result<Target> target_of(const Type& type, std::string_view name,
                         const definitions::Definitions& definitions) {
  const Symbol symbol = definitions.symbols().find(name);
  const Child child = symbol == Symbol::kNone ? Child() : type.child(symbol);
  if (!child) {
    return make_error(ErrorCode::invalid,
                      "no element of that name in " + std::string(type.label()));
  }
  return Target{child.element, symbol, Symbol::kNone};
}

Result<Node*> ValueParts::append(Node& parent, const Target& target, const Node& part) {
  std::size_t depth = 1;
  for (const Node* at = &parent; at != nullptr; at = at->parent()) ++depth;
  return append_at(parent, target, part, depth);
}

Result<Node*> ValueParts::append_at(Node& parent, const Target& target, const Node& part,
                                    std::size_t depth) {
  if (depth > max_depth_) return too_large();
  if (const Node* value = value_of(parameters_, part)) {
    return append_value(parent, target, *value, depth);
  }
  if (const Node* resource = part.child(parameters_.find("resource"))) {
    const Type* given = definitions_.type(resource->type());
    const ElementType* type = given == nullptr ? nullptr : type_for(target, *given);
    if (type == nullptr) return make_error(ErrorCode::invalid, "no place for a resource");
    if (deep(*resource, depth)) return too_large();
    Node* made = builder_.copy_into(parent, parameters_, *resource, type->name);
    if (made == nullptr) return too_large();
    builder_.set_flag(*made, Flag::in_array, target.element->is_array);
    definitions::annotate(builder_, *made, *given, definitions_);
    return made;
  }
  return append_parts(parent, target, part, depth);
}

Result<Node*> ValueParts::append_value(Node& parent, const Target& target, const Node& value,
                                       std::size_t depth) {
  const Type* given = definitions_.type(value.type());
  const ElementType* type = given == nullptr ? nullptr : type_for(target, *given);
  if (type == nullptr) {
    return make_error(ErrorCode::invalid,
                      "the value is not of a type of " + std::string(target.element->path));
  }
  if (deep(value, depth)) return too_large();
  Node* made = builder_.copy_into(parent, parameters_, value, type->name);
  if (made == nullptr) return too_large();
  builder_.set_flag(*made, Flag::in_array, target.element->is_array);
  if (type->type->is_primitive() && made->has_value()) {
    builder_.set_kind(*made, type->type->value_kind());
  }
  definitions::annotate(builder_, *made, *type->type, definitions_);
  return made;
}

Result<Node*> ValueParts::append_parts(Node& parent, const Target& target, const Node& part,
                                       std::size_t depth) {
  const Symbol part_name = parameters_.find("part");
  const Node* at = part_name == Symbol::kNone ? nullptr : part.child(part_name);
  if (at == nullptr) return make_error(ErrorCode::malformed, "a part without a value");
  const ElementType* type = only_type(target);
  if (type == nullptr || type->type->is_primitive() || type->type->is_resource()) {
    return make_error(ErrorCode::invalid,
                      std::string(target.element->path) + " is not made of parts");
  }
  Node* made = builder_.append(parent, type->name);
  if (made == nullptr) return too_large();
  builder_.set_flag(*made, Flag::in_array, target.element->is_array);
  builder_.set_type(*made, type->type->name());
  for (; at != nullptr; at = at->next_same()) {
    CONCORD_ASSIGN(const Target child,
                   target_of(*type->type, text_of_name(parameters_, *at), definitions_));
    CONCORD_TRY(append_at(*made, child, *at, depth + 1));
  }
  sort_children(builder_, *made, *type->type);  // repeats stand together whatever was written
  const definitions::Element* last = nullptr;
  for (const Node& child : made->children()) {
    const definitions::Element* element = type->type->child(child.name()).element;
    if (element == last && !element->is_array) {
      return make_error(ErrorCode::invalid, std::string(element->path) + " may not repeat");
    }
    last = element;
  }
  return made;
}

/// Whether a subtree put at that level would be too deep. No recursion: walks as annotate does.
bool ValueParts::deep(const Node& node, std::size_t depth) const {
  const Node* at = &node;
  std::size_t level = depth;
  for (;;) {
    if (level > max_depth_) return true;
    if (at->first_child() != nullptr) {
      at = at->first_child();
      ++level;
      continue;
    }
    while (at != &node && at->next_sibling() == nullptr) {
      at = at->parent();
      --level;
    }
    if (at == &node) return false;
    at = at->next_sibling();
  }
}

}  // namespace concord::patch::detail
