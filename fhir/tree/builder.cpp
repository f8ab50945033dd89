#include "fhir/tree/builder.h"

namespace concord::tree {

Symbol Builder::symbol(std::string_view name) {
  if (name.empty()) return Symbol::kNone;
  if (const Symbol known = document_->find(name); known != Symbol::kNone) return known;
  auto& local = document_->local_names_;
  if (local.size() > number(Symbol::kLast) - number(Symbol::kFirstLocal)) return Symbol::kNone;
  const auto made = static_cast<std::uint16_t>(number(Symbol::kFirstLocal) + local.size());
  local.push_back(document_->arena().copy(name));
  document_->local_index_.emplace(local.back(), Symbol{made});
  return Symbol{made};
}

Node* Builder::append(Node& parent, Symbol name, Kind kind) noexcept {
  if (document_->node_count_ >= document_->limits_.max_nodes) return nullptr;
  ++document_->node_count_;
  Node* node = document_->arena_->make<Node>();
  node->name_ = name;
  node->kind_ = kind;
  attach(parent, *node);
  return node;
}

Node* Builder::append_grouped(Node& parent, Symbol name, Kind kind) noexcept {
  Node* last_same = nullptr;
  for (Node* at = parent.first_; at != nullptr; at = at->next_) {
    if (at->name_ == name) last_same = at;
  }
  Node* node = append(parent, name, kind);
  if (node == nullptr || last_same == nullptr || last_same->next_ == node) return node;
  detach(*node);
  node->parent_ = &parent;
  node->next_ = last_same->next_;
  last_same->next_ = node;
  return node;
}

void Builder::detach(Node& node) noexcept {
  Node* parent = node.parent_;
  if (parent == nullptr) return;
  Node* before = nullptr;
  for (Node* at = parent->first_; at != &node; at = at->next_) before = at;
  (before == nullptr ? parent->first_ : before->next_) = node.next_;
  if (parent->last_ == &node) parent->last_ = before;
  node.parent_ = nullptr;
  node.next_ = nullptr;
}

void Builder::attach(Node& parent, Node& node) noexcept {
  node.parent_ = &parent;
  node.next_ = nullptr;
  (parent.last_ == nullptr ? parent.first_ : parent.last_->next_) = &node;
  parent.last_ = &node;
}

void Builder::move_children(Node& from, Node& to) noexcept {
  if (from.first_ == nullptr) return;
  for (Node* at = from.first_; at != nullptr; at = at->next_) at->parent_ = &to;
  (to.last_ == nullptr ? to.first_ : to.last_->next_) = from.first_;
  to.last_ = from.last_;
  from.first_ = nullptr;
  from.last_ = nullptr;
}

void Builder::relink(Node& parent, std::vector<Node*>& ordered) noexcept {
  parent.first_ = nullptr;
  parent.last_ = nullptr;
  for (Node* node : ordered) attach(parent, *node);
}

Node* Builder::copy_into(Node& parent, const Document& from, const Node& source, Symbol name) {
  const auto translated = [&](Symbol symbol) {
    return is_local(symbol) || &from.symbols() != document_->symbols_ ? this->symbol(from.text(symbol))
                                                                      : symbol;
  };
  Node* copy = append(parent, name, source.kind_);
  if (copy == nullptr) return nullptr;
  copy->flags_ = source.flags_;
  copy->offset_ = source.offset_;
  copy->type_ = translated(source.type_);
  copy->namespace_ = translated(source.namespace_);
  if (source.has_value()) set_copy(*copy, source.text());
  // Breadth by an explicit stack: depth is the document's, not the machine's.
  std::vector<std::pair<const Node*, Node*>> open{{&source, copy}};
  while (!open.empty()) {
    const auto [original, target] = open.back();
    open.pop_back();
    for (const Node& child : original->children()) {
      Node* made = append(*target, translated(child.name_), child.kind_);
      if (made == nullptr) return nullptr;
      made->flags_ = child.flags_;
      made->offset_ = child.offset_;
      made->type_ = translated(child.type_);
      made->namespace_ = translated(child.namespace_);
      if (child.has_value()) set_copy(*made, child.text());
      if (child.first_ != nullptr) open.emplace_back(&child, made);
    }
  }
  return copy;
}

}  // namespace concord::tree
