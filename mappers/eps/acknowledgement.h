#pragma once
/// Spine's answers, as what the exchange needs of them. Pure functions, safe from any thread.

#include "fhir/core/result.h"
#include "mappers/core/mapper.h"

namespace concord::eps {

/// Reads the verdict out of a decoded answer: acknowledgement, answer to a cancellation, release or
/// its rejection.
///
/// AA is accepted, but for a cancellation whose response says otherwise; AE, ER and AR are refused
/// for the issues of the OperationOutcome, or for what the response to the cancellation says. A
/// release that was rejected because there is nothing more to release is refused with an issue of
/// severity information.
///
/// Errors: unsupported (the message is no answer), invalid (it does not say what it answers).
/// Source: eps.md sections 8.2, 10.3, 14.1.
Result<mappers::Acknowledgement> acknowledgement_of(const mappers::Decoded& answer);

}  // namespace concord::eps
