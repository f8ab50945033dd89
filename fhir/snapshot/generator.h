#pragma once
/// Snapshots of StructureDefinitions out of their differentials.

#include <cstddef>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/tree/document.h"

namespace concord::packages {
class Registry;
}

namespace concord::snapshot {

/// Bounds of one generation, whatever the differential says. Past one of them: too_costly.
struct Limits {
  std::size_t max_elements = 20'000;   ///< of one snapshot; also of one differential
  std::size_t max_steps = 20'000'000;  ///< elements looked at; a large profile needs 100,000
  std::size_t max_depth = 64;          ///< types and content references walked into, one in another
};

struct GenerateOptions {
  /// Bring the differential into the order of the base first. Without it, elements out of order
  /// are an error, as in the reference.
  bool sort_differential = false;
  /// Give type slices the names they must have ("valueQuantity") where the differential has others;
  /// without it they are an error.
  bool fix_slice_names = false;
  /// Write down what slices imply, as recent versions of the reference do: a slicing that nobody
  /// stated requires as many as its slices do, no slice allows more than its slicing, a typed slice
  /// without slicing gets one. Published snapshots mostly have it not; checking is stricter with
  /// it.
  bool complete_slicing = false;
  Limits limits{};
};

/// A definition with its snapshot, and what was found on the way.
struct Generated {
  /// The definition given, everything in it kept, `snapshot` new, element ids regenerated.
  tree::Document definition;
  /// Warnings and remarks; errors of the definition that leave its snapshot usable. `expression`
  /// is "StructureDefinition.differential.element[3]" or an element id.
  std::vector<Issue> messages;
};

/// Generates the snapshot of a StructureDefinition: its base's snapshot with the differential laid
/// over it. Bases, types and extension definitions come from `registry`; those without a snapshot
/// get theirs on the way. Profiles that are only targets of references are never loaded.
/// Calls with the same registry may run at the same time.
///
/// Errors (each issue has the message id of the Java reference in `detail_code`):
///   invalid     the differential breaks a rule: wrong paths or order, a type the base does not
///               allow, slices without slicing, cardinality wider than the base, …
///   not_found   the base definition is unknown
///   conflict    definitions that are based on one another in a circle
///   too_costly  over a limit of `options.limits`; too_long: over the document's own limits
/// Source: hl7.org/fhir/R4/profiling.html#snapshot; behaviour of ProfileUtilities in
/// hapifhir/org.hl7.fhir.core.
Result<Generated> generate(const tree::Document& structure_definition,
                           const packages::Registry& registry, const GenerateOptions& options = {});

}  // namespace concord::snapshot
