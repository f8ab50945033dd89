// Results are recorded behind the workers' backs: these go on, within bounds, and order is kept.
#include "tests/gateway/outbox/fixture.h"

namespace concord::test {
namespace {

using store::ItemState;

/// A store whose writing thread can be made to stand still before it records a result.
class OutboxRecording : public OutboxTest {
 protected:
  void SetUp() override {
    OutboxTest::SetUp();
    judge_.reset();
    store_.reset();
    store::sqlite::Options options;
    options.path = folder_.path() / "concord.db";
    options.on_step = [this](std::string_view step) {
      if (step != "attempt") return;
      std::unique_lock lock(held_mutex_);
      held_changed_.wait(lock, [this] { return !held_; });
    };
    options.on_group = [this](std::size_t calls, std::chrono::microseconds) {
      largest_group_ = std::max(largest_group_.load(), calls);
    };
    auto opened = store::sqlite::open(options, clock_.clock());
    ASSERT_THAT(opened, IsOk());
    store_ = std::move(*opened);
    judge_ = std::make_unique<FakeJudge>(*store_);
    settings_.workers = 1;
    settings_.destinations = {{"spine", 8, milliseconds(30'000)}};
  }
  void TearDown() override { hold(false); }

  void hold(bool on) {
    {
      const std::lock_guard lock(held_mutex_);
      held_ = on;
    }
    held_changed_.notify_all();
  }
  /// Time for what must not happen.
  static void wait_a_little() { std::this_thread::sleep_for(milliseconds(150)); }

  std::mutex held_mutex_;
  std::condition_variable held_changed_;
  bool held_ = false;
  std::atomic<std::size_t> largest_group_ = 0;
};

TEST_F(OutboxRecording, AWorkerGoesOnWithOtherSubjectsWhileAResultWaitsForTheStore) {
  accept("a", "first");
  accept("b", "second");
  accept("c", "third");
  hold(true);
  start();

  ASSERT_TRUE(channel_->wait_for_sent(3)) << "though nothing is recorded yet";

  EXPECT_EQ(counts().delivered, 0);
  EXPECT_EQ(outbox_->running(), 3u) << "what is not recorded is not over";
  hold(false);
  EXPECT_TRUE(wait_for_delivered(3));
  EXPECT_EQ(channel_->sent().size(), 3u);
}

TEST_F(OutboxRecording, TheNextOfASubjectWaitsUntilTheResultIsRecorded) {
  accept("a", "one");
  accept("b", "one");
  hold(true);
  start();
  ASSERT_TRUE(channel_->wait_for_sent(1));
  wait_a_little();
  EXPECT_EQ(channel_->sent().size(), 1u);

  hold(false);

  ASSERT_TRUE(wait_for_delivered(2));
  EXPECT_EQ(channel_->sent()[0].item, "item-a");
  EXPECT_EQ(channel_->sent()[1].item, "item-b");
}

TEST_F(OutboxRecording, NoAttemptBeginsWhileTooManyResultsAreNotRecorded) {
  settings_.unrecorded = 2;
  for (int i = 0; i < 6; ++i) accept(std::to_string(i));
  hold(true);
  start();
  ASSERT_TRUE(channel_->wait_for_sent(2));
  wait_a_little();
  EXPECT_EQ(channel_->sent().size(), 2u);

  hold(false);

  EXPECT_TRUE(wait_for_delivered(6));
  EXPECT_EQ(channel_->sent().size(), 6u);
}

TEST_F(OutboxRecording, ResultsShareATransactionWhileAttemptsAreUnderWay) {
  constexpr std::size_t kQuick = 6;
  settings_.workers = 2;
  settings_.gather = milliseconds(500);
  channel_->answer_with([&](const Sent& sent, std::stop_token) {
    if (sent.item == "item-slow") {
      EXPECT_TRUE(channel_->wait_for_sent(1 + kQuick));
      std::this_thread::sleep_for(milliseconds(50));
    }
    return FakeChannel::ok();
  });
  accept("slow");
  for (std::size_t i = 0; i < kQuick; ++i) accept(std::to_string(i));
  largest_group_ = 0;
  start();

  ASSERT_TRUE(wait_for_delivered(1 + kQuick));

  EXPECT_GE(largest_group_, kQuick);
}

TEST_F(OutboxRecording, AResultThatIsAloneDoesNotWaitForOthers) {
  settings_.gather = std::chrono::hours(1);
  start();
  accept("a");
  EXPECT_TRUE(wait_for_delivered(1));
}

TEST_F(OutboxRecording, TwoResultsThatChangeOneTaskAreBothRecorded) {
  settings_.workers = 2;
  store::NewExchange exchange = sample_exchange("a");
  exchange.items.push_back(sample_item("b"));
  exchange.items.back().purpose = "notify";
  ASSERT_THAT(store_->commit(exchange), IsOk());
  channel_->answer_with([&](const Sent&, std::stop_token) {
    EXPECT_TRUE(channel_->wait_for_sent(2));
    return FakeChannel::ok();
  });
  hold(true);
  start();
  ASSERT_TRUE(channel_->wait_for_sent(2));
  ASSERT_TRUE(wait_until([&] { return outbox_->destinations()[0].running == 0; }));
  hold(false);

  ASSERT_TRUE(wait_for_delivered(2));

  EXPECT_EQ((*store_->task("task-a"))->version, 3) << "each said what it came to";
  EXPECT_EQ(channel_->sent().size(), 2u);
  const auto verdict = store::verify_audit(*store_);
  ASSERT_THAT(verdict, IsOk());
  EXPECT_FALSE(verdict->broken.has_value());
}

TEST_F(OutboxRecording, AStopWaitsForWhatIsNotRecordedYet) {
  accept("a", "first");
  accept("b", "second");
  hold(true);
  start();
  ASSERT_TRUE(channel_->wait_for_sent(2));
  std::jthread later([this] {
    wait_a_little();
    hold(false);
  });

  outbox_->stop(std::chrono::seconds(20));

  EXPECT_EQ(state_of("a"), ItemState::acked_business);
  EXPECT_EQ(state_of("b"), ItemState::acked_business);
}

}  // namespace
}  // namespace concord::test
