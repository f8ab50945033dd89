#pragma once
/// The part of validation the walk itself stands on: is there such an element, and is it written
/// the way its type is. Not a rule of rules/, because nothing below an unknown element can be
/// checked. Pure functions, safe from any thread.

#include "fhir/validate/rule.h"

namespace concord::validate {

/// The type of the root, or null, with a finding, when it is no resource of R4.
const definitions::Type* check_root(const tree::Node& root, Context& context);

/// The type to go on with below `node`, which `found` is the meaning of; null, with a finding, when
/// there is none. `first` is whether the sibling before has another name: what is wrong with a
/// whole array is said once. Also reports arrays where one value is expected and the reverse, and
/// values in another JSON type than R4's. Source: hl7.org/fhir/R4/json.html, resource.html.
const definitions::Type* check_structure_in_full(const tree::Node& node,
                                                 const definitions::Child& found, bool first,
                                                 Context& context);

/// The same, quick where nothing is wrong.
inline const definitions::Type* check_structure(const tree::Node& node,
                                                const definitions::Child& found, bool first,
                                                Context& context) {
  using tree::Flag;
  if (found.element != nullptr && found.type != nullptr &&
      node.kind() == found.type->value_kind() && node.has_value() == found.type->is_primitive() &&
      !found.type->is_resource() && !node.is(Flag::resource) &&
      node.is(Flag::in_array) == found.element->is_array &&
      !(found.element->is_choice && node.name() == found.element->name)) [[likely]] {
    return found.type;
  }
  return check_structure_in_full(node, found, first, context);
}

}  // namespace concord::validate
