#include "conformance/runner/assertions.h"
#include "conformance/runner/compare.h"

namespace concord::runner {

namespace {

/// Looks for everything of one tree in another. Work is bounded by `budget` comparisons.
class Containing {
 public:
  Containing(const tree::Document& minimum, const tree::Document& actual)
      : minimum_(minimum), actual_(actual) {}

  bool all_children(const tree::Node& wanted, const tree::Node& given, const tree::Node** missing) {
    // Repeats of one name stand side by side, each needs one of its own.
    std::vector<const tree::Node*> used;
    for (const tree::Node& child : wanted.children()) {
      const tree::Node* found = nullptr;
      for (const tree::Node& other : given.children()) {
        if (actual_.name(other) != minimum_.name(child)) continue;
        bool taken = false;
        for (const tree::Node* one : used) taken = taken || one == &other;
        if (taken || !same(child, other)) continue;
        found = &other;
        break;
      }
      if (found == nullptr) {
        if (missing != nullptr) *missing = &child;
        return false;
      }
      used.push_back(found);
    }
    return true;
  }

 private:
  bool same(const tree::Node& wanted, const tree::Node& given) {
    if (budget_ == 0) return false;
    --budget_;
    if (wanted.has_value()) {
      if (!given.has_value()) return false;
      if (wanted.text() != given.text()) {
        // 1.0 and 1.00 are one number; texts are compared as texts.
        if (wanted.kind() != tree::Kind::number || order(wanted.text(), given.text()) != 0) {
          return false;
        }
      }
    }
    return all_children(wanted, given, nullptr);
  }

  const tree::Document& minimum_;
  const tree::Document& actual_;
  std::size_t budget_ = 1'000'000;
};

}  // namespace

bool contains(const tree::Document& minimum, const tree::Document& actual, std::string& missing) {
  if (resource_type(minimum) != resource_type(actual)) {
    missing = std::string(resource_type(minimum));
    return false;
  }
  const tree::Node* first_missing = nullptr;
  if (Containing(minimum, actual).all_children(minimum.root(), actual.root(), &first_missing)) {
    return true;
  }
  missing = minimum.path(*first_missing);
  return false;
}

}  // namespace concord::runner
