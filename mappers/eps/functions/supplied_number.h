#pragma once
/// Which number a supply had before it became part of a line. Pure functions, safe from any thread.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/tree/document.h"

namespace concord::eps {

/// The number of the MedicationDispense a `component` of a pertinentSuppliedLineItem stems from.
/// A line has the number of its first supply; those of later ones are among `listed`, the numbers
/// of the care record in their order, which each line takes its own out of. Fewer numbers than
/// supplies: the number of the line.
/// Source: eps.md section 11, last paragraph.
std::string supplied_number(const tree::Document& document, const tree::Node& component,
                            const std::vector<std::string>& listed);

}  // namespace concord::eps
