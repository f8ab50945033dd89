#pragma once
/// Where a member and its `_name` twin meet: the first node of each name, for objects that have
/// such members.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "fhir/tree/node.h"

namespace concord::json::detail {

/// Objects open and close like brackets; most never ask for a slot. A look-up takes constant time
/// however many nodes an object has. One thread.
class Twins {
 public:
  static constexpr std::int32_t kNone = -1;

  /// The first node of that name below `object`, or null. Gives the object a slot if it has none.
  tree::Node* find(std::int32_t& slot, const tree::Node& object, tree::Symbol name) {
    if (slot == kNone) {
      slot = static_cast<std::int32_t>(objects_.size());
      auto& first = objects_.emplace_back();
      for (const tree::Node& child : object.children()) {
        first.try_emplace(tree::number(child.name()), const_cast<tree::Node*>(&child));
      }
    }
    const auto& first = objects_[static_cast<std::size_t>(slot)];
    const auto found = first.find(tree::number(name));
    return found == first.end() ? nullptr : found->second;
  }
  /// A node was appended to an object with a slot.
  void made(std::int32_t slot, tree::Node& node) {
    objects_[static_cast<std::size_t>(slot)].try_emplace(tree::number(node.name()), &node);
  }
  /// The nodes of that name are gone.
  void forget(std::int32_t slot, tree::Symbol name) {
    if (slot != kNone) objects_[static_cast<std::size_t>(slot)].erase(tree::number(name));
  }
  /// The innermost object with a slot is closed.
  void close(std::int32_t slot) {
    if (slot != kNone) objects_.resize(static_cast<std::size_t>(slot));
  }

 private:
  std::vector<std::unordered_map<std::uint16_t, tree::Node*>> objects_;
};

}  // namespace concord::json::detail
