#pragma once
/// The index of stored resources made anew, after parameters changed. Blocks; for a thread of its
/// own or a command.

#include <cstddef>
#include <functional>
#include <stop_token>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/search/parameters.h"
#include "gateway/store/store.h"

namespace concord::resources {

/// What a run did.
struct Reindexing {
  bool needed = false;           ///< the index was of other parameters
  bool finished = false;         ///< it is of these now
  std::size_t resources = 0;     ///< given new values
  std::size_t not_readable = 0;  ///< stored bodies that could not be read: they keep their values
};

/// Gives every current resource the values `parameters` extract, in batches of `batch`, and at the
/// end notes their version. Resources written meanwhile have theirs already. Interrupted, it begins
/// from the start next time. `always`: also when the version is the same.
/// Errors: those of the store.
Result<Reindexing> reindex(store::Resources& store, const search::Parameters& parameters,
                           const definitions::Definitions& definitions,
                           const std::stop_token& stop = {}, bool always = false,
                           std::size_t batch = 200);

}  // namespace concord::resources
