#pragma once
/// Writes into a Document: readers, mappings and the type annotator are its users.

#include <algorithm>
#include <string_view>
#include <vector>

#include "fhir/tree/document.h"

namespace concord::tree {

/// The only way to make or change nodes. Holds no state of its own; make as many as you
/// like over one document, one thread at a time.
class Builder {
 public:
  explicit Builder(Document& document) : document_(&document) {}

  Document& document() const noexcept { return *document_; }
  Node& root() const noexcept { return *document_->root_; }
  static Node& mutable_node(const Node& node) noexcept { return const_cast<Node&>(node); }

  /// The symbol of a name, added to the document's own names when unknown.
  /// Returns kNone when the document would hold more than 32,768 unknown names.
  Symbol symbol(std::string_view name);

  /// Appends a child. Null when the node budget is spent: the caller answers too_long.
  Node* append(Node& parent, Symbol name, Kind kind = Kind::element) noexcept {
    Node* node = make(name, kind);
    if (node != nullptr) [[likely]]
      attach(parent, *node);
    return node;
  }
  /// Appends after the last child of the same name (or at the end), so that repeats stay together.
  Node* append_grouped(Node& parent, Symbol name, Kind kind = Kind::element) noexcept;
  /// Puts a new node right behind `before`, which has a parent; at the front of `parent` for null.
  Node* insert_after(Node& parent, Node* before, Symbol name, Kind kind = Kind::element) noexcept;

  /// Sets a value that already lives at least as long as the document (source, arena, literal).
  void set_text(Node& node, std::string_view text) noexcept {
    node.text_ = text.data();
    node.text_size_ = static_cast<std::uint32_t>(text.size());
    node.set(Flag::has_value);
  }
  /// Sets a copy of a value.
  void set_copy(Node& node, std::string_view text) {
    set_text(node, document_->arena().copy(text));
  }
  void clear_text(Node& node) noexcept {
    node.text_ = "";
    node.text_size_ = 0;
    node.flags_ &= static_cast<std::uint8_t>(~static_cast<std::uint8_t>(Flag::has_value));
  }

  void set_name(Node& node, Symbol name) noexcept { node.name_ = name; }
  void set_type(Node& node, Symbol type) noexcept { node.type_ = type; }
  void set_namespace(Node& node, Symbol space) noexcept { node.namespace_ = space; }
  void set_kind(Node& node, Kind kind) noexcept { node.kind_ = kind; }
  void set_offset(Node& node, std::size_t offset) noexcept {
    node.offset_ = static_cast<std::uint32_t>(offset);
  }
  void set_flag(Node& node, Flag flag, bool on = true) noexcept {
    const auto bit = static_cast<std::uint8_t>(flag);
    node.flags_ = static_cast<std::uint8_t>(on ? node.flags_ | bit : node.flags_ & ~bit);
  }

  /// Takes a node out of its parent. Its memory stays with the arena.
  void detach(Node& node) noexcept;
  /// Puts a detached node of the same document at the end of `parent`, which must not lie below it.
  void attach(Node& parent, Node& node) noexcept {
    node.parent_ = &parent;
    node.next_ = nullptr;
    (parent.last_ == nullptr ? parent.first_ : parent.last_->next_) = &node;
    parent.last_ = &node;
  }
  /// Moves every child of `from` to the end of `to`, which must not lie below `from`; moving a
  /// node's children to itself changes nothing.
  void move_children(Node& from, Node& to) noexcept;
  /// Puts the children of `parent` into the order of `rank(child)`, stable.
  template <typename Rank>
  void sort_children(Node& parent, Rank&& rank);

  /// A deep copy of `source` (of any document, also of this one) as a new child. Texts are copied;
  /// offsets only where `from` is this document, whose source they point into.
  /// Null when over the node budget or out of names; `parent` is then as it was.
  Node* copy_into(Node& parent, const Document& from, const Node& source, Symbol name);

 private:
  Node* make(Symbol name, Kind kind) noexcept {
    if (document_->node_count_ >= document_->limits_.max_nodes) [[unlikely]]
      return nullptr;
    ++document_->node_count_;
    Node* node = document_->arena_->make<Node>();
    node->name_ = name;
    node->kind_ = kind;
    return node;
  }
  void relink(Node& parent, std::vector<Node*>& ordered) noexcept;
  Document* document_;
};

template <typename Rank>
void Builder::sort_children(Node& parent, Rank&& rank) {
  std::vector<Node*> ordered;
  bool sorted = true;
  for (Node* at = parent.first_; at != nullptr; at = at->next_) {
    sorted = sorted && (ordered.empty() || rank(*ordered.back()) <= rank(*at));
    ordered.push_back(at);
  }
  if (sorted) return;
  std::stable_sort(ordered.begin(), ordered.end(),
                   [&](const Node* a, const Node* b) { return rank(*a) < rank(*b); });
  relink(parent, ordered);
}

}  // namespace concord::tree
