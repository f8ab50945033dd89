#pragma once
/// Signatures of messages, beside the chain. Pure functions, safe from any thread.

#include "gateway/exchange/exchange.h"

namespace concord::exchange {

/// Asks the format that recognises the message what is to be signed.
/// Errors: unsupported (no format recognises it, or none signs it), those of Signatures::prepare().
Result<mappers::Decoded> prepare_signature(const tree::Document& message,
                                           const mappers::Mappers& mappers,
                                           const mappers::Parameters& parameters);

/// See ExchangeService::verify_signatures().
Result<std::vector<SignatureFinding>> judge_signatures(const Received& received,
                                                       const definitions::Definitions& definitions,
                                                       const mappers::Mappers& mappers,
                                                       Instant now);

}  // namespace concord::exchange
