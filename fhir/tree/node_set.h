#pragma once
/// A set of nodes: which parts of a document somebody looked at.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fhir/tree/node.h"

namespace concord::tree {

/// Open addressing over the addresses of nodes. Not safe from several threads. Holds no node: clear
/// it before its documents go.
class NodeSet {
 public:
  NodeSet() = default;
  /// Room for about `expected` nodes without growing.
  explicit NodeSet(std::size_t expected) { rehash(slots_for(expected)); }

  void insert(const Node& node) {
    if ((size_ + 1) * 2 > slots_.size()) rehash(slots_.empty() ? 256 : slots_.size() * 2);
    place(&node);
  }
  bool contains(const Node& node) const noexcept {
    if (slots_.empty()) return false;
    for (std::size_t at = home(&node); slots_[at] != nullptr; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == &node) return true;
    }
    return false;
  }
  std::size_t size() const noexcept { return size_; }
  /// Every node of the set, in no order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t at = 0, left = size_; left > 0; ++at) {
      if (slots_[at] == nullptr) continue;
      visit(*slots_[at]);
      --left;
    }
  }
  void clear() noexcept {
    slots_.assign(slots_.size(), nullptr);
    size_ = 0;
  }

 private:
  static std::size_t slots_for(std::size_t expected) {
    std::size_t slots = 256;
    while (slots < expected * 2) slots *= 2;
    return slots;
  }
  std::size_t home(const Node* node) const noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(node);
    return ((address >> 3) * 0x9E3779B97F4A7C15ull >> 32) & (slots_.size() - 1);
  }
  void place(const Node* node) noexcept {
    std::size_t at = home(node);
    for (; slots_[at] != nullptr; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == node) return;
    }
    slots_[at] = node;
    ++size_;
  }
  void rehash(std::size_t slots) {
    std::vector<const Node*> old(slots, nullptr);
    old.swap(slots_);
    size_ = 0;
    for (const Node* node : old) {
      if (node != nullptr) place(node);
    }
  }

  std::vector<const Node*> slots_;
  std::size_t size_ = 0;
};

}  // namespace concord::tree
