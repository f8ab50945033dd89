#pragma once
// Children of a tree by name, for rooms that read few documents once.

#include <string>
#include <string_view>

#include "fhir/tree/document.h"

namespace concord::runner::detail {

/// Looks into one document.
class Members {
 public:
  explicit Members(const tree::Document& in) : document(in) {}

  const tree::Node* child(const tree::Node& node, std::string_view name) const {
    const tree::Symbol symbol = document.find(name);
    return symbol == tree::Symbol::kNone ? nullptr : node.child(symbol);
  }
  std::string text(const tree::Node& node, std::string_view name) const {
    const tree::Node* const found = child(node, name);
    return found == nullptr ? std::string{} : std::string(found->text());
  }
  template <typename Use>
  void each(const tree::Node& node, std::string_view name, Use&& use) const {
    for (const tree::Node* at = child(node, name); at != nullptr; at = at->next_same()) use(*at);
  }

  const tree::Document& document;
};

}  // namespace concord::runner::detail
