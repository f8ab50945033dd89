#pragma once
/// What a prescriber is about to sign, as text. Pure function, safe from any thread.

#include <string>

#include "fhir/tree/document.h"
#include "mappers/eps/signing/signed_parts.h"

namespace concord::eps::signing {

/// One line for each thing the digest covers that a person can read: prescription id, time, author
/// and organisation, patient, and for each item its name, quantity and dosage. Made from the very
/// fragments that are hashed. Lines end with a line feed but the last.
std::string display_text(const tree::Document& document, const SignedParts& parts);

}  // namespace concord::eps::signing
