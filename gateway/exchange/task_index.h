#pragma once
/// What the Task of an exchange is found by, as any other resource. Pure function, safe from any
/// thread.

#include <string>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/search/parameters.h"

namespace concord::exchange {

/// Index values of a Task just written. Without `parameters` none: nothing is searched then.
/// Errors: internal (not a Task the definitions know), too_costly.
Result<search::IndexValues> index_task(const std::string& body,
                                       const search::Parameters* parameters,
                                       const definitions::Definitions* definitions);

}  // namespace concord::exchange
