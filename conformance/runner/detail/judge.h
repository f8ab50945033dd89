#pragma once
// What of the findings about a script is an error, and at which action.

#include "conformance/runner/script.h"

namespace concord::runner::detail {

/// Findings of R4's validation become warnings where published scripts do otherwise; what only the
/// engine minds is added; actions with an error get it as their fault.
void judge(Script& script);

}  // namespace concord::runner::detail
