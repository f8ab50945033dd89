// The schema: made once, never downgraded, never mistaken for another's; the connection string.
#include <chrono>
#include <thread>

#include "tests/gateway/store/postgresql/fixture.h"
#include "tests/support/previous_schema.h"

namespace concord::test {
namespace {

using Schema = PostgresqlStoreTest;

TEST_F(Schema, IsMadeByTheFirstStartAndLeftAloneByTheNext) {
  ASSERT_NE(open(), nullptr);
  const auto links = number("SELECT count(*) FROM audit");
  ASSERT_NE(open(), nullptr);
  EXPECT_EQ(number("SELECT count(*) FROM audit"), links);
  EXPECT_EQ(number("SELECT max(version) FROM migration"), store::postgresql::schema_version());
}

TEST_F(Schema, IsBroughtUpToDateWhileOthersWriteAndEachChangeIsCountedOnce) {
  {
    const auto store = open();
    ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
    ASSERT_THAT(store->commit(sample_exchange("b")), IsOk());
  }
  ASSERT_TRUE(execute("SELECT name FROM migration ORDER BY version DESC LIMIT 1")
                  .ends_with(kPostgresqlLast));
  ASSERT_TRUE(cluster_->try_sql(database_, kPostgresqlUndo));
  // A change that began before the migration and is committed while that is applied.
  std::jthread other([this] {
    cluster_->sql(database_,
                  "UPDATE concord.outbox SET state = 6, due_at = NULL WHERE id = 'item-a'; "
                  "SELECT pg_sleep(1.5)");
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(500));

  const auto store = open();

  other.join();
  ASSERT_THAT(store->commit(sample_exchange("c")), IsOk());
  const auto counts = store->counts();
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->accepted, 3);
  EXPECT_EQ(counts->cancelled, 1) << "neither the migration nor its triggers counted it";
  EXPECT_EQ(counts->pending, 2);
  EXPECT_EQ(number("SELECT count(*) FROM migration WHERE version = 6"), 1);
}

TEST_F(Schema, OfANewerProgramIsRefusedAndLeftUntouched) {
  ASSERT_NE(open(), nullptr);
  const auto migrations = number("SELECT count(*) FROM migration");
  execute("INSERT INTO migration VALUES (9999, 'later', '', 0)");
  const auto opened = store::postgresql::open(options(), clock_.clock());
  ASSERT_THAT(opened, FailsWith(ErrorCode::conflict));
  EXPECT_NE(to_string(opened.error()).find("start the newer program"), std::string::npos);
  EXPECT_EQ(number("SELECT count(*) FROM migration"), migrations + 1);
}

TEST_F(Schema, WithAnotherMigrationUnderTheSameNumberIsRefused) {
  ASSERT_NE(open(), nullptr);
  execute("UPDATE migration SET checksum = '\\x00' WHERE version = 1");
  EXPECT_THAT(store::postgresql::open(options(), clock_.clock()), FailsWith(ErrorCode::conflict));
}

TEST_F(Schema, IsNotMadeByWhoOnlyLooks) {
  auto with = options();
  with.read_only = true;
  EXPECT_THAT(store::postgresql::open(with, clock_.clock()), FailsWith(ErrorCode::not_found));
  ASSERT_THAT(open()->commit(sample_exchange("a")), IsOk());
  const auto reader = open(with);
  EXPECT_THAT(reader->exchange("exchange-a"), IsOk());
  EXPECT_THAT(reader->commit(sample_exchange("b")), FailsWith(ErrorCode::forbidden));
  EXPECT_THAT(reader->check(), IsOk());
}

TEST_F(Schema, TwoStoresMayShareADatabaseUnderTheirOwnNames) {
  auto other = options();
  other.schema = "other \"one\"";
  ASSERT_THAT(open()->commit(sample_exchange("a")), IsOk());
  const auto store = open(other);
  const auto exchange = store->exchange("exchange-a");
  ASSERT_THAT(exchange, IsOk());
  EXPECT_FALSE(exchange->has_value());
  EXPECT_THAT(store->commit(sample_exchange("a")), IsOk());
}

TEST_F(Schema, AConnectionStringWithAPasswordIsRefusedAndNotRepeated) {
  for (const std::string text : {"host=/tmp password=geheim", "postgresql://concord:geheim@db/x"}) {
    auto with = options();
    with.connection = text;
    const auto opened = store::postgresql::open(with, clock_.clock());
    ASSERT_THAT(opened, FailsWith(ErrorCode::invalid));
    EXPECT_EQ((to_string(opened.error()) + opened.error().log_detail).find("geheim"),
              std::string::npos);
  }
  auto with = options();
  with.connection = "no=such option";
  EXPECT_THAT(store::postgresql::open(with, clock_.clock()), FailsWith(ErrorCode::invalid));
}

TEST_F(Schema, TextsAPostgresqlCannotHoldTakeNobodyAlong) {
  const auto store = open();
  auto zero = sample_exchange("a");
  zero.request_id = std::string("a\0b", 3);
  EXPECT_THAT(store->commit(zero), IsOk());
  auto torn = sample_exchange("b");
  torn.request_id = "\xC3";
  EXPECT_THAT(store->commit(torn), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(store->commit(sample_exchange("c")), IsOk());
  const auto kept = store->exchange("exchange-a");
  ASSERT_THAT(kept, IsOk());
  EXPECT_EQ((*kept)->request_id,
            "a\xEF\xBF\xBD"
            "b");
}

TEST_F(Schema, ADeadlineEndsASearch) {
  const auto store = open();
  store::ResourceSearch search;
  search.parts.push_back({"Patient", search::Condition{search::All{}}, {}});
  search.deadline = clock_.now() - std::chrono::milliseconds(1);
  EXPECT_THAT(store->resources().search(search), FailsWith(ErrorCode::too_costly));
  execute(
      "ALTER TABLE resource RENAME TO resource_kept; CREATE FUNCTION wait() RETURNS boolean "
      "LANGUAGE "
      "sql AS 'SELECT pg_sleep(3) IS NULL'; "
      "CREATE VIEW resource AS SELECT * FROM resource_kept UNION ALL SELECT * FROM resource_kept "
      "WHERE (SELECT wait()); "
      "INSERT INTO resource_kept VALUES (1, 1, 1, 1, 1, 0, 1, 0, 1, 'x', 'x', '')");
  search.deadline = clock_.now() + std::chrono::milliseconds(300);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(store->resources().search(search), FailsWith(ErrorCode::too_costly));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
}

}  // namespace
}  // namespace concord::test
