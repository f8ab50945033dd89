#pragma once
/// What is wrong with packages before anybody validates with them.

#include <vector>

#include "fhir/core/result.h"
#include "fhir/packages/registry.h"

namespace concord::packages {

/// Looks at every loaded resource; thread-safe as the reading of a registry is.
///
/// Errors: a resource that cannot be read or told in tables; a canonical with the same version
/// twice in one package. Warnings: the same in two packages; a canonical that a
/// StructureDefinition, ValueSet, CodeSystem or ConceptMap names and nobody defines (once each;
/// cross-version extensions `http://hl7.org/fhir/5.0/StructureDefinition/extension-…` are made when
/// needed and not counted; code systems outside HL7 neither, as they are rarely published as
/// resources). `Issue::expression` is "package: file".
std::vector<Issue> check(const Registry& registry);

}  // namespace concord::packages
