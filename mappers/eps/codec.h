#pragma once
/// Tree to HL7 v3 XML. Pure functions, safe from any thread over different documents.

#include <string>

#include "fhir/core/result.h"
#include "fhir/tree/builder.h"
#include "fhir/tree/document.h"

namespace concord::eps {

/// Reads the XML text of the message's signatureText, if it has one, and puts its elements in the
/// place of the text. White space between elements goes, so that the signature is laid out like the
/// rest; its digest does not cover it. Elements without a namespace get their parent's, which is how
/// they are written. Errors: invalid with INVALID_VALUE (not well-formed XML; no
/// expression: the target has none of FHIR), too_long.
Result<void> embed_signature(tree::Builder& builder, tree::Node& root);

/// The bytes of a message: declaration, two spaces a level, xmlns first, the other attributes
/// sorted, no line feed at the end. Source: eps.md section 3.2.
/// Errors: invalid with INVALID_VALUE (a character XML cannot carry), too_long.
Result<std::string> write_message(const tree::Document& message);

}  // namespace concord::eps
