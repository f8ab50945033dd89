#pragma once
/// Which resources of R4 are known by a canonical url. Pure, safe from any thread.
/// Source: hl7.org/fhir/R4/references.html#canonical.

#include <algorithm>
#include <array>
#include <string_view>

namespace concord::validate {

/// "ValueSet": a resource of that type has a canonical url of its own.
inline bool has_canonical_url(std::string_view resource_type) {
  static constexpr std::array<std::string_view, 29> kTypes{"ActivityDefinition",
                                                           "CapabilityStatement",
                                                           "ChargeItemDefinition",
                                                           "CodeSystem",
                                                           "CompartmentDefinition",
                                                           "ConceptMap",
                                                           "EffectEvidenceSynthesis",
                                                           "EventDefinition",
                                                           "Evidence",
                                                           "EvidenceVariable",
                                                           "ExampleScenario",
                                                           "GraphDefinition",
                                                           "ImplementationGuide",
                                                           "Library",
                                                           "Measure",
                                                           "MessageDefinition",
                                                           "NamingSystem",
                                                           "OperationDefinition",
                                                           "PlanDefinition",
                                                           "Questionnaire",
                                                           "ResearchDefinition",
                                                           "ResearchElementDefinition",
                                                           "RiskEvidenceSynthesis",
                                                           "SearchParameter",
                                                           "StructureDefinition",
                                                           "StructureMap",
                                                           "TerminologyCapabilities",
                                                           "TestScript",
                                                           "ValueSet"};
  return std::binary_search(kTypes.begin(), kTypes.end(), resource_type);
}

}  // namespace concord::validate
