#pragma once
/// Tables of codes as ConceptMaps, for translate() in maps. Pure functions, safe from any thread.

#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"

namespace concord::eps {

/// tables/spine_codes.txt as three ConceptMaps a code system, named by the end of its OID:
///   …/table/eps/spine-codes/17.22        Spine's code to the published one, with system and text
///   …/table/eps/spine-issue-types/17.22  Spine's code to the FHIR issue type
///   …/table/eps/spine-texts/17.22        "spine" where Spine's own text counts, else "table"
/// all below https://concord.example. Errors: internal, naming the line. Source: eps.md section 14.
Result<std::vector<tree::Document>> spine_code_tables(std::string_view text,
                                                      definitions::Definitions& definitions);

/// tables/job_roles.txt as the ConceptMap https://concord.example/table/eps/job-roles: a code to
/// itself with its name; a code that is not listed has no name.
/// Errors: internal, naming the line. Source: eps.md section 10.2, PractitionerRole.code.
Result<tree::Document> job_role_table(std::string_view text, definitions::Definitions& definitions);

}  // namespace concord::eps
