#pragma once
/// How a caller asks for parts of resources: _summary and _elements. Pure functions, safe from any
/// thread. Source: hl7.org/fhir/R4/search.html#summary, #elements.

#include "gateway/resources/service.h"

namespace concord::resources {

/// Of a decoded query. Errors: malformed (an unknown summary, no names of elements).
Result<Cut> cut_asked(const search::QueryParameters& parameters);

/// What a read says to _summary=count.
Error count_is_for_searches();

}  // namespace concord::resources
