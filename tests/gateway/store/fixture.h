#pragma once
/// A SQLite store in a folder of its own.

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>

#include "gateway/store/sqlite/sqlite_store.h"
#include "tests/gateway/samples.h"
#include "tests/support/files.h"
#include "tests/support/result_matchers.h"

namespace concord::test {

class SqliteStoreTest : public testing::Test {
 protected:
  store::sqlite::Options options() const {
    store::sqlite::Options options;
    options.path = folder_.path() / "concord.db";
    return options;
  }

  std::unique_ptr<store::Store> open(const store::sqlite::Options& with) {
    auto opened = store::sqlite::open(with, clock_.clock());
    EXPECT_THAT(opened, IsOk());
    return opened ? std::move(*opened) : nullptr;
  }
  std::unique_ptr<store::Store> open() { return open(options()); }

  /// Runs SQL behind the store's back.
  void execute(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(options().path.c_str(), &database), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK)
        << (message != nullptr ? message : "");
    sqlite3_free(message);
    sqlite3_close(database);
  }

  /// Makes the file one of schema version 3, from before resources were kept. Tasks have their
  /// rows.
  void back_to_version_3() {
    execute(
        "CREATE TABLE task (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, exchange INTEGER NOT NULL,"
        " version INTEGER NOT NULL, status TEXT NOT NULL, body BLOB NOT NULL,"
        " updated_at INTEGER NOT NULL) STRICT;"
        "CREATE UNIQUE INDEX task_id ON task (id);"
        "INSERT INTO task SELECT r.created_nr, r.id, t.exchange, r.version, t.status, r.body,"
        " r.place >> 20 FROM resource r JOIN exchange_task t ON t.key = r.key;"
        "DROP TABLE resource; DROP TABLE resource_version; DROP TABLE exchange_task;"
        "DROP TABLE index_token; DROP TABLE index_text; DROP TABLE index_period;"
        "DROP TABLE index_number; DROP TABLE index_link; DROP TABLE resource_index;"
        "DROP TRIGGER inbox_counted; DROP TRIGGER inbox_uncounted; DROP TRIGGER unmatched_counted;"
        "DROP TRIGGER unmatched_uncounted; DROP TRIGGER outbox_counted; DROP TRIGGER outbox_moved;"
        "DROP TRIGGER outbox_uncounted; DROP TABLE tally; DROP INDEX outbox_state;"
        "CREATE INDEX outbox_state ON outbox (state); DROP INDEX ack_expect_next;"
        "ALTER TABLE ack_expect DROP COLUMN next_at;"
        "DROP TABLE destination_pause; ALTER TABLE outbox DROP COLUMN crashes;"
        "ALTER TABLE outbox DROP COLUMN begun;"
        "DROP TABLE resource_found;"
        "DROP INDEX inbox_accepted; DROP INDEX inbox_sender; DROP INDEX inbox_kind;"
        "DROP INDEX inbox_subject; DROP INDEX outbox_state_at; DROP INDEX unmatched_item;"
        "DROP INDEX unmatched_refers;"
        "DROP TABLE quarantine; DROP INDEX outbox_number; ALTER TABLE outbox DROP COLUMN number;"
        "DELETE FROM migration WHERE version > 3; PRAGMA user_version = 3");
  }

  /// The first column of the first row.
  std::int64_t number(const std::string& sql) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(options().path.c_str(), &database), SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
    std::int64_t value = -1;
    if (sqlite3_step(statement) == SQLITE_ROW) value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return value;
  }

  /// Nothing half-written, nothing vanished, the chain whole.
  void expect_whole(store::Store& store) {
    const auto counts = store.counts();
    ASSERT_THAT(counts, IsOk());
    EXPECT_EQ(counts->difference(), 0);
    const auto verdict = store::verify_audit(store);
    ASSERT_THAT(verdict, IsOk());
    EXPECT_FALSE(verdict->broken.has_value()) << verdict->broken->text;
    EXPECT_EQ(number("SELECT count(*) FROM inbox WHERE NOT EXISTS "
                     "(SELECT 1 FROM exchange_task t JOIN resource r ON r.key = t.key "
                     "WHERE t.exchange = inbox.seq) AND door <> 'notice'"),
              0);
    EXPECT_EQ(number("SELECT count(*) FROM inbox WHERE NOT EXISTS "
                     "(SELECT 1 FROM idempotency WHERE exchange = inbox.seq)"),
              0);
    EXPECT_EQ(number("SELECT count(*) FROM inbox WHERE payload NOT IN (SELECT id FROM payload)"),
              0);
  }

  TemporaryFolder folder_;
  FakeClock clock_;
};

}  // namespace concord::test
