// Copies of a SQLite store, quarantine after a restore, and what a check finds.
#include "gateway/store/sqlite/maintenance.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "tests/gateway/store/fixture.h"
#include "tests/gateway/store/resource_samples.h"

namespace concord::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Maintenance : public SqliteStoreTest {
 protected:
  std::filesystem::path copy() const { return folder_.path() / "backup.db"; }

  std::vector<std::string> faults(store::Looked* looked = nullptr) {
    const auto inspection = store::sqlite::Inspection::open(options().path);
    EXPECT_THAT(inspection, IsOk());
    if (!inspection) return {"not opened"};
    store::Looked ignored;
    const auto found = inspection->faults(looked != nullptr ? *looked : ignored);
    EXPECT_THAT(found, IsOk());
    return found ? *found : std::vector<std::string>{"not looked at"};
  }

  /// A store with an exchange and a resource of two versions.
  std::unique_ptr<store::Store> filled() {
    auto store = open();
    EXPECT_THAT(store->commit(sample_exchange("a")), IsOk());
    store::ResourceWrite write = created("Patient", "p1", 1);
    write.index.tokens = {{kTokenKey, 7, 3}};
    write.index.texts = {{12, "smith", "Smith"}};
    write.index.periods = {{13, 1, 2}};
    write.index.numbers = {{14, 1.5, 2.5, 1, 2, 3, 4}};
    write.index.links = {{15, 9, 8}};
    EXPECT_THAT(store->resources().write(only(write)), IsOk());
    store::ResourceWrite update = changed("Patient", "p1", 1, store::Change::updated, 2);
    update.index = write.index;
    EXPECT_THAT(store->resources().write(only(update)), IsOk());
    return store;
  }
};

TEST_F(Maintenance, ASoundStoreHasNoFaultsAlsoWhileItIsUsed) {
  const auto store = filled();
  store::Looked looked;
  EXPECT_THAT(faults(&looked), IsEmpty());
  EXPECT_EQ(looked.payloads, 2);
  EXPECT_EQ(looked.resources, 2);
  EXPECT_EQ(looked.versions, 1);
  EXPECT_EQ(looked.index_rows, 5);
}

TEST_F(Maintenance, AnInspectionReadsTheIndexOfAResource) {
  const auto store = filled();
  const auto inspection = store::sqlite::Inspection::open(options().path);
  const auto values = inspection->index_of((*store->resources().read("Patient", "p1"))->row);
  ASSERT_THAT(values, IsOk());
  EXPECT_EQ(values->tokens, (std::vector<search::Token>{{kTokenKey, 7, 3}}));
  EXPECT_EQ(values->texts, (std::vector<search::Text>{{12, "smith", "Smith"}}));
  EXPECT_EQ(values->periods, (std::vector<search::Period>{{13, 1, 2}}));
  EXPECT_EQ(values->numbers, (std::vector<search::Number>{{14, 1.5, 2.5, 1, 2, 3, 4}}));
  EXPECT_EQ(values->links, (std::vector<search::Link>{{15, 9, 8}}));
  EXPECT_THAT(inspection->index_of(999), FailsWith(ErrorCode::not_found));
}

TEST_F(Maintenance, WhatIsDamagedIsNamedByTableAndNumber) {
  filled().reset();
  execute("UPDATE payload SET bytes = x'00' WHERE id = 1");
  EXPECT_THAT(faults(), ElementsAre("payload 1: its bytes are damaged"));
  execute(
      "DELETE FROM outbox; INSERT INTO index_link VALUES (1, 2, 3, 4);"
      "UPDATE resource SET encoding = 1, body = x'01' WHERE id = 'p1'");
  const auto found = faults();
  EXPECT_THAT(found, testing::Contains("1 accepted items that are not in the outbox"));
  EXPECT_THAT(found, testing::Contains("1 link rows no current resource is found by"));
  EXPECT_THAT(found, testing::Contains(testing::StartsWith("resource ")));
}

TEST_F(Maintenance, ABackupIsTakenWhileMessagesComeInAndIsOfOneMoment) {
  const auto store = filled();
  std::atomic<bool> stop = false;
  std::jthread busy([&] {
    for (int n = 0; !stop; ++n) {
      EXPECT_THAT(store->commit(sample_exchange("busy" + std::to_string(n))), IsOk());
    }
  });
  const auto made = store::sqlite::backup(options().path, copy(), clock_.now());
  stop = true;
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->schema, store::sqlite::schema_version());
  EXPECT_EQ(made->bytes, std::filesystem::file_size(copy()));
  EXPECT_FALSE(std::filesystem::exists(copy().string() + "-wal"));
  const auto inspection = store::sqlite::Inspection::open(copy());
  ASSERT_THAT(inspection, IsOk());
  store::Looked looked;
  EXPECT_THAT(*inspection->faults(looked), IsEmpty());
  EXPECT_THAT(store::sqlite::backup(options().path, copy(), clock_.now()),
              FailsWith(ErrorCode::conflict))
      << "a backup is never written over";
}

TEST_F(Maintenance, ARestoredStoreTakesMessagesInAndDeliversNoneUntilItIsReleased) {
  filled().reset();
  ASSERT_THAT(store::sqlite::backup(options().path, copy(), clock_.now()), IsOk());
  ASSERT_THAT(open()->commit(sample_exchange("after the backup")), IsOk());

  EXPECT_THAT(store::sqlite::restore(copy(), options().path, false, clock_.now()),
              FailsWith(ErrorCode::conflict));
  ASSERT_THAT(store::sqlite::restore(copy(), options().path, true, clock_.now()), IsOk());

  {
    const auto store = open();
    EXPECT_TRUE(store->exchange("exchange-a")->has_value());
    EXPECT_FALSE(store->exchange("exchange-after the backup")->has_value());
    EXPECT_THAT(*store->lease(sample_lease("spine", at(10))), IsEmpty());
    EXPECT_FALSE(store->next_due("spine")->has_value());
    EXPECT_THAT(store->commit(sample_exchange("b")), IsOk());
    EXPECT_EQ(store->counts()->pending, 2);
    EXPECT_TRUE(*store::sqlite::in_quarantine(options().path));
    EXPECT_THAT(store::sqlite::end_quarantine(options().path, clock_.now()),
                FailsWith(ErrorCode::conflict))
        << "a gateway has it open";
    expect_whole(*store);
  }
  EXPECT_TRUE(*store::sqlite::end_quarantine(options().path, clock_.now()));
  EXPECT_FALSE(*store::sqlite::end_quarantine(options().path, clock_.now()));
  const auto store = open();
  EXPECT_EQ(store->lease(sample_lease("spine", at(10)))->size(), 2u);
  expect_whole(*store);
}

TEST_F(Maintenance, ABackupThatIsNotTheOneOfItsManifestIsRefusedAndTheStoreStays) {
  filled().reset();
  ASSERT_THAT(store::sqlite::backup(options().path, copy(), clock_.now()), IsOk());
  {
    std::fstream file(copy(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(50'000);
    file.put('x');
  }
  EXPECT_THAT(store::sqlite::restore(copy(), options().path, true, clock_.now()),
              FailsWith(ErrorCode::invalid));
  std::filesystem::remove(copy().string() + ".manifest");
  EXPECT_THAT(store::sqlite::restore(copy(), options().path, true, clock_.now()),
              FailsWith(ErrorCode::not_found));
  const auto store = open();
  EXPECT_TRUE(store->exchange("exchange-a")->has_value());
  EXPECT_THAT(store::sqlite::restore(copy(), options().path, true, clock_.now()),
              testing::Not(IsOk()));
}

TEST_F(Maintenance, AnOlderBackupIsBroughtUpToDateAndANewerOneIsRefused) {
  filled().reset();
  back_to_version_3();
  const auto state = store::sqlite::schema_state(options().path);
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->version, 3);
  EXPECT_THAT(state->pending, testing::Contains("0004_resource.sql"));
  EXPECT_THAT(store::sqlite::backup(options().path, copy(), clock_.now()),
              FailsWith(ErrorCode::conflict))
      << "the program that made it makes its backup";
  execute("PRAGMA user_version = 99");
  EXPECT_THAT(store::sqlite::schema_state(options().path), FailsWith(ErrorCode::conflict));
}

TEST_F(Maintenance, AMigrationRunsWhileAnotherProcessReads) {
  filled().reset();
  back_to_version_3();
  sqlite3* reader = nullptr;
  ASSERT_EQ(sqlite3_open(options().path.c_str(), &reader), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM task", nullptr, nullptr, nullptr),
            SQLITE_OK);

  const auto store = open();

  ASSERT_NE(store, nullptr);
  EXPECT_EQ(sqlite3_exec(reader, "SELECT count(*) FROM task; COMMIT", nullptr, nullptr, nullptr),
            SQLITE_OK)
      << "it still sees what it saw";
  sqlite3_close(reader);
  EXPECT_TRUE(store->task("task-a")->has_value());
}

TEST_F(Maintenance, WhatIsNoStoreIsSaidSo) {
  EXPECT_THAT(store::sqlite::schema_state(options().path), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(store::sqlite::backup(options().path, copy(), clock_.now()),
              FailsWith(ErrorCode::not_found));
  EXPECT_THAT(store::sqlite::restore(copy(), options().path, false, clock_.now()),
              FailsWith(ErrorCode::not_found));
  std::ofstream(options().path) << std::string(100'000, 'x');
  EXPECT_THAT(store::sqlite::Inspection::open(options().path), FailsWith(ErrorCode::internal));
}

}  // namespace
}  // namespace concord::test
