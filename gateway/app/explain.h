#pragma once
/// Why an element of a translated message is there, or is not.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/mapping/record.h"

namespace concord::app {

/// One write of an element that is there.
struct ExplainedWrite {
  std::string target;      ///< path with indices
  bool fixed = false;      ///< no rule writes it: it comes with its parent, from the model
  std::uint32_t rule = 0;  ///< unless fixed
  std::string source;      ///< path with indices; "": a constant of the map
  std::uint32_t offset = UINT32_MAX;
  std::string source_value, target_value;  ///< texts; may be a patient's
};

/// Rules that could write an element and did not.
struct ExplainedGap {
  std::string target;      ///< path without indices
  std::uint32_t rule = 0;  ///< the one that would write it
  /// The first of the rules on the way there that did not do its part; `rule` itself or one around
  /// it or one that calls its group.
  std::uint32_t stopped_at = 0;
  std::string why;        ///< a clause about `stopped_at`
  std::size_t times = 0;  ///< how often it was tried
};

struct Explanation {
  std::vector<ExplainedWrite> writes;
  std::vector<ExplainedGap> gaps;
  /// When neither: elements the maps may write below the longest known part of the path.
  std::vector<std::string> neighbours;
};

/// `path` with indices, or without for every one; from the root of the message, from a resource
/// ("Patient.name.family"), or its last steps ("pertinentPrescription.performer").
Explanation explain(const mapping::RunRecord& run, std::string_view path);

}  // namespace concord::app
