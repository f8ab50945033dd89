#pragma once
/// The families of functions: each functions/X.cpp defines register_X(), found at configure time.

#include "fhir/path/function_table.h"

namespace concord::path {

namespace functions {
using Table = FunctionTable;
}

/// Adds every family. Generated from the folder.
void register_functions(functions::Table& table);

}  // namespace concord::path
