#pragma once
/// Another release of FHIR beside R4: STU3, R4B or R5, from its core package.

#include <filesystem>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/packages/registry.h"

namespace concord::packages {

/// The types of a release (primitives, data types, resources, with their elements, bindings and
/// invariants) from its core package: a .tgz or an unpacked folder. Reads StructureDefinitions of
/// types only; profiles, extensions and terminology of the release come with a Registry whose core
/// these definitions are. Give it the symbols of R4: then documents of both releases may stand in
/// one mapping, and tree, readers, writers and FHIRPath take whichever Definitions belong to the
/// document. One thread; what it returns may be read by any number.
///
/// Errors: those of read_archive; not_found (no such file or folder), invalid (no core package: no
/// StructureDefinition of Resource, or types that do not fit together), too_long (a bound).
/// Source: hl7.org/fhir/STU3/downloads.html, hl7.fhir.r3.core.
Result<definitions::Definitions> load_release(const std::filesystem::path& core_package,
                                              tree::Symbols& symbols, const Bounds& bounds = {});

}  // namespace concord::packages
