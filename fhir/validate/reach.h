#pragma once
/// Children of a node by name, for rules that look at few nodes. Pure functions, safe from any
/// thread.

#include <string_view>
#include <vector>

#include "fhir/validate/context.h"

namespace concord::validate {

/// The first child of that name, or null. Also null for no node.
inline const tree::Node* child_of(const tree::Node* node, std::string_view name,
                                  const Context& context) {
  const tree::Symbol symbol = context.document().find(name);
  return node == nullptr || symbol == tree::Symbol::kNone ? nullptr : node->child(symbol);
}

/// Its value; empty when it is not there.
inline std::string_view text_of(const tree::Node* node, std::string_view name,
                                const Context& context) {
  const tree::Node* found = child_of(node, name, context);
  return found == nullptr ? std::string_view{} : found->text();
}

/// Every child of that name, in order.
inline std::vector<const tree::Node*> children_of(const tree::Node* node, std::string_view name,
                                                  const Context& context) {
  std::vector<const tree::Node*> found;
  for (const tree::Node* at = child_of(node, name, context); at != nullptr; at = at->next_same()) {
    found.push_back(at);
  }
  return found;
}

/// The first child whose name starts so and goes on ("value" → valueCode); null when there is none.
inline const tree::Node* choice_of(const tree::Node* node, std::string_view name,
                                   const Context& context) {
  if (node == nullptr) return nullptr;
  for (const tree::Node& at : node->children()) {
    const std::string_view own = context.document().name(at);
    if (own.size() > name.size() && own.starts_with(name)) return &at;
  }
  return nullptr;
}

/// An absolute URI: a scheme, and no white space.
inline bool is_absolute_uri(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  return colon != std::string_view::npos && colon != 0 &&
         uri.find_first_of(" \t\r\n") == std::string_view::npos;
}

/// A resource inside another's `contained`.
inline bool is_contained(const tree::Node& node, const Context& context) {
  return node.parent() != nullptr && context.document().name(node) == "contained";
}

}  // namespace concord::validate
