#pragma once
/// Organisations as messages write them. Pure function, safe from any thread.

#include "conformance/simulators/spine/requests.h"

namespace concord::spine {

/// A representedOrganization.
Party read_party(const tree::Document& document, const tree::Node& organisation);

}  // namespace concord::spine
