#pragma once
/// Spine's answers, as what the exchange needs of them. Pure functions, safe from any thread.

#include "fhir/core/result.h"
#include "mappers/core/mapper.h"

namespace concord::eps {

/// Completes an answer (`code` and `refers_to` are known) by what its translation says.
///
/// A cancellation that came to a Bundle is accepted with AA, else refused for what the response
/// says became of the item. Every other OperationOutcome is a refusal for its issues; a release
/// that was rejected because there is nothing more to release has an issue of severity information.
/// A translation that failed is a refusal for what stopped it. Source: eps.md
/// sections 8.2, 10.3, 14.1.
mappers::Acknowledgement verdict_of(mappers::Acknowledgement said,
                                    const Result<mappers::Decoded>& translated);

}  // namespace concord::eps
