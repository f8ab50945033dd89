// Several stores on one database: they compete for keys, leases, guards and versions, and start at
// once.
#include <array>
#include <atomic>
#include <set>
#include <thread>

#include "tests/gateway/store/postgresql/fixture.h"
#include "tests/support/previous_schema.h"

namespace concord::test {
namespace {

using Rivals = PostgresqlStoreTest;
using store::ItemState;

store::Guard nobody_with(std::int64_t value) {
  return {"Patient", search::Condition{search::TokenIs{kKey, value, kSystem}}, {}};
}

TEST_F(Rivals, ThatStartAtOnceMigrateOnce) {
  constexpr int kStores = 4;
  std::atomic<int> opened = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kStores; ++i) {
      threads.emplace_back([&] {
        const auto store = store::postgresql::open(options(), clock_.clock());
        EXPECT_THAT(store, IsOk());
        if (store) ++opened;
      });
    }
  }
  EXPECT_EQ(opened, kStores);
  EXPECT_EQ(number("SELECT max(version) FROM migration"), store::postgresql::schema_version());
  EXPECT_EQ(number("SELECT count(*) FROM audit"), number("SELECT count(*) FROM migration"));
}

TEST_F(Rivals, AtWorkAreWaitedForByAMigrationAndNeverEndedByIt) {
  open().reset();
  ASSERT_TRUE(cluster_->try_sql(database_, kPostgresqlUndo));
  // A gateway at work takes a table the migration needs late, then one it needs early.
  std::jthread working([&] {
    EXPECT_TRUE(cluster_->try_sql(database_,
                                  "SET search_path = concord; BEGIN; "
                                  "LOCK TABLE ack_expect IN ROW EXCLUSIVE MODE; "
                                  "SELECT pg_sleep(1.5); "
                                  "LOCK TABLE outbox IN ROW EXCLUSIVE MODE; COMMIT"));
  });
  while (number("SELECT count(*) FROM pg_locks WHERE granted AND mode = 'RowExclusiveLock' "
                "AND relation = 'ack_expect'::regclass") == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_THAT(store::postgresql::open(options(), clock_.clock()), IsOk());
  EXPECT_EQ(number("SELECT max(version) FROM migration"), store::postgresql::schema_version());
}

TEST_F(Rivals, WithLongTransactionsLetAMigrationComeToItsTurn) {
  open().reset();
  ASSERT_TRUE(cluster_->try_sql(database_, kPostgresqlUndo));
  // At any time one of them uses the table, and each for longer than the migration's first ask
  // (half of deadlock_timeout).
  std::atomic<bool> migrated = false;
  {
    std::vector<std::jthread> gateways;
    for (const char* seconds : {"0.5", "0.6", "0.7", "0.8", "0.9"}) {
      gateways.emplace_back([&, seconds] {
        while (!migrated) {
          EXPECT_TRUE(cluster_->try_sql(database_, std::string("SET search_path = concord; BEGIN; "
                                                               "LOCK TABLE inbox IN ROW EXCLUSIVE "
                                                               "MODE; SELECT pg_sleep(") +
                                                       seconds + "); COMMIT"));
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_THAT(store::postgresql::open(options(), clock_.clock()), IsOk());
    migrated = true;
  }
  EXPECT_EQ(number("SELECT max(version) FROM migration"), store::postgresql::schema_version());
}

TEST_F(Rivals, WithTheSameMessageStoreItOnceAndGiveTheSameAnswer) {
  const auto one = open();
  const auto two = open();
  std::atomic<int> stored = 0;
  for (int round = 0; round < 20; ++round) {
    const std::string name = std::to_string(round);
    std::vector<std::jthread> threads;
    for (store::Store* store : {one.get(), two.get()}) {
      threads.emplace_back([&, store] {
        const auto committed = store->commit(sample_exchange(name));
        ASSERT_THAT(committed, IsOk());
        EXPECT_EQ(committed->exchange, "exchange-" + name);
        if (!committed->replayed) ++stored;
      });
    }
  }
  EXPECT_EQ(stored, 20);
  expect_whole(*one);
}

TEST_F(Rivals, NeverLeaseOneItemTwice) {
  const auto one = open();
  const auto two = open();
  constexpr int kItems = 60;
  for (int i = 0; i < kItems; ++i) {
    ASSERT_THAT(one->commit(sample_exchange(std::to_string(i))), IsOk());
  }
  std::array<std::vector<std::string>, 2> leased;
  {
    std::vector<std::jthread> threads;
    for (std::size_t s = 0; s < 2; ++s) {
      threads.emplace_back([&, s] {
        store::Store& store = s == 0 ? *one : *two;
        for (int empty = 0; empty < 3;) {
          auto request = sample_lease("spine", at(1), 3);
          request.node = "node" + std::to_string(s);
          const auto items = store.lease(request);
          ASSERT_THAT(items, IsOk());
          empty += items->empty() ? 1 : 0;
          for (const store::Item& item : *items) leased[s].push_back(item.id);
        }
      });
    }
  }
  std::set<std::string> all(leased[0].begin(), leased[0].end());
  all.insert(leased[1].begin(), leased[1].end());
  EXPECT_EQ(leased[0].size() + leased[1].size(), static_cast<std::size_t>(kItems));
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kItems));
}

TEST_F(Rivals, AnOldLeaseIsRefusedByItsFence) {
  const auto one = open();
  const auto two = open();
  ASSERT_THAT(one->commit(sample_exchange("a")), IsOk());
  const auto first = one->lease(sample_lease("spine", at(1)));
  const auto second = two->lease(sample_lease("spine", at(100)));  // the first lease has ended
  ASSERT_EQ(first->size(), 1u);
  ASSERT_EQ(second->size(), 1u);
  EXPECT_THAT(one->settle(sample_settlement((*first)[0], ItemState::acked_business, at(101))),
              FailsWith(ErrorCode::conflict));
  EXPECT_THAT(two->settle(sample_settlement((*second)[0], ItemState::acked_business, at(101))),
              IsOk());
}

TEST_F(Rivals, AcceptForOneSubjectAndHaveOneItemInFlight) {
  const auto one = open();
  const auto two = open();
  constexpr int kEach = 15;
  {
    std::vector<std::jthread> threads;
    for (int s = 0; s < 2; ++s) {
      for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&, s, t] {
          for (int i = 0; i < kEach; ++i) {
            const std::string name =
                std::to_string(s) + "-" + std::to_string(t) + "-" + std::to_string(i);
            ASSERT_THAT((s == 0 ? one : two)->commit(sample_exchange(name, "spine", "subject")),
                        IsOk());
          }
        });
      }
    }
  }
  EXPECT_EQ(number("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL"), 1);
  // While new ones come, one after the other is delivered: always exactly one is due.
  std::jthread accepting([&] {
    for (int i = 0; i < kEach; ++i) {
      ASSERT_THAT(two->commit(sample_exchange("late" + std::to_string(i), "spine", "subject")),
                  IsOk());
    }
  });
  int delivered = 0;
  for (int empty = 0; delivered < 5 * kEach && empty < 2000;) {
    const auto items = one->lease(sample_lease("spine", at(1)));
    ASSERT_THAT(items, IsOk());
    ASSERT_LE(items->size(), 1u);
    if (items->empty()) {
      ++empty;
      continue;
    }
    ASSERT_THAT(one->settle(sample_settlement((*items)[0], ItemState::acked_business, at(1))),
                IsOk());
    ++delivered;
  }
  EXPECT_EQ(delivered, 5 * kEach);
  expect_whole(*one);
}

TEST_F(Rivals, OfTwoConditionalCreatesOneSeesTheOther) {
  const auto one = open();
  const auto two = open();
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> done = 0;
    std::atomic<int> refused = 0;
    std::vector<std::jthread> threads;
    for (int s = 0; s < 4; ++s) {
      threads.emplace_back([&, s] {
        auto changes =
            create_of("p" + std::to_string(round) + "-" + std::to_string(s), 1000 + round);
        changes.guards.push_back(nobody_with(1000 + round));
        const auto written = (s % 2 == 0 ? one : two)->resources().write(std::move(changes));
        ASSERT_THAT(written, IsOk());
        ++(written->end == store::ResourcesWritten::End::done ? done : refused);
      });
    }
    threads.clear();
    EXPECT_EQ(done, 1);
    EXPECT_EQ(refused, 3);
  }
  EXPECT_EQ(number("SELECT count(*) FROM resource"), 20);
}

TEST_F(Rivals, OfTwoUpdatesOfOneVersionOneWins) {
  const auto one = open();
  const auto two = open();
  ASSERT_THAT(one->resources().write(create_of("p", 1)), IsOk());
  for (std::int64_t version = 1; version <= 20; ++version) {
    std::atomic<int> done = 0;
    std::vector<std::jthread> threads;
    for (store::Store* store : {one.get(), two.get(), one.get()}) {
      threads.emplace_back([&, store] {
        auto changes = create_of("p", version);
        changes.writes[0].change = store::Change::updated;
        changes.writes[0].expected_version = version;
        const auto written = store->resources().write(std::move(changes));
        ASSERT_THAT(written, IsOk());
        if (written->end == store::ResourcesWritten::End::done) ++done;
      });
    }
    threads.clear();
    EXPECT_EQ(done, 1);
  }
  const auto now = two->resources().read("Patient", "p");
  ASSERT_THAT(now, IsOk());
  EXPECT_EQ((*now)->version, 21);
  EXPECT_EQ(number("SELECT count(*) FROM resource_version"), 20);
  EXPECT_EQ(number("SELECT count(*) FROM index_token"), 1);
}

TEST_F(Rivals, AStreamMissesNoChangeOfAnybody) {
  const auto one = open();
  const auto two = open();
  constexpr std::size_t kEach = 100;
  std::string cursor = one->resources().changed("", {}, 10)->next;
  std::atomic<int> writing = 4;
  std::set<std::string> seen;
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < kEach; ++i) {
        const std::string id = "p" + std::to_string(t) + "-" + std::to_string(i);
        EXPECT_THAT((t % 2 == 0 ? one : two)->resources().write(create_of(id, 5)), IsOk());
      }
      --writing;
    });
  }
  for (bool last = false;;) {
    const bool done = writing == 0;
    const auto page = two->resources().changed(cursor, {"Patient"}, 7);
    ASSERT_THAT(page, IsOk());
    for (const auto& row : page->rows) EXPECT_TRUE(seen.insert(row.id).second) << row.id;
    cursor = page->next;
    if (last && page->rows.empty()) break;
    last = done;
  }
  EXPECT_EQ(seen.size(), 4 * kEach);
}

}  // namespace
}  // namespace concord::test
