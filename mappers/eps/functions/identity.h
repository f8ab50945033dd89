#pragma once
/// Identities of what a translation makes. Pure functions, safe from any thread.

#include <string>
#include <string_view>

#include "fhir/tree/document.h"

namespace concord::eps {

/// The identity of the `what` ("Patient") that is made from an element: a version 5 UUID below
/// `seed`, of where the element stands. The same element with the same `what` and seed has the same
/// identity, wherever it is asked for; another element another.
std::string new_id(const tree::Document& document, const tree::Node& element, std::string_view seed,
                   std::string_view what);

}  // namespace concord::eps
