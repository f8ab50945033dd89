#pragma once
/// generate() over any source of definitions.

#include "fhir/snapshot/detail/store.h"

namespace concord::snapshot {

Result<Generated> generate_from(Source& source, const tree::Document& structure_definition,
                                const definitions::Definitions& definitions,
                                const GenerateOptions& options);

}  // namespace concord::snapshot
