#include "tests/gateway/store/stores.h"

#include <sqlite3.h>

#include "gateway/store/postgresql/maintenance.h"
#include "gateway/store/postgresql/postgresql_store.h"
#include "gateway/store/sqlite/maintenance.h"
#include "gateway/store/sqlite/sqlite_store.h"
#include "tests/support/files.h"
#include "tests/support/postgres_cluster.h"

namespace concord::test {
namespace {

class SqliteStage final : public Stage {
 public:
  explicit SqliteStage(Clock clock) : clock_(std::move(clock)) {}

  Result<std::unique_ptr<store::Store>> open(const StepHook& on_step) override {
    store::sqlite::Options options;
    options.path = path();
    options.on_step = on_step;
    return store::sqlite::open(options, clock_);
  }
  Result<std::unique_ptr<store::Inspection>> inspect() override {
    CONCORD_ASSIGN(store::sqlite::Inspection inspection, store::sqlite::Inspection::open(path()));
    return std::unique_ptr<store::Inspection>(
        std::make_unique<store::sqlite::Inspection>(std::move(inspection)));
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

class PostgresqlStage final : public Stage {
 public:
  explicit PostgresqlStage(Clock clock)
      : database_(PostgresCluster::shared()->make_database()), clock_(std::move(clock)) {}

  Result<std::unique_ptr<store::Store>> open(const StepHook& on_step) override {
    store::postgresql::Options options;
    options.connection = database_;
    options.on_step = on_step;
    return store::postgresql::open(options, clock_);
  }
  Result<std::unique_ptr<store::Inspection>> inspect() override {
    store::postgresql::Options options;
    options.connection = database_;
    return store::postgresql::inspect(options);
  }

  void execute(const std::string& sql) override { run(sql); }
  std::int64_t number(const std::string& sql) override { return std::stoll(run(sql)); }

 private:
  std::string run(const std::string& sql) {
    return PostgresCluster::shared()->sql(database_, "SET search_path = concord; " + sql);
  }

  std::string database_;
  Clock clock_;
};

StoreKind postgresql_kind() {
  if (PostgresCluster::shared() == nullptr) {
    return {"Postgresql", {}, "the Debian package postgresql is not installed"};
  }
  return {"Postgresql", [](const Clock& clock) { return std::make_unique<PostgresqlStage>(clock); },
          ""};
}

}  // namespace

std::vector<StoreKind> store_kinds() {
  return {
      {"Sqlite", [](const Clock& clock) { return std::make_unique<SqliteStage>(clock); }, ""},
      postgresql_kind(),
  };
}

}  // namespace concord::test
