// concord store, as an operator runs it.
#include <gmock/gmock.h>

#include "gateway/store/postgresql/postgresql_store.h"
#include "gateway/store/sqlite/sqlite_store.h"
#include "tests/gateway/samples.h"
#include "tests/support/files.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/process.h"
#include "tests/support/result_matchers.h"

namespace concord::app {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Runs the program, in a folder of the test's own.
class Commands : public ::testing::Test {
 protected:
  /// The exit status; what it said stands in `out_` and `err_`.
  int run(std::vector<std::string> arguments) {
    test::Process::Options options;
    options.environment = environment_;
    arguments.insert(arguments.begin(), "store");
    options.arguments = std::move(arguments);
    options.log = folder_.path() / "err";
    options.output = folder_.path() / "out";
    std::filesystem::remove(options.log);
    const int status = test::run(test::built_program("concord"), options, 60s).value_or(-1);
    out_ = test::read_file(folder_.path() / "out");
    err_ = test::read_file(folder_.path() / "err");
    return status;
  }

  test::TemporaryFolder folder_;
  std::map<std::string, std::string> environment_;  ///< added to our own
  std::string out_;
  std::string err_;
};

class StoreCommands : public Commands {
 protected:
  void SetUp() override {
    const auto store = open("a.db");
    ASSERT_THAT(store->commit(test::sample_exchange("a")), IsOk());
  }

  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }

  std::unique_ptr<store::Store> open(const std::string& name) {
    store::sqlite::Options options;
    options.path = at(name);
    auto opened = store::sqlite::open(options, system_clock());
    EXPECT_THAT(opened, IsOk());
    return opened ? std::move(*opened) : nullptr;
  }
};

TEST_F(StoreCommands, ABackupIsTakenFromAStoreInUseRestoredCheckedAndReleased) {
  {
    const auto in_use = open("a.db");
    EXPECT_EQ(run({"backup", "--store", at("a.db"), at("copy.db")}), 0) << err_;
    EXPECT_THAT(out_, HasSubstr("sha256 "));
    EXPECT_EQ(run({"check", "--store", at("a.db")}), 0) << out_ << err_;
    EXPECT_THAT(out_, HasSubstr("sound\n"));
    EXPECT_EQ(run({"backup", "--store", at("a.db"), at("copy.db")}), 1);
    EXPECT_EQ(run({"reindex", "--store", at("a.db")}), 1);
    EXPECT_THAT(err_, HasSubstr("another gateway has this store open"));
  }
  EXPECT_EQ(run({"restore", "--store", at("a.db"), at("copy.db")}), 1);
  EXPECT_THAT(err_, HasSubstr("--force"));
  EXPECT_EQ(run({"restore", "--force", "--store", at("a.db"), at("copy.db")}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("in quarantine"));
  EXPECT_TRUE(open("a.db")->lease(test::sample_lease("spine", test::at(9)))->empty());
  EXPECT_EQ(run({"release", "--store", at("a.db")}), 0) << err_;
  EXPECT_EQ(open("a.db")->lease(test::sample_lease("spine", test::at(9)))->size(), 1u);
}

TEST_F(StoreCommands, AQuarantineIsBegunByHandToo) {
  EXPECT_EQ(run({"quarantine", "--store", at("a.db")}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("in quarantine"));
  EXPECT_EQ(run({"quarantine", "--store", at("a.db")}), 0) << err_;
  EXPECT_EQ(out_, "this store was in quarantine already\n");
  EXPECT_TRUE(open("a.db")->lease(test::sample_lease("spine", test::at(9)))->empty());
  EXPECT_EQ(run({"release", "--store", at("a.db")}), 0) << err_;
  EXPECT_EQ(open("a.db")->lease(test::sample_lease("spine", test::at(9)))->size(), 1u);
}

TEST_F(StoreCommands, MigrateSaysWhatItWouldDoAndAStoreThatIsNotThereIsAnError) {
  EXPECT_EQ(run({"migrate", "--dry-run", "--store", at("a.db")}), 0);
  EXPECT_EQ(out_,
            "up to date: schema version " + std::to_string(store::sqlite::schema_version()) + "\n");
  EXPECT_EQ(run({"migrate", "--store", at("absent.db")}), 1);
  EXPECT_THAT(err_, HasSubstr("there is no store at this path"));
  EXPECT_FALSE(std::filesystem::exists(at("absent.db")));
  EXPECT_EQ(run({"migrate", "--no-such-option"}), 2);
}

// ---- the same on PostgreSQL ----

class DatabaseCommands : public Commands {
 protected:
  void SetUp() override {
    if (test::PostgresCluster::shared() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    database_ = test::PostgresCluster::shared()->make_database();
    environment_ = {{"CONCORD_STORE_KIND", "postgresql"}, {"CONCORD_STORE_CONNECTION", database_}};
  }

  std::unique_ptr<store::Store> open() {
    store::postgresql::Options options;
    options.connection = database_;
    auto opened = store::postgresql::open(options, system_clock());
    EXPECT_THAT(opened, IsOk());
    return opened ? std::move(*opened) : nullptr;
  }
  void execute(const std::string& sql) {
    test::PostgresCluster::shared()->sql(database_, "SET search_path = concord; " + sql);
  }

  std::string database_;
};

TEST_F(DatabaseCommands, MigrateSaysWhatItWouldDoAndDoesIt) {
  EXPECT_EQ(run({"check"}), 1);
  EXPECT_THAT(err_, HasSubstr("there is no store in this database"));
  const std::string version = std::to_string(store::postgresql::schema_version());
  EXPECT_EQ(run({"migrate", "--dry-run"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("would apply 0001_exchange.sql\n"));
  EXPECT_THAT(out_, HasSubstr("schema version 0 would become " + version));
  EXPECT_EQ(run({"check"}), 1) << "nothing was done";
  EXPECT_EQ(run({"migrate"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("schema version 0 is now " + version));
  EXPECT_EQ(run({"migrate"}), 0) << err_;
  EXPECT_EQ(out_, "up to date: schema version " + version + "\n");
}

TEST_F(DatabaseCommands, CheckComparesIndexRowsWithBodiesAlsoBesideAGateway) {
  const auto in_use = open();
  ASSERT_THAT(in_use->commit(test::sample_exchange("a")), IsOk());
  EXPECT_EQ(run({"check"}), 0) << out_ << err_;
  EXPECT_THAT(out_, HasSubstr("payloads 2, resources 1, older versions 0"));
  EXPECT_THAT(out_, HasSubstr("not compared; concord store reindex"));
  EXPECT_EQ(run({"reindex"}), 0) << err_;
  EXPECT_EQ(run({"check", "--all"}), 0) << out_ << err_;
  EXPECT_THAT(out_, HasSubstr("index: compared for 1 resources\nsound\n"));

  execute("INSERT INTO index_token (place, code, key, system) SELECT place, 1, 2, 3 FROM resource");
  EXPECT_EQ(run({"check", "--all"}), 1);
  EXPECT_THAT(out_, HasSubstr("fault: Task/task-a: is found by other values than it has\n"));
  EXPECT_THAT(out_, HasSubstr("not sound\n"));
}

TEST_F(DatabaseCommands, AQuarantineHoldsDeliveriesUntilTheRelease) {
  const auto in_use = open();
  ASSERT_THAT(in_use->commit(test::sample_exchange("a")), IsOk());
  EXPECT_EQ(run({"release"}), 0) << err_;
  EXPECT_EQ(out_, "this store is not in quarantine\n");
  EXPECT_EQ(run({"quarantine"}), 0) << err_;
  EXPECT_TRUE(in_use->lease(test::sample_lease("spine", test::at(9)))->empty());
  EXPECT_EQ(run({"check"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("in quarantine: nothing is delivered until concord store release"));
  EXPECT_EQ(run({"release"}), 0) << err_;
  EXPECT_EQ(in_use->lease(test::sample_lease("spine", test::at(9)))->size(), 1u);
  EXPECT_EQ(run({"backup", "copy"}), 2);
  EXPECT_THAT(err_, HasSubstr("pg_dump"));
}

}  // namespace
}  // namespace concord::app
