#pragma once
/// One text from several dosages. Pure functions, safe from any thread.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fhir/core/result.h"

namespace concord::eps {

/// What of a FHIR Dosage goes to Spine.
struct DosageLine {
  std::string_view text;
  std::optional<long long> sequence;
};

/// One dosage: its text. Several: in groups of the same sequence, ascending; within a group in the
/// order given, joined by ", and "; groups joined by ", then ".
///
/// Errors: invalid, with TOO_FEW_VALUES_SUBMITTED (none), MISSING_VALUE (several, and one without
/// sequence). Source: eps.md sections 17 and 18.1.
Result<std::string> dosage_text(std::span<const DosageLine> lines);

}  // namespace concord::eps
