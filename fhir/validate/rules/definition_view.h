#pragma once
/// Members of definitions by name, for rules over StructureDefinitions and OperationDefinitions.

#include <string_view>

#include "fhir/tree/document.h"

namespace concord::validate {

/// A node with the names of its document; may be empty.
struct DefinitionView {
  const tree::Document* document = nullptr;
  const tree::Node* node = nullptr;

  explicit operator bool() const noexcept { return node != nullptr; }
  DefinitionView child(std::string_view name) const {
    return {document, node == nullptr ? nullptr : node->child(document->find(name))};
  }
  /// The only or first member whose name begins with `prefix` and goes on ("fixed" → fixedUri).
  DefinitionView starting(std::string_view prefix) const {
    if (node == nullptr) return *this;
    for (const tree::Node& at : node->children()) {
      const std::string_view name = document->name(at);
      if (name.size() > prefix.size() && name.starts_with(prefix) && name[prefix.size()] >= 'A' &&
          name[prefix.size()] <= 'Z') {
        return {document, &at};
      }
    }
    return {document, nullptr};
  }
  DefinitionView next() const { return {document, node->next_same()}; }
  std::string_view text() const { return node == nullptr ? std::string_view{} : node->text(); }
  std::string_view text(std::string_view name) const { return child(name).text(); }
  bool has(std::string_view name) const { return static_cast<bool>(child(name)); }
  std::string_view name() const { return document->name(*node); }
  /// The extension of that url.
  DefinitionView extension(std::string_view url) const {
    for (DefinitionView at = child("extension"); at; at = at.next()) {
      if (at.text("url") == url) return at;
    }
    return {document, nullptr};
  }
};

}  // namespace concord::validate
