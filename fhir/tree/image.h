#pragma once
/// A subtree prepared once and put into many documents.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/tree/builder.h"

namespace concord::tree {

/// Nodes as a list, each after its parent and its elder siblings. Filled at load, then only read:
/// safe from any thread.
class Image {
 public:
  static constexpr std::uint32_t kBelow = UINT32_MAX;  ///< parent: where the image is put

  struct Part {
    Symbol name = Symbol::kNone;
    Symbol type = Symbol::kNone;
    Symbol space = Symbol::kNone;  ///< when `own_space`; else that of the parent
    Kind kind = Kind::element;
    bool own_space = false;
    bool attribute = false, in_array = false, resource = false;  ///< Flag
    bool has_text = false;                                       ///< set_text() was called
    std::uint32_t parent = kBelow;                               ///< number of the part, or kBelow
    std::uint32_t text_at = 0, text_size = 0;
  };

  /// Adds a part, whose parent was added before, and gives its number.
  std::uint32_t add(Part part) {
    parts_.push_back(part);
    return static_cast<std::uint32_t>(parts_.size() - 1);
  }
  /// Gives a part its text, once.
  void set_text(std::uint32_t part, std::string_view text) {
    Part& to = parts_[part];
    to.has_text = true;
    to.text_at = static_cast<std::uint32_t>(texts_.size());
    to.text_size = static_cast<std::uint32_t>(text.size());
    texts_ += text;
  }

  bool empty() const noexcept { return parts_.empty(); }

  /// Makes the nodes below `below`; `made[i]` is that of part i. False, and nothing made, when they
  /// would go over the node budget of the document.
  bool put(Builder& builder, Node& below, std::vector<Node*>& made) const;

 private:
  std::vector<Part> parts_;
  std::string texts_;  ///< of all parts, one after the other
};

}  // namespace concord::tree
