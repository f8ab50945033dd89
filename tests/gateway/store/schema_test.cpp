#include <fstream>

#include "tests/gateway/store/fixture.h"

namespace concord::test {
namespace {

using Schema = SqliteStoreTest;

TEST_F(Schema, ANewStoreHasTheProgramsSchemaAndAnAuditedMigration) {
  const auto store = open();
  EXPECT_EQ(number("PRAGMA user_version"), store::sqlite::schema_version());
  EXPECT_EQ(number("SELECT max(version) FROM migration"), store::sqlite::schema_version());
  EXPECT_EQ(number("PRAGMA page_size"), 4096);
  const auto links = store->audit_links(0, 10);
  ASSERT_THAT(links, IsOk());
  ASSERT_FALSE(links->empty());
  EXPECT_NE((*links)[0].body.find("event store.migrated\n"), std::string::npos);
  EXPECT_NE((*links)[0].body.find("detail version 1\n"), std::string::npos);
}

TEST_F(Schema, ANewerSchemaIsRefusedAndLeftAlone) {
  open().reset();
  execute("PRAGMA user_version = 99");

  const auto opened = store::sqlite::open(options(), clock_.clock());

  ASSERT_THAT(opened, FailsWith(ErrorCode::conflict));
  EXPECT_EQ(opened.error().issues[0].text,
            "the store has schema version 99, this program knows versions up to " +
                std::to_string(store::sqlite::schema_version()) +
                ": start the newer program, or restore a backup from before its start");
  EXPECT_EQ(number("PRAGMA user_version"), 99);
}

TEST_F(Schema, AMigrationThatIsNotTheOneAppliedIsRefused) {
  open().reset();
  execute("UPDATE migration SET checksum = zeroblob(32)");
  EXPECT_THAT(store::sqlite::open(options(), clock_.clock()), FailsWith(ErrorCode::conflict));
}

TEST_F(Schema, AnotherProgramsDatabaseIsRefusedAndLeftAlone) {
  execute("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  EXPECT_THAT(store::sqlite::open(options(), clock_.clock()), FailsWith(ErrorCode::internal));
  EXPECT_EQ(number("SELECT count(*) FROM theirs"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST_F(Schema, AFileThatIsNoDatabaseIsRefused) {
  std::ofstream(options().path) << std::string(100'000, 'x');
  EXPECT_THAT(store::sqlite::open(options(), clock_.clock()), FailsWith(ErrorCode::internal));
}

TEST_F(Schema, ASecondGatewayIsRefused) {
  const auto store = open();
  const auto second = store::sqlite::open(options(), clock_.clock());
  ASSERT_THAT(second, FailsWith(ErrorCode::conflict));
  EXPECT_EQ(second.error().issues[0].text, "another gateway has this store open");
}

TEST_F(Schema, AFolderThatIsNotThereIsTransientNotACrash) {
  store::sqlite::Options with = options();
  with.path = folder_.path() / "absent" / "concord.db";
  EXPECT_THAT(store::sqlite::open(with, clock_.clock()), FailsWith(ErrorCode::transient));
}

TEST_F(Schema, AReaderLooksIntoAStoreInUseAndCannotChangeIt) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
  store::sqlite::Options with = options();
  with.read_only = true;

  const auto reader = open(with);

  const auto exchange = reader->exchange("exchange-a");
  ASSERT_THAT(exchange, IsOk());
  EXPECT_TRUE(exchange->has_value());
  EXPECT_THAT(reader->check(), IsOk());
  EXPECT_THAT(reader->commit(sample_exchange("b")), FailsWith(ErrorCode::forbidden));
  expect_whole(*reader);
}

TEST_F(Schema, AReaderDoesNotMakeAStore) {
  store::sqlite::Options with = options();
  with.read_only = true;
  EXPECT_THAT(store::sqlite::open(with, clock_.clock()), FailsWith(ErrorCode::not_found));
  EXPECT_FALSE(std::filesystem::exists(with.path));
}

TEST_F(Schema, ADamagedPayloadIsReportedNotHandedOut) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
  execute("UPDATE payload SET digest = zeroblob(32) WHERE id = 1");
  EXPECT_THAT(store->exchange("exchange-a"), FailsWith(ErrorCode::internal));
  execute("UPDATE payload SET bytes = x'00' WHERE id = 2");
  EXPECT_THAT(store->item("item-a"), FailsWith(ErrorCode::internal));
}

TEST_F(Schema, PayloadsOfEverySizeComeBackAsTheyWere) {
  const auto store = open();
  int n = 0;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{255}, std::size_t{256},
                                 std::size_t{70'000}, std::size_t{3'000'000}}) {
    for (const bool random : {false, true}) {
      store::NewExchange exchange = sample_exchange(std::to_string(n++));
      exchange.payload.assign(size, 'a');
      std::uint32_t state = 12345;
      if (random) {
        for (char& c : exchange.payload) {
          state = state * 1664525u + 1013904223u;
          c = static_cast<char>(state >> 24);
        }
      }
      exchange.digest = sha256(exchange.payload);
      ASSERT_THAT(store->commit(exchange), IsOk());
      const auto back = store->exchange(exchange.id);
      ASSERT_THAT(back, IsOk());
      EXPECT_EQ((*back)->payload, exchange.payload) << size;
    }
  }
}

TEST_F(Schema, TheWalStaysBoundedWhileMuchIsWritten) {
  store::sqlite::Options with = options();
  with.checkpoint_pages = 20;
  const auto store = open(with);
  for (int i = 0; i < 400; ++i) {
    ASSERT_THAT(store->commit(sample_exchange(std::to_string(i))), IsOk());
  }
  const auto wal = std::filesystem::file_size(with.path.string() + "-wal");
  EXPECT_LT(wal, std::uintmax_t{1000} * 4096);  // without: some 10,000 pages
  expect_whole(*store);
}

TEST_F(Schema, AStoreOfTheFirstVersionIsBroughtUpToDate) {
  ASSERT_THAT(open()->commit(sample_exchange("old")), IsOk());
  back_to_version_3();
  execute(
      "DROP TABLE lineage; DROP TABLE lineage_table; DROP TABLE lineage_uses;"
      "DROP TABLE item_status; DELETE FROM migration WHERE version > 1; PRAGMA user_version = 1");
  const auto store = open();
  ASSERT_NE(store, nullptr);
  ASSERT_THAT(store->commit(sample_exchange("new")), IsOk());
  EXPECT_FALSE(store->lineage("exchange-old")->has_value());
  EXPECT_EQ(number("PRAGMA user_version"), store::sqlite::schema_version());
  expect_whole(*store);
}

TEST_F(Schema, TasksFromBeforeResourcesWereKeptAreResourcesOfTheSameVersion) {
  {
    const auto store = open();
    ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
    ASSERT_THAT(store->commit(sample_exchange("b")), IsOk());
    const auto items = store->lease(sample_lease("spine", at(1)));
    ASSERT_EQ(items->size(), 2u);
    auto settlement = sample_settlement((*items)[0], store::ItemState::acked_business, at(2));
    settlement.task =
        store::TaskChange{"task-a", 1, "completed", R"({"resourceType":"Task","x":1.50})"};
    ASSERT_THAT(store->settle(settlement), IsOk());
  }
  back_to_version_3();

  const auto store = open();

  const auto task = store->task("task-a");
  ASSERT_THAT(task, IsOk());
  ASSERT_TRUE(task->has_value());
  EXPECT_EQ((*task)->exchange, "exchange-a");
  EXPECT_EQ((*task)->version, 2);
  EXPECT_EQ((*task)->status, "completed");
  EXPECT_EQ((*task)->updated_at, at(2));
  const auto row = store->resources().read("Task", "task-a");
  ASSERT_THAT(row, IsOk());
  ASSERT_TRUE(row->has_value());
  EXPECT_EQ((*row)->body,
            R"({"resourceType":"Task","x":1.50,"meta":{"versionId":"2","lastUpdated":")" +
                format_instant(at(2)) + "\"}}");
  EXPECT_EQ(*store->resources().index_version(), 0) << "the Tasks have no index yet";
  // They go on from there.
  auto settlement = sample_settlement(*store->item("item-b").value_or(std::nullopt),
                                      store::ItemState::acked_business, at(3));
  settlement.task = store::TaskChange{"task-b", 1, "completed", "{}"};
  ASSERT_THAT(store->settle(settlement), IsOk());
  EXPECT_EQ((*store->task("task-b"))->version, 2);
  EXPECT_TRUE(store->resources().read_version("Task", "task-b", 1)->has_value());
  expect_whole(*store);
}

}  // namespace
}  // namespace concord::test
