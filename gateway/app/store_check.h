#pragma once
/// `concord store check`: everything that can be wrong with a store, of either kind.

#include <functional>
#include <memory>
#include <string>

#include "fhir/search/parameters.h"
#include "gateway/app/checking.h"
#include "gateway/app/config.h"
#include "gateway/app/engine.h"
#include "gateway/store/inspection.h"
#include "gateway/store/store.h"

namespace concord::app {

/// The search parameters a configuration asks for, and what they stand on.
struct Searching {
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Checking> checking;
  std::unique_ptr<search::Parameters> parameters;
};
/// Errors: those of packages and of search parameters that do not compile.
Result<Searching> load_searching(const Config& config);

struct StoreCheck {
  const store::Inspection* inspection = nullptr;
  store::Store* store = nullptr;  ///< the same one, open for reading
  /// Where the store's changes stood before the inspection began (Resources::changed()): what
  /// changed behind it is not compared.
  std::string place;
  /// Loads what index rows are compared with; asked only when nothing else is wrong.
  std::function<Result<Searching>()> searching;
  bool all = false;  ///< the index rows of every resource, not of a sample
};

/// What was found, as lines for people: what was looked at, faults, the verdict.
struct StoreReport {
  std::string text;
  bool sound = false;
};

/// References, stored bytes and sums, the audit chain, index rows against the values of bodies.
/// Errors: those of the store; of `searching`.
Result<StoreReport> check_store(const StoreCheck& check);

}  // namespace concord::app
