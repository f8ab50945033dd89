// Searches of exchanges and journeys are answered from indexes, and look at a bounded number of
// rows.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "gateway/store/sql/exchanges_sql.h"
#include "tests/gateway/store/fixture.h"

namespace concord::test {
namespace {

using store::ExchangeSearch;
using store::ExchangeState;
using store::sql::ColumnType;
using store::sql::Statement;
using store::sql::Value;
using testing::HasSubstr;
using testing::Not;

/// Runs statements on the file and keeps what SQLite says of how it would go about them.
class Plans final : public store::sql::TableRunner {
 public:
  explicit Plans(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &database_), SQLITE_OK);
  }
  ~Plans() override { sqlite3_close(database_); }

  Result<std::vector<std::vector<Value>>> table(const Statement& statement,
                                                const std::vector<ColumnType>& columns) override {
    for (const auto& row :
         run({"EXPLAIN QUERY PLAN " + statement.text, statement.values},
             {ColumnType::integer, ColumnType::integer, ColumnType::integer, ColumnType::text})) {
      lines.push_back(std::get<std::string>(row[3]) + "   of: " + statement.text);
    }
    ++statements;
    auto rows = run(statement, columns);
    read += rows.size();
    return rows;
  }

  std::vector<std::string> lines;
  std::size_t statements = 0;
  std::size_t read = 0;

 private:
  std::vector<std::vector<Value>> run(const Statement& statement,
                                      const std::vector<ColumnType>& columns) {
    sqlite3_stmt* made = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database_, statement.text.c_str(), -1, &made, nullptr), SQLITE_OK)
        << statement.text << ": " << sqlite3_errmsg(database_);
    for (std::size_t i = 0; i < statement.values.size(); ++i) {
      const int at = static_cast<int>(i) + 1;
      if (const auto* number = std::get_if<std::int64_t>(&statement.values[i])) {
        sqlite3_bind_int64(made, at, *number);
      } else {
        const auto& text = std::get<std::string>(statement.values[i]);
        sqlite3_bind_text(made, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
      }
    }
    std::vector<std::vector<Value>> rows;
    while (sqlite3_step(made) == SQLITE_ROW) {
      std::vector<Value>& row = rows.emplace_back();
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const int column = static_cast<int>(i);
        EXPECT_NE(sqlite3_column_type(made, column), SQLITE_NULL) << statement.text;
        if (columns[i] == ColumnType::integer) {
          row.emplace_back(static_cast<std::int64_t>(sqlite3_column_int64(made, column)));
        } else {
          const auto* bytes = static_cast<const char*>(sqlite3_column_blob(made, column));
          row.emplace_back(
              std::string(bytes == nullptr ? "" : bytes,
                          static_cast<std::size_t>(sqlite3_column_bytes(made, column))));
        }
      }
    }
    sqlite3_finalize(made);
    return rows;
  }

  sqlite3* database_ = nullptr;
};

class ExchangePlans : public SqliteStoreTest {
 protected:
  void SetUp() override {
    store_ = open();
    for (int i = 0; i < 60; ++i) {
      store::NewExchange exchange = sample_exchange(std::to_string(i), "spine", "flow");
      exchange.accepted_at = at(i);
      ASSERT_THAT(store_->commit(exchange), IsOk());
    }
    plans_ = std::make_unique<Plans>(options().path.string());
  }

  /// Walks of an index in its own order are meant; walks of a table, and sorting, are not.
  void expect_from_indexes(std::size_t sorted = 0) {
    std::size_t sorts = 0;
    for (const std::string& line : plans_->lines) {
      const std::string plan = line.substr(0, line.find("   of: "));
      const bool walk = plan.starts_with("SCAN") && plan.find("USING") == std::string::npos &&
                        plan.find("CONSTANT ROW") == std::string::npos && plan != "SCAN e";
      EXPECT_FALSE(walk) << line;
      sorts += plan.find("TEMP B-TREE") != std::string::npos ? 1 : 0;
    }
    EXPECT_LE(sorts, sorted) << testing::PrintToString(plans_->lines);
    plans_->lines.clear();
  }

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Plans> plans_;
};

TEST_F(ExchangePlans, EachThingThatCanBeAskedIsFoundInAnIndex) {
  const std::vector<ExchangeSearch> searches{
      {},
      {.sender = "X99001"},
      {.message_kind = "sample-order"},
      {.subject = "flow"},
      {.destination = "spine"},
      {.states = {ExchangeState::dead, ExchangeState::open}},
      {.states = {ExchangeState::delivered}},
      {.states = {ExchangeState::open}, .sender = "X99001", .destination = "spine"},
      {.since = at(5), .before = at(50)},
      {.states = {ExchangeState::open}, .since = at(5), .before = at(50)}};
  for (const ExchangeSearch& search : searches) {
    ASSERT_THAT(store::sql::find_exchanges(search, store::sql::kSqlite, *plans_), IsOk());
    expect_from_indexes();
  }
  const std::vector<ExchangeSearch> named{
      {.task = "task-5"},
      {.request_id = "request-5"},
      {.message_id = "message-5"},
      {.sender = "X99001", .destination = "spine", .message_id = "message-5"}};
  for (const ExchangeSearch& search : named) {
    const auto page = store::sql::find_exchanges(search, store::sql::kSqlite, *plans_);
    ASSERT_THAT(page, IsOk());
    EXPECT_EQ(page->exchanges.size(), 1u);
    expect_from_indexes(1);  // the few that were named
  }
}

TEST_F(ExchangePlans, AJourneyIsReadFromIndexes) {
  const auto journey = store::sql::read_journey("exchange-5", store::sql::kSqlite, *plans_);
  ASSERT_THAT(journey, IsOk());
  ASSERT_TRUE(journey->has_value());
  expect_from_indexes();
}

TEST_F(ExchangePlans, ASearchThatFindsLittleEndsAtItsBoundAndGoesOnFromThere) {
  ExchangeSearch search{.sender = "X99001", .destination = "nowhere", .limit = 5};
  const auto first = store::sql::find_exchanges(search, store::sql::kSqlite, *plans_, 40);
  ASSERT_THAT(first, IsOk());
  EXPECT_TRUE(first->exchanges.empty());
  EXPECT_EQ(first->looked_back_to, at(20));
  ASSERT_NE(first->next, "");

  search.cursor = first->next;
  const auto second = store::sql::find_exchanges(search, store::sql::kSqlite, *plans_, 40);
  ASSERT_THAT(second, IsOk());
  EXPECT_TRUE(second->exchanges.empty());
  EXPECT_FALSE(second->looked_back_to);
  EXPECT_EQ(second->next, "");
}

TEST_F(ExchangePlans, AFullPageReadsHardlyMoreThanItShows) {
  const auto page = store::sql::find_exchanges({.limit = 10}, store::sql::kSqlite, *plans_);
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->exchanges.size(), 10u);
  EXPECT_EQ(plans_->statements, 3u);
  EXPECT_LE(plans_->read, 31u);  // candidates with one more, exchanges, items
}

}  // namespace
}  // namespace concord::test
