// The database goes away while items are being delivered: what was delivered is recorded once it is
// back, what nobody works on is given back. The clock stands still: no lease ends in these tests.
#include "gateway/store/postgresql/postgresql_store.h"
#include "tests/gateway/outbox/fixture.h"
#include "tests/support/postgres_cluster.h"

namespace concord::test {
namespace {

using How = PostgresCluster::How;
using store::ItemState;

/// Lets one look of wanted() fail, after doing something.
class DoubtfulJudge final : public outbox::Judge {
 public:
  DoubtfulJudge(outbox::Judge& judge, std::function<void()> first)
      : judge_(judge), first_(std::move(first)) {}

  Result<bool> wanted(const store::Item& item, Instant now) override {
    if (!failed_.exchange(true)) {
      first_();
      return make_error(ErrorCode::transient, "the store cannot be reached");
    }
    return judge_.wanted(item, now);
  }
  Result<outbox::Judgement> judge(const store::Item& item, const channels::Receipt& receipt,
                                  Instant now) override {
    return judge_.judge(item, receipt, now);
  }
  Result<outbox::Handover> hand_over(const store::Item& item, std::string_view reason_class,
                                     std::string_view reason, Instant now) override {
    return judge_.hand_over(item, reason_class, reason, now);
  }

 private:
  outbox::Judge& judge_;
  std::function<void()> first_;
  std::atomic<bool> failed_ = false;
};

class OutboxOutage : public OutboxTest {
 protected:
  void SetUp() override {
    cluster_ = PostgresCluster::shared();
    if (cluster_ == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    OutboxTest::SetUp();
    store::postgresql::Options options;
    options.connection = cluster_->make_database();
    options.on_step = [this](std::string_view step) {
      const std::lock_guard lock(step_mutex_);
      if (on_step_) on_step_(step);
    };
    auto opened = store::postgresql::open(options, clock_.clock());
    ASSERT_THAT(opened, IsOk());
    store_ = std::move(*opened);
    judge_ = std::make_unique<FakeJudge>(*store_);
  }
  void TearDown() override {
    outbox_.reset();
    if (cluster_ != nullptr) cluster_->start();  // does nothing when it runs
  }

  /// Delivered, though no lease ended: the clock goes on by less than a second.
  bool delivered_soon(std::int64_t count) {
    return wait_until([&] {
      clock_.advance(milliseconds(1));
      const auto counts = store_->counts();
      return counts && counts->delivered >= count;
    });
  }

  PostgresCluster* cluster_ = nullptr;
  std::atomic<bool> stopped_ = false;
  std::mutex step_mutex_;
  std::function<void(std::string_view)> on_step_;
};

TEST_F(OutboxOutage, WhatWasDeliveredMeanwhileIsRecordedWhenTheDatabaseIsBackAndNotSentAgain) {
  std::atomic<bool> go_on = false;
  channel_->answer_with([&](const Sent&, std::stop_token) {
    while (!go_on) std::this_thread::sleep_for(milliseconds(1));
    return FakeChannel::ok();
  });
  start();
  accept("a", "first");
  accept("b", "first");
  accept("c", "second");
  ASSERT_TRUE(channel_->wait_for_sent(2));

  cluster_->stop(How::immediate);
  go_on = true;
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_EQ(outbox_->running(), 2u) << "the results are not recorded, and must not be forgotten";
  cluster_->start();

  ASSERT_TRUE(delivered_soon(3));
  EXPECT_EQ(channel_->sent().size(), 3u) << "nothing was sent twice";
  EXPECT_EQ(channel_->sent()[2].item, "item-b") << "and nothing out of order";
  for (const char* const name : {"a", "b", "c"}) EXPECT_EQ(attempt_of(name), 1);
  EXPECT_EQ(counts().pending, 0);
}

TEST_F(OutboxOutage, AnItemThatCouldNotBeGivenBackIsGivenBackWhenTheDatabaseIsBack) {
  std::atomic<bool> stopped = false;
  DoubtfulJudge judge(*judge_, [&] {
    cluster_->stop(How::immediate);
    stopped = true;
  });
  outbox::Parts parts;
  parts.store = store_.get();
  parts.channels = &channels_;
  parts.judge = &judge;
  parts.clock = clock_.clock();
  parts.random = [] { return 0.5; };
  outbox_ = std::make_unique<outbox::Outbox>(std::move(parts), settings_);
  ASSERT_THAT(outbox_->start(), IsOk());
  accept("a");
  ASSERT_TRUE(wait_until([&] { return stopped && outbox_->running() == 0; }));

  cluster_->start();

  EXPECT_TRUE(delivered_soon(1));
  EXPECT_EQ(channel_->sent().size(), 1u);
  outbox_.reset();  // before its judge
}

TEST_F(OutboxOutage, ItemsWhoseLeaseWasCommittedWithoutAnAnswerAreGivenBack) {
  accept("a", "first");  // before: its own commit must not be taken for the one of the lease
  {
    const std::lock_guard lock(step_mutex_);
    on_step_ = [this, leasing = false](std::string_view step) mutable {
      if (step == "lease") leasing = true;
      if (step != "committed" || !leasing || stopped_) return;
      cluster_->stop(How::immediate);
      stopped_ = true;
    };
  }
  start();
  ASSERT_TRUE(wait_until([&] { return stopped_.load(); }));

  cluster_->start();

  EXPECT_TRUE(delivered_soon(1));
  EXPECT_EQ(channel_->sent().size(), 1u);
  const auto item = store_->item("item-a");
  ASSERT_THAT(item, IsOk());
  EXPECT_GT((*item)->fence, 1) << "the first lease was never known here";
}

TEST_F(OutboxOutage, AStopDoesNotWaitForADatabaseThatIsAway) {
  std::atomic<bool> go_on = false;
  channel_->answer_with([&](const Sent&, std::stop_token) {
    while (!go_on) std::this_thread::sleep_for(milliseconds(1));
    return FakeChannel::ok();
  });
  start();
  accept("a");
  ASSERT_TRUE(channel_->wait_for_sent(1));
  cluster_->stop(How::immediate);
  go_on = true;
  const auto began = std::chrono::steady_clock::now();

  outbox_->stop(milliseconds(200));

  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  cluster_->start();
  start();
  EXPECT_TRUE(delivered_soon(1));
  EXPECT_EQ(channel_->sent()[0].bytes, channel_->sent()[1].bytes);
}

}  // namespace
}  // namespace concord::test
