#pragma once
/// A store over PostgreSQL in a database of its own.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "gateway/store/postgresql/postgresql_store.h"
#include "tests/gateway/samples.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/result_matchers.h"

namespace concord::test {

/// The search index in which samples are found, and the system of their tokens.
inline constexpr std::int32_t kKey = 7;
inline constexpr std::int32_t kSystem = 3;

/// A new Patient, found by the token.
inline store::ResourceChanges create_of(const std::string& id, std::int64_t value) {
  store::ResourceWrite write;
  write.type = "Patient";
  write.id = id;
  write.updated_at = at(1);
  write.body = "{\"resourceType\":\"Patient\"}";
  write.index.tokens.push_back({kKey, value, kSystem});
  store::ResourceChanges changes;
  changes.writes.push_back(std::move(write));
  return changes;
}

class PostgresqlStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    cluster_ = PostgresCluster::shared();
    if (cluster_ == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    database_ = cluster_->make_database();
  }

  store::postgresql::Options options() const {
    store::postgresql::Options options;
    options.connection = database_;
    options.writers = 2;
    options.workers = 2;
    options.readers = 2;
    options.busy_timeout = std::chrono::milliseconds(3000);
    options.statement_timeout = std::chrono::milliseconds(3000);
    return options;
  }

  std::unique_ptr<store::Store> open(const store::postgresql::Options& with) {
    auto opened = store::postgresql::open(with, clock_.clock());
    EXPECT_THAT(opened, IsOk());
    return opened ? std::move(*opened) : nullptr;
  }
  std::unique_ptr<store::Store> open() { return open(options()); }

  /// Runs SQL behind the store's back.
  std::string execute(const std::string& sql) {
    return cluster_->sql(database_, "SET search_path = concord; " + sql);
  }
  std::int64_t number(const std::string& sql) { return std::stoll(execute(sql)); }

  /// Nothing half-written, nothing vanished, the chain whole.
  void expect_whole(store::Store& store) {
    const auto counts = store.counts();
    ASSERT_THAT(counts, IsOk());
    EXPECT_EQ(counts->difference(), 0);
    const auto verdict = store::verify_audit(store);
    ASSERT_THAT(verdict, IsOk());
    EXPECT_FALSE(verdict->broken.has_value()) << verdict->broken->text;
    EXPECT_EQ(number("SELECT count(*) FROM inbox i WHERE NOT EXISTS "
                     "(SELECT 1 FROM exchange_task t JOIN resource r ON r.key = t.key "
                     "WHERE t.exchange = i.seq)"),
              0);
    EXPECT_EQ(number("SELECT count(*) FROM inbox i WHERE NOT EXISTS "
                     "(SELECT 1 FROM idempotency k WHERE k.exchange = i.seq)"),
              0);
    EXPECT_EQ(number("SELECT count(*) FROM inbox WHERE payload NOT IN (SELECT id FROM payload)"),
              0);
  }

  PostgresCluster* cluster_ = nullptr;
  std::string database_;
  FakeClock clock_;
};

}  // namespace concord::test
