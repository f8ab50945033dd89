#pragma once
/// Resources over PostgreSQL. resources.cpp holds what reads and writes single ones, search.cpp
/// what finds them.

#include <functional>

#include "gateway/store/postgresql/detail/pool.h"
#include "gateway/store/postgresql/detail/transaction.h"
#include "gateway/store/postgresql/detail/writer.h"
#include "gateway/store/resources.h"
#include "gateway/store/sql/search_sql.h"

namespace concord::store::postgresql {

class PostgresqlResources final : public Resources {
 public:
  /// Runs a call in a group.
  using Together = std::function<Result<void>(Call&)>;
  /// Runs work in a transaction of its own.
  using Alone = std::function<Result<void>(const std::function<Result<void>(Transaction&)>&)>;

  PostgresqlResources(Pool& readers, Together together, Alone alone, Clock clock)
      : readers_(&readers),
        together_(std::move(together)),
        alone_(std::move(alone)),
        clock_(std::move(clock)) {}

  Result<std::optional<ResourceRow>> read(std::string_view type, std::string_view id) override;
  Result<std::optional<ResourceRow>> read_version(std::string_view type, std::string_view id,
                                                  std::int64_t version) override;
  Result<std::vector<ResourceRow>> read_all(
      const std::vector<std::pair<std::string, std::string>>& types_and_ids) override;
  Result<ResourcesWritten> write(ResourceChanges changes) override;
  Result<ResourcePage> search(const ResourceSearch& search) override;
  Result<std::vector<ResourceRow>> linked(const LinkedSearch& search) override;
  Result<ResourcePage> history(const HistorySearch& search) override;
  Result<ResourcePage> changed(const std::string& cursor, const std::vector<std::string>& types,
                               std::size_t limit) override;
  Result<std::vector<ResourceCounts>> resource_counts() override;
  Result<std::int64_t> index_version() override;
  Result<void> set_index_version(std::int64_t version) override;
  Result<std::vector<ResourceRow>> rows_after(std::int64_t row, std::size_t limit) override;
  Result<void> reindex(std::vector<Reindexed> values) override;

 private:
  Pool* readers_;
  Together together_;
  Alone alone_;
  Clock clock_;
};

/// Reads the columns of sql::kResourceColumns. Errors: internal (damaged).
Result<ResourceRow> resource_at(const Rows& rows, int row);

/// The shared searches over one connection, inside a transaction.
class PostgresqlRunner final : public sql::Runner {
 public:
  explicit PostgresqlRunner(Connection& db) : db_(&db) {}

  /// From now on: what takes longer ends with too_costly.
  void stop_after(std::chrono::milliseconds time);

  Result<std::int64_t> number(const sql::Statement& statement) override;
  Result<std::vector<std::int64_t>> numbers(const sql::Statement& statement) override;
  Result<void> rows(const sql::Statement& statement, const std::vector<sql::ColumnType>& sort,
                    std::vector<sql::FoundRow>& found) override;

 private:
  Result<Rows> run(const sql::Statement& statement);

  Connection* db_;
  std::chrono::steady_clock::time_point until_{};
  bool bounded_ = false;
};

}  // namespace concord::store::postgresql
