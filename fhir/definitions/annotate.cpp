#include "fhir/definitions/annotate.h"

#include <algorithm>

namespace concord::definitions {

namespace {

using tree::Builder;
using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

/// Read from JSON, which may begin with comments where they are let through.
bool is_json(std::string_view source) {
  const std::size_t first = source.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return first != std::string_view::npos && source[first] != '<';
}

/// The type of a child, or null when it must stay untyped.
const Type* type_of(const Node& node, const Child& child, const Definitions& definitions) {
  if (child.type == nullptr) return nullptr;  // unknown, or a choice without its type
  if (child.element->is_choice && node.name() == child.element->name) return nullptr;
  if (!child.type->is_resource()) return node.is(Flag::resource) ? nullptr : child.type;
  if (!node.is(Flag::resource)) return nullptr;
  const Type* own = definitions.type(node.type());
  return own != nullptr && own->is(*child.type) ? own : nullptr;
}

/// Walks down by first_child and next_sibling and up by parent: no stack, so no depth to bound.
void walk(Builder& builder, Node& top, const Type& top_type, const Definitions& definitions) {
  const bool json = is_json(builder.document().source());
  const Node* at = &top;
  const Type* type = &top_type;
  const Node* next = at->first_child();
  while (true) {
    while (next == nullptr) {
      if (at == &top) return;
      next = at->next_sibling();
      at = at->parent();
      type = definitions.type(at->type());
    }
    Node& node = Builder::mutable_node(*next);
    const Child child = type->child(node.name());
    const Type* found = type_of(node, child, definitions);
    if (found == nullptr) {
      next = node.next_sibling();
      continue;
    }
    builder.set_type(node, found->name());
    if ((!json || node.source_offset() == Node::kNoOffset) && !type->is_model()) {
      if (found->is_primitive()) {
        builder.set_kind(node, node.has_value() ? found->value_kind() : Kind::string);
      }
      if (child.element->is_array) builder.set_flag(node, Flag::in_array);
    }
    if (node.first_child() == nullptr) {
      next = node.next_sibling();
      continue;
    }
    at = &node;
    type = found;
    next = node.first_child();
  }
}

}  // namespace

void annotate(Builder& builder, const Definitions& definitions) {
  Node& root = builder.root();
  const Type* type = definitions.type(root.type());
  if (type != nullptr && root.is(Flag::resource)) walk(builder, root, *type, definitions);
}

void annotate(Builder& builder, Node& node, const Type& type, const Definitions& definitions) {
  builder.set_type(node, type.name());
  walk(builder, node, type, definitions);
}

void put_in_order(Builder& builder, const Definitions& definitions) {
  std::vector<Node*> open{&builder.root()};
  while (!open.empty()) {
    Node& node = *open.back();
    open.pop_back();
    if (const Type* type = definitions.type(node.type())) {
      builder.sort_children(node, [&](const Node& child) -> std::size_t {
        const Child found = type->child(child.name());
        return found.element == nullptr ? type->elements().size() : found.element->order;
      });
    }
    for (const Node& child : node.children()) {
      if (child.first_child() != nullptr) open.push_back(&Builder::mutable_node(child));
    }
  }
}

std::string expression(const tree::Document& document, const Node& node,
                       const Definitions& definitions) {
  std::vector<const Node*> steps;
  for (const Node* at = &node; at->parent() != nullptr; at = at->parent()) steps.push_back(at);
  std::reverse(steps.begin(), steps.end());
  const Node& top = document.root();
  std::string path{document.text(top.is(Flag::resource) ? top.type() : top.name())};
  for (const Node* step : steps) {
    std::string_view name = document.name(*step);
    if (const Type* parent = definitions.type(step->parent()->type())) {
      if (const Child child = parent->child(step->name())) {
        name = definitions.symbols().text(child.element->name);
      }
    }
    if (!path.empty()) path += '.';
    path += step->kind() == Kind::text ? std::string_view("text()") : name;
    std::size_t index = 0;
    for (const Node* at = step->parent()->first_child(); at != step; at = at->next_sibling()) {
      index += at->name() == step->name();
    }
    if (index > 0 || step->is(Flag::in_array) || step->next_same() != nullptr) {
      path += '[' + std::to_string(index) + ']';
    }
  }
  return path;
}

}  // namespace concord::definitions
