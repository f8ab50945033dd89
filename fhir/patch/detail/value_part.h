#pragma once
/// The value of an operation of FHIRPath Patch, put into a tree.

#include <string_view>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/tree/builder.h"

namespace concord::patch::detail {

/// An element a value can go into.
struct Target {
  const definitions::Element* element = nullptr;
  tree::Symbol name = tree::Symbol::kNone;  ///< "status", "valueQuantity", or "value" of value[x]
  /// A choice that has a value already: the name that is written under. A value of none of the
  /// types, but of a similar one, stays what was there.
  tree::Symbol written = tree::Symbol::kNone;
};

/// The child of that name below a type; for choices both `value` and `valueQuantity`.
/// Errors: invalid (no such element).
Result<Target> target_of(const definitions::Type& type, std::string_view name,
                         const definitions::Definitions& definitions);

/// Puts the children of a node of that type into the order of its definition, stable.
void sort_children(tree::Builder& builder, tree::Node& node, const definitions::Type& type);

/// Makes nodes of values. One thread.
class ValueParts {
 public:
  ValueParts(tree::Builder& builder, const tree::Document& parameters,
             const definitions::Definitions& definitions, std::size_t max_depth)
      : builder_(builder),
        parameters_(parameters),
        definitions_(definitions),
        max_depth_(max_depth) {}

  /// A new last child of `parent` for `target` out of a part "value": `value[x]`, `resource`, or
  /// parts named as the elements of a type without a name. Not yet typed below `parent`.
  /// Errors: malformed (a part without value), invalid (a value of another type than the element's,
  /// an element its type does not have or not so often), too_long (depth, nodes).
  Result<tree::Node*> append(tree::Node& parent, const Target& target, const tree::Node& part);

 private:
  Result<tree::Node*> append_at(tree::Node& parent, const Target& target, const tree::Node& part,
                                std::size_t depth);
  Result<tree::Node*> append_value(tree::Node& parent, const Target& target,
                                   const tree::Node& value, std::size_t depth);
  Result<tree::Node*> append_parts(tree::Node& parent, const Target& target, const tree::Node& part,
                                   std::size_t depth);
  bool deep(const tree::Node& node, std::size_t depth) const;

  tree::Builder& builder_;
  const tree::Document& parameters_;
  const definitions::Definitions& definitions_;
  std::size_t max_depth_;
};

/// The part of that name below a parameter or part; null when there is none.
const tree::Node* find_part(const tree::Document& document, const tree::Node& parameter,
                            std::string_view name);
/// Its value[x]; null when it has none.
const tree::Node* value_of(const tree::Document& document, const tree::Node& part);

}  // namespace concord::patch::detail
