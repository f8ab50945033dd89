#pragma once
/// What a validation found. A plain value.

#include <cstddef>
#include <vector>

#include "fhir/core/error.h"

namespace concord::validate {

/// Findings in the order of the document. `Issue::expression` is FHIRPath with indices,
/// `detail_code` the message id of the reference validator ("Validation_VAL_Profile_Minimum"), or
/// the name of a rule of our own ("nhs-number"); `code` the FHIR issue type; no text holds a value
/// of the document. What two passes say of one place in the same words is said once. Past the
/// bound errors push out warnings, and the last issue says how many were left out.
struct Report {
  std::vector<Issue> issues;
  std::size_t errors = 0;    ///< found, those left out included
  std::size_t left_out = 0;  ///< found but not in `issues`

  /// Whether the document may go on: no finding is an error.
  bool ok() const noexcept { return errors == 0; }
};

}  // namespace concord::validate
