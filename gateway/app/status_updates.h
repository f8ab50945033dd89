#pragma once
/// Statuses of prescription items: read by the EPS room, kept by the store, answered as the
/// national service answers. Source: eps.md section 16.

#include <functional>
#include <string>

#include "fhir/core/instant.h"
#include "fhir/core/result.h"
#include "fhir/tree/document.h"
#include "gateway/api/services.h"
#include "gateway/store/store.h"

namespace concord::app {

/// Safe from any thread. Everything it was made with must outlive it.
class StatusUpdates {
 public:
  StatusUpdates(store::Store& store, const tree::Symbols& symbols, tree::Limits limits, Clock clock,
                std::string node)
      : store_(store),
        symbols_(symbols),
        limits_(limits),
        clock_(std::move(clock)),
        node_(std::move(node)) {}

  /// All entries are stored, or none: 201 when all are good, 400 when one is not, 409 when one was
  /// stored before under the same task and prescription by another request, 200 when there are
  /// none. The same request sent again is answered as the first time.
  /// Errors: malformed, invalid, too_long (the body cannot be read), transient (the store).
  Result<api::StatusAnswer> record(const api::StatusRequest& request) const;

  /// {"items":[…]}, at most 1,000, the latest first. Errors: those of the store.
  Result<std::string> current(const api::StatusQuestion& question) const;

 private:
  store::Store& store_;
  const tree::Symbols& symbols_;
  tree::Limits limits_;
  Clock clock_;
  std::string node_;
};

}  // namespace concord::app
