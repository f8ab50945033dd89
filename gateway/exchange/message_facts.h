#pragma once
/// Reads the identities of a message from its Bundle. Pure, safe from any thread.

#include "fhir/tree/document.h"
#include "gateway/exchange/stages.h"

namespace concord::exchange {

/// What a Bundle says of itself. `subject` is a digest of the workflow it belongs to: the first
/// groupIdentifier of its resources, else the first identifier of its Patient, else its own.
///
/// Errors: unsupported (not a Bundle of type message, or its first entry is no MessageHeader with
/// an event). Source: hl7.org/fhir/R4/messaging.html, section 2.4.3.
Result<MessageFacts> read_message_facts(const tree::Document& bundle);

}  // namespace concord::exchange
