#pragma once
/// A generated definition as a document.

#include "fhir/snapshot/detail/store.h"

namespace concord::snapshot {

/// The definition with its snapshot. `everything`: with all members of the definition it was made
/// from, its differential with ids. `structure`: only what PackWriter reads.
/// Errors: too_long (over the limits of a document).
Result<tree::Document> write_definition(const Definition& definition, const Definition* base,
                                        const definitions::Definitions& definitions,
                                        Content content);

}  // namespace concord::snapshot
