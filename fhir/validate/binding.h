#pragma once
/// The border between the walk, which knows where an element is bound, and rules/binding.cpp, which
/// knows what that means. Stateless, safe from any thread.

#include <string_view>

#include "fhir/validate/context.h"

namespace concord::validate {

/// A binding as one element of one definition says it.
struct BoundElement {
  definitions::BindingStrength strength = definitions::BindingStrength::none;
  std::string_view value_set;      ///< canonical, with |version when published so
  std::string_view max_value_set;  ///< extension elementdefinition-maxValueSet, or empty
  std::string_view path;           ///< "Patient.gender"
  std::string_view profile;        ///< url of the profile that says it; empty: R4 itself
  const packages::Entry* asked_from = nullptr;  ///< whose dependencies decide on versions; or null
};

/// Checks one element (code, Coding, CodeableConcept, Quantity, string, uri …) against a binding
/// and reports. Called by the walk for every bound element of R4's own types and of profiles, in
/// depth full. Source: hl7.org/fhir/R4/terminologies.html#binding.
void check_binding(const BoundElement& bound, const tree::Node& node, Context& context);

/// Whether an element is in a value set, for slices told apart by a binding and for memberOf().
enum class Member : unsigned char { yes, no, unknown };
Member is_member(std::string_view value_set, const packages::Entry* asked_from,
                 const tree::Node& node, Context& context);

}  // namespace concord::validate
