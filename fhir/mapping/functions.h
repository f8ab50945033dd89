#pragma once
/// FHIRPath functions the mapping language adds. Internal to the room.

#include "fhir/path/function_table.h"

namespace concord::mapping {

/// `fail(code, text)`: ends the run with Error invalid, `code` as detail_code; it points at the
/// node it was called on.
void add_functions(path::FunctionTable& table);

}  // namespace concord::mapping
