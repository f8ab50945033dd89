#pragma once
/// Extensions on ElementDefinitions, and what is special about elements that are extensions.

#include <string_view>

#include "fhir/snapshot/detail/run.h"

namespace concord::snapshot {

/// Takes away what says something of the base only (its maturity, its committee …).
void drop_not_inherited(Run& run, Element& element);
/// Lays the extensions of `diff` over those of `element`: some replace, some are kept as the base
/// has them, the rest is added.
void merge_extensions(Element& element, const Element& diff);
bool is_inherited(std::string_view url);

/// value / url / open: how extensions are sliced when nobody says how.
const Slicing* extension_slicing(Run& run);
/// For an element that is an extension the prose of the type is of no use; true when it is one.
bool simplify_extension(Run& run, Element& element);

/// Constraints that state no source get it: where they were first seen.
void state_constraint_sources(Element& element, std::string_view url);

}  // namespace concord::snapshot
