#include <algorithm>

#include "fhir/mapping/map_set.h"

namespace concord::mapping {
namespace {

/// The next node in document order that is not below `node`; null at the end of `from`.
const tree::Node* after(const tree::Node* node, const tree::Node& from) {
  while (node != &from && node->next_sibling() == nullptr) node = node->parent();
  return node == &from ? nullptr : node->next_sibling();
}

class Reader {
 public:
  Reader(const tree::NodeSet& reads, const tree::Document& document,
         std::span<const std::string_view> ignored)
      : reads_(reads), document_(document), ignored_(ignored) {}

  std::vector<Issue> below(const tree::Node& from) {
    mark_ways(from);
    std::vector<Issue> found;
    for (const tree::Node* at = &from; at != nullptr;) {
      const bool inside = ways_.contains(*at);  // something below was read
      if (!reads_.contains(*at) && !passed(*at) && (at->has_value() || !inside)) {
        found.push_back(issue(*at));
        at = after(at, from);
      } else if (at->first_child() != nullptr) {
        at = at->first_child();
      } else {
        at = after(at, from);
      }
    }
    return found;
  }

 private:
  /// Every node above one that was read.
  void mark_ways(const tree::Node& from) {
    for (const tree::Node* at = &from; at != nullptr;) {
      if (reads_.contains(*at) || passed(*at)) {
        for (const tree::Node* up = at; up != &from && !ways_.contains(*up->parent());) {
          up = up->parent();
          ways_.insert(*up);
        }
      }
      at = at->first_child() != nullptr ? at->first_child() : after(at, from);
    }
  }

  /// A primitive the caller knows is left behind.
  bool passed(const tree::Node& node) const {
    if (!node.has_value() || node.parent() == nullptr || ignored_.empty()) return false;
    const std::string_view type = document_.text(node.parent()->type());
    const std::string_view name = document_.name(node);
    return std::any_of(ignored_.begin(), ignored_.end(), [&](std::string_view known) {
      return known.size() == type.size() + 1 + name.size() && known.starts_with(type) &&
             known[type.size()] == '.' && known.ends_with(name);
    });
  }

  Issue issue(const tree::Node& node) const {
    return Issue{Severity::warning,        document_.path(node), "not carried by the map",
                 document_.position(node), "not-supported",      {}};
  }

  const tree::NodeSet& reads_;
  const tree::Document& document_;
  std::span<const std::string_view> ignored_;
  tree::NodeSet ways_;
};

}  // namespace

std::vector<Issue> unread(const tree::NodeSet& reads, const tree::Document& document,
                          const tree::Node& from, std::span<const std::string_view> ignored) {
  return Reader(reads, document, ignored).below(from);
}

}  // namespace concord::mapping
