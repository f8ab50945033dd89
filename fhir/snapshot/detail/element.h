#pragma once
/// An ElementDefinition as the generator works on it: its members point into the documents they
/// were read from, so that copying one copies pointers only.

#include <cstdint>
#include <string_view>
#include <vector>

#include "fhir/tree/builder.h"
#include "fhir/tree/document.h"

namespace concord::snapshot {

/// The members of ElementDefinition in the order they are written (R4, with R5's two more).
enum class Field : std::uint8_t {
  id,
  extension,
  modifier_extension,
  path,
  representation,
  slice_name,
  slice_is_constraining,
  label,
  code,
  slicing,
  short_text,
  definition,
  comment,
  requirements,
  alias,
  min,
  max,
  base,
  content_reference,
  type,
  default_value,
  meaning_when_missing,
  order_meaning,
  fixed,
  pattern,
  example,
  min_value,
  max_value,
  max_length,
  condition,
  constraint,
  must_have_value,
  value_alternatives,
  must_support,
  is_modifier,
  is_modifier_reason,
  is_summary,
  binding,
  mapping,
  other,  ///< nothing FHIR defines; carried as it is
};

/// The field a member of that name is; `other` for names FHIR does not have.
Field field_of(std::string_view name);
/// The name of a field that has one only.
std::string_view name_of(Field field);

/// One member: a node of some document, or a primitive without a node.
struct Part {
  Field field = Field::other;
  const tree::Document* document = nullptr;
  const tree::Node* node = nullptr;  ///< null: a primitive whose value is `text`
  /// The value when there is no node; for a constraint the source to write when it states none.
  std::string_view text = {};

  std::string_view value() const { return node != nullptr ? node->text() : text; }
  /// The child of that name, or null.
  const tree::Node* child(std::string_view name) const {
    return node == nullptr ? nullptr : node->child(document->find(name));
  }
  std::string_view child_text(std::string_view name) const {
    const tree::Node* found = child(name);
    return found == nullptr ? std::string_view{} : found->text();
  }
};

/// ElementDefinition.type.
struct TypeRef {
  const tree::Document* document = nullptr;
  const tree::Node* node = nullptr;  ///< null: nothing but `code`
  std::string_view code;             ///< as written
  std::string_view working;          ///< the FHIR type where `code` is one of FHIRPath's

  /// The values of a repeating child ("profile", "targetProfile").
  std::vector<std::string_view> all(std::string_view name) const;
  /// The first one, or empty.
  std::string_view first(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

struct Discriminator {
  std::string_view type;
  std::string_view path;
  friend bool operator==(const Discriminator&, const Discriminator&) = default;
};

/// ElementDefinition.slicing. Never changed once an element points to it.
struct Slicing {
  std::vector<Discriminator> discriminators;
  std::string_view description;
  std::string_view ordered;  ///< "true", "false" or empty: not said
  std::string_view rules;    ///< empty: not said
};

/// ElementDefinition.base; an empty path: none.
struct BaseInfo {
  std::string_view path;
  std::string_view min;
  std::string_view max;
};

/// One ElementDefinition. A plain value; its texts belong to documents that outlive it.
struct Element {
  std::string_view path;
  std::string_view id;
  std::string_view slice_name;
  std::string_view content_reference;
  const Slicing* slicing = nullptr;
  BaseInfo base;
  std::vector<TypeRef> types;
  std::vector<Part> parts;  ///< every other member

  // Notes of one generation.
  Element* result = nullptr;   ///< of a differential element: what it went into
  bool auto_slicing = false;   ///< the slicing was not asked for by the differential
  std::uint32_t position = 0;  ///< index in the differential as given
  bool injected = false;       ///< not in the differential as given

  bool has(Field field) const { return find(field) != nullptr; }
  const Part* find(Field field) const;
  /// The value of a primitive; empty when absent.
  std::string_view text(Field field) const;
  bool is_true(Field field) const { return text(field) == "true"; }
  bool is_sliced() const { return slicing != nullptr; }
  bool has_slice_name() const { return !slice_name.empty(); }
  bool has_content_reference() const { return !content_reference.empty(); }

  std::uint32_t min() const;  ///< 0 when absent
  std::string_view max() const { return text(Field::max); }
  std::uint64_t max_count() const;  ///< "*" is more than any count
  bool is_prohibited() const { return max() == "0"; }

  void clear(Field field);
  void add(const Part& part) { parts.push_back(part); }
  /// Replaces every member of the field.
  void set(const Part& part);
  void set_text(Field field, std::string_view text) { set({field, nullptr, nullptr, text}); }
  /// Replaces the field by what `from` has of it.
  void take(Field field, const Element& from);
};

using List = std::vector<Element*>;

inline constexpr std::uint64_t kMany = ~std::uint64_t{0};
std::uint64_t count_of(std::string_view max);

/// Reads an ElementDefinition. `keep` owns the Slicing and lives as long as the element.
template <typename Keep>
Element read_element(const tree::Document& document, const tree::Node& node, Keep& keep);
Element read_element_parts(const tree::Document& document, const tree::Node& node, Slicing& slicing,
                           bool& sliced);
template <typename Keep>
Element read_element(const tree::Document& document, const tree::Node& node, Keep& keep) {
  Slicing slicing;
  bool sliced = false;
  Element element = read_element_parts(document, node, slicing, sliced);
  if (sliced) element.slicing = &keep.emplace_back(std::move(slicing));
  return element;
}
TypeRef read_type(const tree::Document& document, const tree::Node& node);

/// What is written of an element.
enum class Content : std::uint8_t {
  everything,
  structure,  ///< what the tables of the pack hold: no prose, mappings, examples
};
/// Appends the element to `parent` as a child `element`. False when the document is full.
bool write_element(tree::Builder& builder, tree::Node& parent, const Element& element,
                   Content content);

/// Deep equality of two values, whatever they were written in. Ids count, order of members too.
bool same_value(const tree::Document& left_document, const tree::Node& left,
                const tree::Document& right_document, const tree::Node& right);
bool same_part(const Part& left, const Part& right);
/// The same members of that field in the same order.
bool same_field(const Element& left, const Element& right, Field field);
bool same_types(const std::vector<TypeRef>& left, const std::vector<TypeRef>& right);

// Paths.
std::string_view tail(std::string_view path);  ///< "value[x]" of "Observation.value[x]"
std::string_view head(std::string_view path);  ///< "Observation" of "Observation.value[x]"
std::size_t depth_of(std::string_view path);   ///< dots
bool is_choice(std::string_view path);         ///< ends with [x]
std::string_view without_choice(std::string_view path);
/// `path` lies below `parent`.
bool is_below(std::string_view path, std::string_view parent);
/// The type a name such as "valueQuantity" ends with: letters after `from`, the first one small
/// when `primitive`.
std::string uncapitalized(std::string_view text);
std::string capitalized(std::string_view text);

/// The extension of that url among the children of a node; null when there is none.
const tree::Node* extension_of(const tree::Document& document, const tree::Node* node,
                               std::string_view url);
/// The value of an extension (its child value…), or null.
const tree::Node* extension_value(const tree::Document& document, const tree::Node* extension);

}  // namespace concord::snapshot
