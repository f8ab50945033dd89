#include "fhir/tree/builder.h"

namespace concord::tree {

Symbol Builder::symbol(std::string_view name) {
  if (name.empty()) return Symbol::kNone;
  if (const Symbol known = document_->find(name); known != Symbol::kNone) return known;
  LocalNames& local = document_->local_names_;
  if (local.size() > std::size_t{number(Symbol::kLast)} - number(Symbol::kFirstLocal)) {
    return Symbol::kNone;
  }
  const auto made = static_cast<Symbol>(number(Symbol::kFirstLocal) + local.size());
  local.add(document_->arena().copy(name), document_->seed());
  return made;
}

Node* Builder::append_grouped(Node& parent, Symbol name, Kind kind) noexcept {
  if (parent.last_ == nullptr || parent.last_->name_ == name) return append(parent, name, kind);
  Node* last_same = nullptr;
  for (Node* at = parent.first_; at != nullptr; at = at->next_) {
    if (at->name_ == name) last_same = at;
  }
  if (last_same == nullptr) return append(parent, name, kind);
  return insert_after(parent, last_same, name, kind);
}

Node* Builder::insert_after(Node& parent, Node* before, Symbol name, Kind kind) noexcept {
  Node* node = make(name, kind);
  if (node == nullptr) return nullptr;
  node->parent_ = &parent;
  Node*& link = before == nullptr ? parent.first_ : before->next_;
  node->next_ = link;
  link = node;
  if (parent.last_ == before) parent.last_ = node;
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

void Builder::move_children(Node& from, Node& to) noexcept {
  if (&from == &to || from.first_ == nullptr) return;
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
  const bool same_document = &from == document_;
  const bool same_symbols = &from.symbols() == document_->symbols_;
  bool out_of_names = false;
  const auto translated = [&](Symbol symbol) {
    if (symbol == Symbol::kNone || same_document || (same_symbols && !is_local(symbol))) {
      return symbol;
    }
    const Symbol here = this->symbol(from.text(symbol));
    out_of_names = out_of_names || here == Symbol::kNone;
    return here;
  };
  const auto fill = [&](Node& copy, const Node& original) {
    copy.flags_ = original.flags_;
    if (same_document) copy.offset_ = original.offset_;
    copy.type_ = translated(original.type_);
    copy.namespace_ = translated(original.namespace_);
    if (original.has_value()) set_copy(copy, original.text());
  };
  // The copy is put below `parent` when it is whole: `source` may be `parent` or an ancestor.
  Node* copy = make(name, source.kind_);
  if (copy == nullptr) return nullptr;
  fill(*copy, source);
  // An explicit stack: depth is the document's, not the machine's.
  std::vector<std::pair<const Node*, Node*>> open{{&source, copy}};
  while (!open.empty()) {
    const auto [original, target] = open.back();
    open.pop_back();
    for (const Node& child : original->children()) {
      Node* made = append(*target, translated(child.name_), child.kind_);
      if (made == nullptr) return nullptr;
      fill(*made, child);
      if (child.first_ != nullptr) open.emplace_back(&child, made);
    }
  }
  if (out_of_names) return nullptr;
  attach(parent, *copy);
  return copy;
}

}  // namespace concord::tree
