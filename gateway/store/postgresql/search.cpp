// Finding resources: the shared SQL on connections for reading.
#include "gateway/store/postgresql/detail/resources.h"
#include "gateway/store/postgresql/detail/values_of.h"

namespace concord::store::postgresql {

namespace {

constexpr std::chrono::milliseconds kPagesKept = std::chrono::hours{1};
/// All statements of one search see the same moment.
constexpr std::string_view kOneMoment = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

Result<sql::CursorRules> rules_now(sql::Runner& runner, Instant now) {
  CONCORD_ASSIGN(const std::int64_t version,
                 runner.number({"SELECT version FROM resource_index WHERE one = 1", {}}));
  return sql::CursorRules{version, now, kPagesKept};
}

Error too_costly() {
  return make_error(ErrorCode::too_costly, "the search took longer than it may");
}

sql::Value value_at(const Rows& rows, int row, int column, sql::ColumnType type) {
  switch (type) {
    case sql::ColumnType::integer:
      return rows.integer(row, column);
    case sql::ColumnType::real:
      return rows.real(row, column);
    case sql::ColumnType::text:
      break;
  }
  return rows.text(row, column);
}

}  // namespace

void PostgresqlRunner::stop_after(std::chrono::milliseconds time) {
  until_ = std::chrono::steady_clock::now() + time;
  bounded_ = true;
}

Result<Rows> PostgresqlRunner::run(const sql::Statement& statement) {
  Batch batch;
  if (bounded_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) return too_costly();
    batch.add("SELECT set_config('statement_timeout', $1, true)", std::to_string(left.count()));
  }
  batch.add_values(statement.text, values_of(statement));
  auto rows = db_->run(batch);
  if (!rows) {
    if (bounded_ && db_->last_state() == state::kCanceled) return too_costly();
    return std::move(rows).error();
  }
  return std::move(rows->back());
}

Result<std::int64_t> PostgresqlRunner::number(const sql::Statement& statement) {
  CONCORD_ASSIGN(const Rows rows, run(statement));
  return rows.empty() ? std::int64_t{0} : rows.integer(0, 0);
}

Result<std::vector<std::int64_t>> PostgresqlRunner::numbers(const sql::Statement& statement) {
  CONCORD_ASSIGN(const Rows rows, run(statement));
  std::vector<std::int64_t> found;
  for (int row = 0; row < rows.size(); ++row) found.push_back(rows.integer(row, 0));
  return found;
}

Result<void> PostgresqlRunner::rows(const sql::Statement& statement,
                                    const std::vector<sql::ColumnType>& sort,
                                    std::vector<sql::FoundRow>& found) {
  CONCORD_ASSIGN(const Rows rows, run(statement));
  for (int row = 0; row < rows.size(); ++row) {
    sql::FoundRow& one = found.emplace_back();
    CONCORD_ASSIGN(one.row, resource_at(rows, row));
    one.place = rows.integer(row, 0);
    int column = sql::kResourceColumnCount;
    for (const sql::ColumnType type : sort) {
      one.sort.push_back(value_at(rows, row, column++, type));
    }
  }
  return {};
}

Result<ResourcePage> PostgresqlResources::search(const ResourceSearch& search) {
  const Instant now = clock_();
  return readers_->with<ResourcePage>(kOneMoment, [&](Connection& db) -> Result<ResourcePage> {
    PostgresqlRunner runner(db);
    if (search.deadline != Instant{}) runner.stop_after(search.deadline - now);
    CONCORD_ASSIGN(const sql::CursorRules rules, rules_now(runner, now));
    return sql::find_page(search, sql::kPostgresql, runner, rules);
  });
}

Result<std::vector<ResourceRow>> PostgresqlResources::linked(const LinkedSearch& search) {
  using All = std::vector<ResourceRow>;
  return readers_->with<All>("", [&](Connection& db) -> Result<All> {
    PostgresqlRunner runner(db);
    return sql::find_linked(search, sql::kPostgresql, runner);
  });
}

Result<ResourcePage> PostgresqlResources::history(const HistorySearch& search) {
  const Instant now = clock_();
  return readers_->with<ResourcePage>(kOneMoment, [&](Connection& db) -> Result<ResourcePage> {
    PostgresqlRunner runner(db);
    CONCORD_ASSIGN(const sql::CursorRules rules, rules_now(runner, now));
    return sql::find_history(search, sql::kPostgresql, runner, rules);
  });
}

}  // namespace concord::store::postgresql
