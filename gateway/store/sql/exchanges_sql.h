#pragma once
/// Searches of exchanges and their journeys as SQL, for both stores.

#include <optional>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/store/exchanges.h"
#include "gateway/store/sql/runner.h"
#include "gateway/store/sql/statement.h"

namespace concord::store::sql {

/// Runs statements in one read transaction, so that all of them see the same moment. One thread at
/// a time. Errors: those of the store.
class TableRunner {
 public:
  virtual ~TableRunner() = default;
  /// Every row, its columns as they are asked for. No column may be null.
  virtual Result<std::vector<std::vector<Value>>> table(const Statement& statement,
                                                        const std::vector<ColumnType>& columns) = 0;

 protected:
  TableRunner() = default;
  TableRunner(const TableRunner&) = delete;
  TableRunner& operator=(const TableRunner&) = delete;
};

/// How many rows a search looks at for one page, at most.
inline constexpr std::size_t kMostLookedAt = 20'000;

/// As Exchanges::search(). `most` bounds the rows looked at.
Result<ExchangePage> find_exchanges(const ExchangeSearch& search, const Dialect& dialect,
                                    TableRunner& runner, std::size_t most = kMostLookedAt);

/// As Exchanges::journey().
Result<std::optional<ExchangeJourney>> read_journey(std::string_view id, const Dialect& dialect,
                                                    TableRunner& runner);

}  // namespace concord::store::sql
