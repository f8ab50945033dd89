#pragma once
/// What a profile asks of the narrative of its resources, by extensions of hl7.fhir.uv.extensions:
/// that each part says where it comes from, and in which languages it stands.
/// Source: hl7.org/fhir/extensions, narrative-source-control and narrative-language-control.

#include <string>
#include <vector>

#include "fhir/validate/context.h"

namespace concord::validate {

/// A plain value; empty asks for nothing.
struct NarrativeControl {
  bool source = false;
  std::vector<std::string> languages;  ///< "_no", "_yes", "_resource" or a language
  bool empty() const noexcept { return !source && languages.empty(); }
};

/// Reads them from a loaded profile, as published. Nothing when it cannot be read.
NarrativeControl read_narrative_control(const packages::Registry& registry,
                                        const packages::Entry& entry);

/// Checks the narrative of one resource, when it has one.
void check_narrative_control(const NarrativeControl& control, const tree::Node& resource,
                             Context& context);

}  // namespace concord::validate
