// Pauses of destinations, and items that were under way when a process ended.
#include <gmock/gmock.h>

#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using std::chrono::seconds;
using store::Item;
using store::ItemState;
using testing::HasSubstr;

class Destinations : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (stage_) store_ = open();
  }
  void accept(const std::string& name, const std::string& destination = "spine") {
    ASSERT_THAT(store_->commit(sample_exchange(name, destination)), IsOk());
  }
  std::vector<Item> lease(Instant now, const std::string& destination = "spine") {
    auto items = store_->lease(sample_lease(destination, now));
    EXPECT_THAT(items, IsOk());
    return items ? std::move(*items) : std::vector<Item>{};
  }
  bool pause(const std::string& destination, Instant now, const std::string& reason = "works") {
    const auto done = store_->pause({destination, reason, "X99001", now});
    EXPECT_THAT(done, IsOk());
    return done && *done;
  }
  bool resume(const std::string& destination, Instant now) {
    const auto done = store_->resume({destination, "done", "X99002", now});
    EXPECT_THAT(done, IsOk());
    return done && *done;
  }
  std::int32_t crashes(const std::string& name) { return (*store_->item("item-" + name))->crashes; }
  /// Leases, says the attempt begins, and dies.
  void crash_in_attempt(Instant now) {
    const auto items = lease(now);
    ASSERT_EQ(items.size(), 1u);
    ASSERT_THAT(store_->begin(items[0].id, items[0].fence), IsOk());
    ASSERT_THAT(store_->recover("node", now), IsOk());
  }

  std::unique_ptr<store::Store> store_;
};

TEST_P(Destinations, APausedOneIsSentNothingAndTheOthersGoOn) {
  accept("a");
  accept("b", "pharmacy");
  ASSERT_TRUE(pause("spine", at(1)));

  EXPECT_FALSE(store_->next_due("spine")->has_value());
  EXPECT_TRUE(lease(at(2)).empty());
  EXPECT_EQ(lease(at(2), "pharmacy").size(), 1u);

  ASSERT_TRUE(resume("spine", at(3)));
  EXPECT_TRUE(store_->next_due("spine")->has_value());
  EXPECT_EQ(lease(at(4)).size(), 1u);
  expect_whole(*store_);
}

TEST_P(Destinations, APauseOutlivesTheProcessAndSaysWhoWhyAndSinceWhen) {
  ASSERT_TRUE(pause("spine", at(1), "certificate changes"));
  store_.reset();
  store_ = open();

  const auto pauses = store_->pauses();
  ASSERT_THAT(pauses, IsOk());
  ASSERT_EQ(pauses->size(), 1u);
  EXPECT_EQ((*pauses)[0].destination, "spine");
  EXPECT_EQ((*pauses)[0].reason, "certificate changes");
  EXPECT_EQ((*pauses)[0].by, "X99001");
  EXPECT_EQ((*pauses)[0].since, at(1));
}

TEST_P(Destinations, ASecondPauseChangesNothingAndSoDoesAResumeOfWhatRuns) {
  EXPECT_FALSE(resume("spine", at(1)));
  EXPECT_TRUE(pause("spine", at(2), "first"));
  EXPECT_FALSE(pause("spine", at(3), "second"));
  EXPECT_EQ((*store_->pauses())[0].reason, "first");
  EXPECT_EQ((*store_->pauses())[0].since, at(2));
}

TEST_P(Destinations, EveryPauseIsKeptWithItsEndAndIsOnRecord) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pause("spine", at(10 * i)));
    ASSERT_TRUE(resume("spine", at(10 * i + 5)));
  }
  EXPECT_TRUE(store_->pauses()->empty());
  EXPECT_EQ(number("SELECT count(*) FROM destination_pause"), 3);
  EXPECT_EQ(number("SELECT count(*) FROM destination_pause WHERE resumed_at = since + 5000 AND "
                   "resumed_by = 'X99002' AND resume_reason = 'done'"),
            3);
  std::string bodies;
  const auto links = store_->audit_links(0, 100);
  for (const audit::Link& link : *links) bodies += link.body;
  EXPECT_THAT(bodies, HasSubstr("event destination.paused\nactor X99001\ndigest " +
                                to_hex(sha256("works")) + "\ndetail spine\n"));
  EXPECT_THAT(bodies, HasSubstr("event destination.resumed\nactor X99002\n"));
  expect_whole(*store_);
}

TEST_P(Destinations, ACrashIsCountedForWhatWasLeasedAndOnceMoreOnlyForWhatHadBegun) {
  accept("a");
  ASSERT_EQ(lease(at(1))[0].crashes, 0);
  ASSERT_EQ(*store_->recover("node", at(1)), 1u);
  EXPECT_EQ(crashes("a"), 1) << "it was leased";

  ASSERT_EQ(lease(at(1))[0].crashes, 1);
  ASSERT_EQ(*store_->recover("node", at(1)), 1u);
  EXPECT_EQ(crashes("a"), 1) << "no attempt had begun";

  crash_in_attempt(at(1));
  EXPECT_EQ(crashes("a"), 2);
  crash_in_attempt(at(1));
  EXPECT_EQ(crashes("a"), 3);
}

TEST_P(Destinations, AnAttemptThatCameToItsEndClearsTheItem) {
  accept("a");
  crash_in_attempt(at(1));
  crash_in_attempt(at(1));
  auto item = lease(at(1));
  ASSERT_EQ(item[0].crashes, 2);
  ASSERT_THAT(store_->begin(item[0].id, item[0].fence), IsOk());
  auto settlement = sample_settlement(item[0], ItemState::pending, at(2));
  settlement.next_at = at(2);
  ASSERT_THAT(store_->settle(settlement), IsOk());
  EXPECT_EQ(crashes("a"), 0);
  // An item that is given back without an attempt keeps what it has.
  crash_in_attempt(at(3));
  item = lease(at(3));
  settlement = sample_settlement(item[0], ItemState::pending, at(3));
  settlement.attempt.reset();
  settlement.next_at = at(3);
  ASSERT_THAT(store_->settle(settlement), IsOk());
  EXPECT_EQ(crashes("a"), 1);
  EXPECT_EQ((*store_->item("item-a"))->attempt, 1);
}

TEST_P(Destinations, AnOrderlyStopCountsNothing) {
  accept("a");
  ASSERT_EQ(lease(at(1)).size(), 1u);
  ASSERT_EQ(*store_->release("node", at(1)), 1u);
  EXPECT_EQ(crashes("a"), 0);
}

TEST_P(Destinations, ANodeThatNeverCameBackIsCountedWhenItsLeaseEnds) {
  accept("a");
  ASSERT_EQ(lease(at(1)).size(), 1u);
  auto taken = lease(at(3600));
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].crashes, 1);
  ASSERT_THAT(store_->begin(taken[0].id, taken[0].fence), IsOk());
  taken = lease(at(7200));
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].crashes, 2);
  EXPECT_EQ(*store_->recover("another node", at(7200)), 0u);
}

TEST_P(Destinations, OnlyTheHolderOfTheLeaseMaySayThatItBegins) {
  accept("a");
  const auto items = lease(at(1));
  EXPECT_THAT(store_->begin(items[0].id, items[0].fence - 1), FailsWith(ErrorCode::conflict));
  EXPECT_THAT(store_->begin("item-nobody", 1), FailsWith(ErrorCode::conflict));
  ASSERT_THAT(store_->release("node", at(1)), IsOk());
  EXPECT_THAT(store_->begin(items[0].id, items[0].fence), FailsWith(ErrorCode::conflict));
}

TEST_P(Destinations, AReplayedPoisonIsStillUnderSuspicion) {
  accept("a");
  for (int i = 0; i < 4; ++i) crash_in_attempt(at(1));
  auto settlement = sample_settlement(lease(at(1))[0], ItemState::dead, at(2));
  settlement.attempt.reset();
  settlement.dead = store::DeadLetter{"poison", "it ended the process", "X99001", at(100)};
  ASSERT_THAT(store_->settle(settlement), IsOk());
  EXPECT_EQ(crashes("a"), 4);
  ASSERT_THAT(store_->replay("item-a", at(3), at(1000), std::nullopt, {}), IsOk());
  EXPECT_EQ(lease(at(4))[0].crashes, 1);
}

CONCORD_ON_EVERY_STORE(Destinations);

}  // namespace
}  // namespace concord::test
