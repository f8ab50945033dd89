#pragma once
/// Reads the identities of a message from its resource. Pure, safe from any thread.

#include "fhir/tree/document.h"
#include "gateway/exchange/stages.h"

namespace concord::exchange {

/// What a resource says of itself. `subject` is a digest of the workflow it belongs to: the first
/// groupIdentifier of its resources and of what they contain, else what the format that has a
/// message for it names, else the first identifier of its Patient, else its own.
///
/// Errors: unsupported (a Bundle that is not of type message, or whose first entry is no
/// MessageHeader with an event; another resource that no format has a message for).
/// Source: hl7.org/fhir/R4/messaging.html, section 2.4.3.
Result<MessageFacts> read_message_facts(const tree::Document& resource,
                                        const mappers::Mappers& mappers);

}  // namespace concord::exchange
