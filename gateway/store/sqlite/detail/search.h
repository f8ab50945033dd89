#pragma once
/// The shared searches over a connection of SQLite.

#include <chrono>
#include <optional>

#include "gateway/store/sql/search_sql.h"
#include "gateway/store/sqlite/detail/connection.h"

namespace concord::store::sqlite {

/// Runs statements on one connection and stops them after a time: too_costly.
class SqliteRunner final : public sql::Runner {
 public:
  explicit SqliteRunner(Connection& db) : db_(&db) {}
  ~SqliteRunner() override;

  /// From now on. At most once.
  void stop_after(std::chrono::milliseconds time);

  Result<std::int64_t> number(const sql::Statement& statement) override;
  Result<std::vector<std::int64_t>> numbers(const sql::Statement& statement) override;
  Result<void> rows(const sql::Statement& statement, const std::vector<sql::ColumnType>& sort,
                    std::vector<sql::FoundRow>& found) override;

 private:
  static int looked_at(void* self);

  Connection* db_;
  std::chrono::steady_clock::time_point until_{};
  bool bounded_ = false;
};

/// In the writer's transaction. Errors: too_costly (a search that takes longer than the writer may
/// wait), those of the search.
Result<bool> guard_holds(Connection& db, const Guard& guard);

}  // namespace concord::store::sqlite
