#pragma once
/// What the rules of compiled maps could write, without running them.

#include <cstdint>
#include <string>
#include <vector>

namespace concord::mapping {

/// A place a rule may write to.
struct PossibleWrite {
  std::string path;         ///< without indices: "Bundle.entry.resource.identifier.value"
  std::string in_resource;  ///< the same from the nearest resource: "Patient.identifier.value"
  /// The rules on the way there, from the group a run begins with: those around it and those that
  /// call its group. The last is the one that writes.
  std::vector<std::uint32_t> chain;
  std::uint32_t part = 0;  ///< number of the rule's target
  bool whole = false;      ///< a copy: everything below the element may be written too
  bool fixed = false;      ///< comes with an element the rule makes, as the model fixes it
};

/// Bounds: groups that call themselves are followed once, and no more than this is listed.
struct ReachLimits {
  std::size_t max_writes = 200'000;
  std::size_t max_depth = 64;
};

}  // namespace concord::mapping
