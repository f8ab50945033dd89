#pragma once
/// Units of measure, for rooms beside FHIRPath. Pure functions, safe from any thread.
/// Source: ucum.org, The Unified Code for Units of Measure, case sensitive form.

#include <string_view>

namespace concord::path {

/// Whether a text is a UCUM code of units held here: "mg/dL", "10*3/uL", "{tablet}".
bool is_ucum(std::string_view code);

}  // namespace concord::path
