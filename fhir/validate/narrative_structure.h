#pragma once
/// Which elements of a narrative may stand in which. Stateless, safe from any thread.
/// Source: HTML 4.01 chapters 9 to 13; hl7.org/fhir/R4/narrative.html.

#include "fhir/validate/context.h"
#include "fhir/xml/xhtml.h"

namespace concord::validate {

/// Reports at `div` what stands out of place; the same fault at the same path once.
void check_narrative_structure(const xml::Xhtml& narrative, const tree::Node& div,
                               Context& context);

}  // namespace concord::validate
