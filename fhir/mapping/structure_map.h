#pragma once
/// Maps as StructureMap resources, and as text in one form. Pure functions, safe from any thread.
///
/// MapSet::compile takes a StructureMap in JSON or XML wherever it takes a text; what is here turns
/// one into the other. Source: hl7.org/fhir/R4/structuremap.html,
/// hl7.org/fhir/R5/structuremap.html, hl7.org/fhir/R5/mapping-language.html; README.md says what
/// has no place in which form.

#include <string>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/mapping/map_set.h"
#include "fhir/tree/document.h"

namespace concord::mapping {

/// Which release's StructureMap is written. Both are read.
enum class ResourceForm : std::uint8_t {
  r4,  ///< dependent.variable, defaultValue[x], constants as extension of R5's element
  r5,  ///< dependent.parameter, defaultValue, const
};

/// The text of a map: two spaces of indent, one rule a line, comments before what they are about.
/// The same for a text, for the StructureMap made of it, and for itself. `not_carried` gets a
/// warning for each element of a resource a text has no place for (contact, useContext, meta …).
///
/// Errors: malformed (syntax; position, and detail_code = code of the finding), invalid (a resource
/// that is no StructureMap or says what no map can), too_long.
Result<std::string> to_text(const MapSource& source, const MapLimits& limits = {},
                            std::vector<Issue>* not_carried = nullptr);

/// A StructureMap resource. Concept maps of the map become contained ConceptMaps, comments
/// `documentation`. A status nobody gave is "draft", a name nobody gave the last part of the url.
/// Errors: those of to_text; too_long also for the nodes of the resource.
Result<tree::Document> to_resource(const MapSource& source, const tree::Symbols& symbols,
                                   ResourceForm form = ResourceForm::r4,
                                   const MapLimits& limits = {},
                                   std::vector<Issue>* not_carried = nullptr);

}  // namespace concord::mapping
