#pragma once
/// The one tree every format is read into: FHIR JSON and XML, HL7 v3, ER7, EDIFACT, CSV.

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/tree/symbols.h"

namespace concord::tree {

/// What a node was written as. A FHIR primitive is one node: its value is `text()`, and its `id`
/// and `extension` (JSON `_name`) are its children.
enum class Kind : std::uint8_t {
  element,  ///< object, XML element, segment, row: children, and no value unless it is XML text
  string,   ///< a value written as text; also every XML attribute and FHIR XML primitive
  number,   ///< a JSON number, kept as written
  boolean,  ///< "true" or "false"
  text,     ///< a run of characters between elements (mixed XML content); has no name
};

/// Bits of a node that say how it was written, and so how it is written back.
enum class Flag : std::uint8_t {
  attribute = 1,  ///< an XML attribute
  in_array = 2,   ///< stood in a JSON array, also when alone in it
  has_value = 4,  ///< `text()` is a value, even when empty
  resource = 8,   ///< a FHIR resource: `type()` is its resourceType
};

/// One node. Made by a reader or a Builder in a Document's arena and valid as long as that
/// document. Children are a singly linked list in the order written; the members of a repeating
/// element stand side by side under the same name. Reading is safe from many threads.
class Node {
 public:
  Symbol name() const noexcept { return name_; }
  /// The FHIR type ("Patient", "Coding", "Bundle.entry"): set for resources by the readers, for
  /// everything else once definitions annotated the tree; kNone before that.
  Symbol type() const noexcept { return type_; }
  /// The XML namespace; kNone in formats without.
  Symbol xml_namespace() const noexcept { return namespace_; }
  Kind kind() const noexcept { return kind_; }
  bool is(Flag flag) const noexcept { return (flags_ & static_cast<std::uint8_t>(flag)) != 0; }

  /// The value as written (decimals keep their digits; JSON escapes and XML entities resolved).
  std::string_view text() const noexcept { return {text_, text_size_}; }
  bool has_value() const noexcept { return is(Flag::has_value); }

  const Node* parent() const noexcept { return parent_; }
  const Node* first_child() const noexcept { return first_; }
  const Node* last_child() const noexcept { return last_; }
  const Node* next_sibling() const noexcept { return next_; }

  /// First child of that name, or null.
  const Node* child(Symbol name) const noexcept {
    const Node* at = first_;
    while (at != nullptr && at->name_ != name) at = at->next_;
    return at;
  }
  /// Next sibling of the same name, or null. Members of a repeating element are contiguous.
  const Node* next_same() const noexcept {
    const Node* at = next_;
    while (at != nullptr && at->name_ != name_) at = at->next_;
    return at;
  }
  std::size_t count(Symbol name) const noexcept {
    std::size_t found = 0;
    for (const Node* at = first_; at != nullptr; at = at->next_) found += at->name_ == name;
    return found;
  }

  /// Byte offset in the source the node was read from; for made nodes kNoOffset.
  std::uint32_t source_offset() const noexcept { return offset_; }
  static constexpr std::uint32_t kNoOffset = 0xFFFFFFFF;

  /// Range over children: `for (const Node& child : node.children())`.
  class Children {
   public:
    class iterator {
     public:
      explicit iterator(const Node* at) : at_(at) {}
      const Node& operator*() const { return *at_; }
      const Node* operator->() const { return at_; }
      iterator& operator++() {
        at_ = at_->next_;
        return *this;
      }
      bool operator==(const iterator& other) const { return at_ == other.at_; }

     private:
      const Node* at_;
    };
    explicit Children(const Node* first) : first_(first) {}
    iterator begin() const { return iterator(first_); }
    iterator end() const { return iterator(nullptr); }

   private:
    const Node* first_;
  };
  Children children() const noexcept { return Children(first_); }

 private:
  friend class Builder;
  friend class Document;

  void set(Flag flag) noexcept { flags_ |= static_cast<std::uint8_t>(flag); }

  Node* parent_ = nullptr;
  Node* first_ = nullptr;
  Node* last_ = nullptr;
  Node* next_ = nullptr;
  const char* text_ = "";
  std::uint32_t text_size_ = 0;
  std::uint32_t offset_ = kNoOffset;
  Symbol name_ = Symbol::kNone;
  Symbol type_ = Symbol::kNone;
  Symbol namespace_ = Symbol::kNone;
  Kind kind_ = Kind::element;
  std::uint8_t flags_ = 0;
};

static_assert(sizeof(Node) == 56);

}  // namespace concord::tree
