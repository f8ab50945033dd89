// Finding resources: the shared SQL on connections for reading.
#include "gateway/store/sqlite/detail/search.h"

#include "gateway/store/sqlite/detail/resource_rows.h"
#include "gateway/store/sqlite/detail/resources.h"

namespace concord::store::sqlite {

namespace {

constexpr int kStepsBetweenLooks = 4000;  // of SQLite's machine: some tens of microseconds
constexpr std::chrono::milliseconds kGuardTime{1000};
constexpr std::chrono::milliseconds kPagesKept = std::chrono::hours{1};

Result<sql::CursorRules> rules_now(Connection& db, Instant now) {
  CONCORD_ASSIGN(const auto version, db.number("SELECT version FROM resource_index WHERE one = 1"));
  return sql::CursorRules{version.value_or(0), now, kPagesKept};
}

}  // namespace

SqliteRunner::~SqliteRunner() {
  if (bounded_) sqlite3_progress_handler(db_->handle(), 0, nullptr, nullptr);
}

void SqliteRunner::stop_after(std::chrono::milliseconds time) {
  until_ = std::chrono::steady_clock::now() + time;
  bounded_ = true;
  sqlite3_progress_handler(db_->handle(), kStepsBetweenLooks, &SqliteRunner::looked_at, this);
}

int SqliteRunner::looked_at(void* self) {
  return std::chrono::steady_clock::now() >= static_cast<SqliteRunner*>(self)->until_ ? 1 : 0;
}

Result<std::int64_t> SqliteRunner::number(const sql::Statement& statement) {
  CONCORD_ASSIGN(Query row, db_->query(statement));
  CONCORD_ASSIGN(const bool found, row.next());
  return found ? row.integer(0) : std::int64_t{0};
}

Result<std::vector<std::int64_t>> SqliteRunner::numbers(const sql::Statement& statement) {
  CONCORD_ASSIGN(Query row, db_->query(statement));
  std::vector<std::int64_t> found;
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return found;
    found.push_back(row.integer(0));
  }
}

Result<void> SqliteRunner::rows(const sql::Statement& statement,
                                const std::vector<sql::ColumnType>& sort,
                                std::vector<sql::FoundRow>& found) {
  CONCORD_ASSIGN(Query row, db_->query(statement));
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return {};
    sql::FoundRow& one = found.emplace_back();
    CONCORD_ASSIGN(one.row, resource_row(row));
    one.place = row.integer(0);
    int column = sql::kResourceColumnCount;
    for (const sql::ColumnType type : sort) {
      switch (type) {
        case sql::ColumnType::integer:
          one.sort.emplace_back(row.integer(column));
          break;
        case sql::ColumnType::real:
          one.sort.emplace_back(row.real(column));
          break;
        case sql::ColumnType::text:
          one.sort.emplace_back(row.text(column));
          break;
      }
      ++column;
    }
  }
}

Result<bool> guard_holds(Connection& db, const Guard& guard) {
  SqliteRunner runner(db);
  runner.stop_after(kGuardTime);
  return sql::guard_holds(guard, sql::kSqlite, runner);
}

Result<ResourcePage> SqliteResources::search(const ResourceSearch& search) {
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  CONCORD_ASSIGN(const ReadTransaction moment, ReadTransaction::begin(*db));
  SqliteRunner runner(*db);
  const Instant now = clock_();
  if (search.deadline != Instant{}) runner.stop_after(search.deadline - now);
  CONCORD_ASSIGN(const sql::CursorRules rules, rules_now(*db, now));
  return sql::find_page(search, sql::kSqlite, runner, rules);
}

Result<std::vector<ResourceRow>> SqliteResources::linked(const LinkedSearch& search) {
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  SqliteRunner runner(*db);
  return sql::find_linked(search, sql::kSqlite, runner);
}

Result<ResourcePage> SqliteResources::history(const HistorySearch& search) {
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  CONCORD_ASSIGN(const ReadTransaction moment, ReadTransaction::begin(*db));
  SqliteRunner runner(*db);
  CONCORD_ASSIGN(const sql::CursorRules rules, rules_now(*db, clock_()));
  return sql::find_history(search, sql::kSqlite, runner, rules);
}

}  // namespace concord::store::sqlite
