#pragma once
// The rules of depth full that stand on the engine: invariants, bindings and references of R4's own
// types, and what the base pass notes for the profiles after it.

#include <memory>
#include <vector>

#include "fhir/validate/detail/plans.h"
#include "fhir/validate/rule.h"

namespace concord::validate::detail {

std::vector<std::unique_ptr<Rule>> base_rules(const Plans& plans);

}  // namespace concord::validate::detail
