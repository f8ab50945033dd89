// On SQLite the usual searches walk indexes: no statement of theirs scans a table, and one that
// sorts has little to sort (a page, or a short list). Seen from outside, by what SQLite says of
// each statement it ran, so it holds for whatever SQL the store writes.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <mutex>
#include <utility>

#include "gateway/store/sqlite/sqlite_store.h"
#include "tests/gateway/store/plans/loaded.h"
#include "tests/load/searches.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::test {
namespace {

/// One statement as it ran.
struct Ran {
  std::string sql;
  int scanned = 0;  ///< steps of full scans, of tables or whole indexes
  int sorted = 0;   ///< sorts
  int steps = 0;    ///< of the virtual machine: a few dozen for each row it looks at
};

/// Hears of every statement of every connection this program opens.
class Ear {
 public:
  static Ear& shared() {
    static Ear ear;
    return ear;
  }
  std::vector<Ran> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ran_, {});
  }

 private:
  Ear() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&Ear::opened)); }

  static int opened(sqlite3* db, const char**, const void*) {
    sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, &Ear::ended, nullptr);
    return SQLITE_OK;
  }
  static int ended(unsigned, void*, void* of, void*) {
    auto* const statement = static_cast<sqlite3_stmt*>(of);
    const char* const sql = sqlite3_sql(statement);
    Ran ran{sql == nullptr ? "" : sql,
            sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1),
            sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_SORT, 1),
            sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1)};
    Ear& ear = shared();
    const std::lock_guard lock(ear.mutex_);
    ear.ran_.push_back(std::move(ran));
    return 0;
  }

  std::mutex mutex_;
  std::vector<Ran> ran_;
};

/// The store and what is in it, made once.
struct Stage {
  Stage() {
    Ear::shared();
    store::sqlite::Options options;
    options.path = file();
    auto opened = store::sqlite::open(options, system_clock());
    EXPECT_THAT(opened, IsOk());
    loaded = std::make_unique<Loaded>(*std::move(opened));
  }
  std::string file() const { return (folder.path() / "concord.db").string(); }

  TemporaryFolder folder;
  std::unique_ptr<Loaded> loaded;
};

Stage& stage() {
  static Stage all;
  return all;
}

/// How a statement was planned, for a message.
std::string plan_of(const std::string& sql) {
  sqlite3* db = nullptr;
  sqlite3_open(stage().file().c_str(), &db);
  sqlite3_stmt* statement = nullptr;
  std::string lines = sql + "\n";
  if (sqlite3_prepare_v2(db, ("EXPLAIN QUERY PLAN " + sql).c_str(), -1, &statement, nullptr) ==
      SQLITE_OK) {
    while (sqlite3_step(statement) == SQLITE_ROW) {
      lines += "  " +
               std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, 3))) + "\n";
    }
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return lines;
}

struct Asked {
  std::size_t found = 0;
  std::vector<Ran> ran;
};

Asked ask(const std::string& search) {
  Loaded& loaded = *stage().loaded;
  Ear::shared().take();
  const std::size_t found = loaded.ask(search);
  return {found, Ear::shared().take()};
}

/// A page, or the list a statement made for itself, may be walked; no table has so few rows.
constexpr int kFewRows = 200;

void expect_no_scan(const std::string& search, const Asked& asked) {
  EXPECT_FALSE(asked.ran.empty());
  for (const Ran& ran : asked.ran) {
    EXPECT_LT(ran.scanned, kFewRows) << search << "\n" << plan_of(ran.sql);
  }
}

/// What the statements that sorted took at most.
int most_steps_of_sorts(const Asked& asked) {
  int most = 0;
  for (const Ran& ran : asked.ran) {
    if (ran.sorted != 0) most = std::max(most, ran.steps);
  }
  return most;
}

/// To put a row into a sorter and take it out again are some ten steps: this is less than the many
/// Tasks would take.
constexpr int kLittle = 10'000;

std::string sorted_statements(const Asked& asked) {
  std::string text;
  for (const Ran& ran : asked.ran) {
    if (ran.sorted != 0) text += std::to_string(ran.steps) + " steps: " + plan_of(ran.sql);
  }
  return text;
}

TEST(SqlitePlans, OfTheUsualSearchesScanNothingAndSortLittle) {
  ASSERT_EQ(load::usual_searches().size(), 10u);
  for (const load::Search& search : load::usual_searches()) {
    for (std::uint64_t turn = 0; turn < 3; ++turn) {
      const std::string query = search.target(turn, kPatients);
      const Asked asked = ask(query);
      expect_no_scan(query, asked);
      EXPECT_LT(most_steps_of_sorts(asked), kLittle) << query << "\n" << sorted_statements(asked);
    }
  }
}

TEST(SqlitePlans, OfAnOrderOverManyWalkTheIndexOfItsValues) {
  const std::string query = kManyByValue;
  const Asked asked = ask(query);
  EXPECT_EQ(asked.found, 20u);
  expect_no_scan(query, asked);
  EXPECT_LT(most_steps_of_sorts(asked), kLittle) << sorted_statements(asked);
}

TEST(SqlitePlans, OfManyInTheOrderOfChangesReadThePageOffTheIndex) {
  const std::string query = kManyByChange;
  const Asked asked = ask(query);
  EXPECT_EQ(asked.found, 20u);
  expect_no_scan(query, asked);
  EXPECT_LT(most_steps_of_sorts(asked), kLittle) << sorted_statements(asked);
}

TEST(SqlitePlans, OfADayReadNothingBehindIt) {
  const Asked asked = ask(kBeforeAll);
  EXPECT_EQ(asked.found, 0u);
  for (const Ran& ran : asked.ran) EXPECT_LT(ran.steps, 500) << plan_of(ran.sql);
}

TEST(SqlitePlans, ThatScanOrSortAreSeenByThisTest) {
  const std::string file = stage().file();
  Ear::shared().take();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(
                db, "SELECT id FROM resource WHERE body = 'x' ORDER BY id DESC",
                [](void*, int, char**, char**) { return 0; }, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
  const std::vector<Ran> ran = Ear::shared().take();
  ASSERT_FALSE(ran.empty());
  EXPECT_GT(ran.back().scanned, 1000);
  EXPECT_EQ(ran.back().sorted, 1);
  // Two keys are no walk along one index: all of the many are sorted.
  const Asked sorted =
      ask("Task?owner=Practitioner/load-gp-busy&status=requested&_sort=-authored-on,_id&_count=20");
  EXPECT_GT(most_steps_of_sorts(sorted), 2 * kLittle);
}

}  // namespace
}  // namespace concord::test
