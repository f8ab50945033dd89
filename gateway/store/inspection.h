#pragma once
/// A store under examination, also one in use: what `concord store check` looks at, the same for
/// every kind. Not thread-safe; sees one moment.

#include <cstdint>
#include <string>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/search/index.h"

namespace concord::store {

/// How much was looked at.
struct Looked {
  std::int64_t payloads = 0;
  std::int64_t resources = 0;
  std::int64_t versions = 0;  ///< older ones
  std::int64_t index_rows = 0;
};

class Inspection {
 public:
  virtual ~Inspection() = default;

  /// Everything that is wrong with references between rows, stored bytes and sums (and pages, where
  /// they are ours); one line each, with tables and numbers of rows, nothing of their content.
  /// Errors: transient.
  virtual Result<std::vector<std::string>> faults(Looked& looked) const = 0;

  /// What the index says of a resource (ResourceRow::row), in any order.
  /// Errors: not_found, transient.
  virtual Result<search::IndexValues> index_of(std::int64_t row) const = 0;

  /// Whether nothing goes out of the store until a person says so. Errors: transient.
  virtual Result<bool> in_quarantine() const = 0;

 protected:
  Inspection() = default;
  Inspection(Inspection&&) = default;
  Inspection& operator=(Inspection&&) = default;
};

/// The same values in one order and each once, so that two can be compared.
search::IndexValues in_order(search::IndexValues values);

}  // namespace concord::store
