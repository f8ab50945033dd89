#include "tests/gateway/store/stores.h"

#include <sqlite3.h>

#include "gateway/store/sqlite/sqlite_store.h"
#include "tests/support/files.h"

namespace concord::test {
namespace {

class SqliteStage final : public Stage {
 public:
  explicit SqliteStage(Clock clock) : clock_(std::move(clock)) {}

  Result<std::unique_ptr<store::Store>> open() override {
    store::sqlite::Options options;
    options.path = path();
    return store::sqlite::open(options, clock_);
  }

  void execute(const std::string& sql) override {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  std::int64_t number(const std::string& sql) override {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
    std::int64_t value = -1;
    if (sqlite3_step(statement) == SQLITE_ROW) value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return value;
  }

 private:
  std::filesystem::path path() const { return folder_.path() / "concord.db"; }

  TemporaryFolder folder_;
  Clock clock_;
};

}  // namespace

std::vector<StoreKind> store_kinds() {
  return {
      {"Sqlite", [](const Clock& clock) { return std::make_unique<SqliteStage>(clock); }, ""},
  };
}

}  // namespace concord::test
