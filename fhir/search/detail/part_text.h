#pragma once
/// The expression of a search parameter as written, taken apart: what stands between `|`, and of
/// that the path, so that the same element is the same however it is written. Pure functions.
/// Source: hl7.org/fhir/R4/searchparameter.html (expression).

#include <string>
#include <string_view>
#include <vector>

namespace concord::search::detail {

/// `where(child = 'value')` on a step.
struct StepFilter {
  std::string child;
  std::string value;
};

/// One name of a path.
struct Step {
  std::string name;
  std::string as;  ///< the type asked for by as(), ofType() or `as`; empty: any
  std::vector<StepFilter> filters;
};

/// What stands between two `|`.
struct PartText {
  std::string root;         ///< "Observation", when it begins with a type
  std::vector<Step> steps;  ///< when `plain`
  bool plain = false;       ///< a path of names, types and filters only
  /// `where(resolve() is Patient)` at its end: the types a reference must lead to.
  std::vector<std::string> links_to;
  std::string text;  ///< as FHIRPath, without that end
};

/// The parts of an expression: cut at `|` outside of parentheses and quotes, trimmed.
std::vector<std::string_view> split_union(std::string_view expression);

PartText read_part(std::string_view part);

}  // namespace concord::search::detail
