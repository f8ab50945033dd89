#pragma once
/// The lexical form of one value, for whoever expects another type than the element has.

#include "fhir/validate/context.h"

namespace concord::validate {

/// Checks the value of `node` as one of the primitive `type`, with the findings of that type.
/// Nothing for types that are any text, and for nodes without value.
void check_primitive_as(const definitions::Type& type, const tree::Node& node, Context& context);

}  // namespace concord::validate
