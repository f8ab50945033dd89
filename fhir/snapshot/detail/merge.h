#pragma once
/// One entry of a differential laid over one element.

#include "fhir/snapshot/detail/run.h"

namespace concord::snapshot {

/// Lays `diff` over `element`, which starts as the base has it. `source`: the definition the base
/// element belongs to. `within_slice`: the element repeats what its slicer said already, so that
/// mustSupport may differ.
/// Errors: a type the base does not allow, isSummary changed, a profile without elements.
Result<void> merge_into(Run& run, Element& element, Element& diff, const Definition& source,
                        bool within_slice);

/// Fills what an element taken from a profile's root leaves open with what the base element says.
void complete_from(Element& element, const Element& base);

/// Whether a profile may stand where the types are wanted; `inner` names an element of it in its
/// place.
bool profile_fits(Run& run, const Definition& profile, const std::vector<TypeRef>& types,
                  std::string_view inner);

/// Each type of the differential against those of the base; extensions of the base's types that
/// profiles inherit are carried over.
Result<void> merge_types(Run& run, Element& element, const Element& diff, const Definition& source);

/// The FHIR type of fixed[x] or pattern[x], by its name.
std::string type_of_value(Store& store, const Part& part);

}  // namespace concord::snapshot
