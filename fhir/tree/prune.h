#pragma once
/// Taking many children out of a node at once.

#include <vector>

#include "fhir/tree/builder.h"

namespace concord::tree {

/// Keeps the children of `parent` that `keep(Node&)` says yes to, in their order; the others hang
/// below a node that belongs to no tree. Asked once per child, before any is taken out. Linear in
/// the children.
template <typename Keep>
void keep_children(Builder& builder, Node& parent, Keep&& keep) {
  std::vector<Node*> kept, dropped;
  for (const Node& child : parent.children()) {
    Node& node = Builder::mutable_node(child);
    (keep(node) ? kept : dropped).push_back(&node);
  }
  if (dropped.empty()) return;
  Arena& arena = builder.document().arena();
  builder.move_children(parent, *arena.make<Node>());
  for (Node* node : kept) builder.attach(parent, *node);
  Node& gone = *arena.make<Node>();
  for (Node* node : dropped) builder.attach(gone, *node);
}

}  // namespace concord::tree
