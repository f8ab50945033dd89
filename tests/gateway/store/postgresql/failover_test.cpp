// The primary is gone and a standby leads: what is asked of it must not be taken for what the
// primary knew.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "tests/gateway/store/postgresql/fixture.h"

namespace concord::test {
namespace {

using How = PostgresCluster::How;

class Failover : public PostgresqlStoreTest {
 protected:
  void SetUp() override {
    if (PostgresCluster::shared() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    primary_ = std::make_unique<PostgresCluster>();
    cluster_ = primary_.get();
    database_ = primary_->make_database();
    standby_ = primary_->make_standby();
    ASSERT_NE(standby_, nullptr);
    name_ = database_.substr(database_.rfind('=') + 1);
    database_ = "host=" + primary_->folder().string() + "," + standby_->folder().string() +
                " port=5432,5432 user=concord dbname=" + name_;
  }

  void take_over() {
    primary_->stop(How::killed);
    standby_->start();  // does nothing when it runs
    ASSERT_TRUE(standby_->promote());
    cluster_ = standby_.get();
  }

  std::unique_ptr<PostgresCluster> primary_, standby_;
  std::string name_;
};

TEST_F(Failover, WhatWasAnsweredIsThereAndTheStoreGoesOnByItself) {
  const auto store = open();
  for (int i = 0; i < 50; ++i) {
    ASSERT_THAT(store->commit(sample_exchange(std::to_string(i))), IsOk());
  }
  take_over();

  Result<store::Committed> after = make_error(ErrorCode::transient, "");
  for (int i = 0; i < 200 && !after; ++i) {
    after = store->commit(sample_exchange("after"));
    if (!after) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ASSERT_THAT(after, IsOk());
  for (int i = 0; i < 50; ++i) {
    const auto found = store->exchange("exchange-" + std::to_string(i));
    ASSERT_THAT(found, IsOk());
    EXPECT_TRUE(found->has_value()) << i;
  }
  expect_whole(*store);
}

TEST_F(Failover, ATransactionOfSomebodyElseUnderTheSameNumberIsNotTakenForOurs) {
  store::postgresql::Options with = options();
  with.writers = 1;
  bool armed = false;
  with.on_step = [&](std::string_view step) {
    if (!armed || step != "commit") return;
    armed = false;
    take_over();
    // Others are given the numbers that the primary had given and the standby never heard of.
    for (int i = 0; i < 12; ++i) {
      standby_->sql(standby_->connection(name_), "SELECT pg_current_xact_id()");
    }
  };
  const auto store = open(with);
  ASSERT_THAT(store->commit(sample_exchange("before")), IsOk());
  // From here on the standby hears nothing, and nobody waits for it.
  primary_->sql(primary_->connection(name_), "ALTER SYSTEM RESET synchronous_standby_names");
  primary_->sql(primary_->connection(name_), "SELECT pg_reload_conf()");
  standby_->stop();
  armed = true;

  const auto doubtful = store->commit(sample_exchange("doubtful"));

  EXPECT_FALSE(armed);
  const auto found = store->exchange("exchange-doubtful");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(doubtful.has_value(), found->has_value())
      << "success was answered for what the standby never got";
  EXPECT_THAT(store->commit(sample_exchange("doubtful")), IsOk()) << "the sender asks again";
}

}  // namespace
}  // namespace concord::test
