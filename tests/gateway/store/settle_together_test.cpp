// Results of several attempts, recorded together: each is whole or not there.
#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using store::Item;
using store::ItemState;

class SettleTogether : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (stage_) store_ = open();
  }

  void accept(const std::string& name, const std::string& subject = "") {
    ASSERT_THAT(store_->commit(sample_exchange(name, "spine", subject)), IsOk());
  }
  std::vector<Item> lease(Instant now) {
    auto items = store_->lease(sample_lease("spine", now, 10));
    EXPECT_THAT(items, IsOk());
    return items ? std::move(*items) : std::vector<Item>{};
  }
  static store::Settlement delivered(const Item& item) {
    auto settlement = sample_settlement(item, ItemState::acked_business, at(2));
    settlement.task = store::TaskChange{item.task, 1, "completed", "{}"};
    return settlement;
  }
  ItemState state_of(const std::string& name) const {
    return (*store_->item("item-" + name))->state;
  }
  std::string task_status_of(const std::string& name) const {
    return (*store_->task("task-" + name))->status;
  }

  std::unique_ptr<store::Store> store_;
};

TEST_P(SettleTogether, EachResultHasAnAnswerOfItsOwnInTheOrderGiven) {
  for (const char* const name : {"a", "b", "c"}) accept(name);
  const std::vector<Item> items = lease(at(1));
  ASSERT_EQ(items.size(), 3u);
  store::Settlement zombie = delivered(items[1]);
  --zombie.fence;
  Item stranger = items[0];
  stranger.id = "item-nobody";

  const auto results =
      store_->settle_all({delivered(items[0]), zombie, delivered(items[2]), delivered(stranger)});

  ASSERT_EQ(results.size(), 4u);
  EXPECT_THAT(results[0], IsOk());
  EXPECT_THAT(results[1], FailsWith(ErrorCode::conflict));
  EXPECT_THAT(results[2], IsOk());
  EXPECT_THAT(results[3], FailsWith(ErrorCode::not_found));
  EXPECT_EQ(state_of("a"), ItemState::acked_business);
  EXPECT_EQ(state_of("b"), ItemState::pending);
  EXPECT_EQ(task_status_of("b"), "requested");
  EXPECT_EQ(state_of("c"), ItemState::acked_business);
  EXPECT_EQ(task_status_of("c"), "completed");
  EXPECT_EQ(number("SELECT count(*) FROM attempt"), 2);
  expect_whole(*store_);
}

TEST_P(SettleTogether, NothingGivenIsNothingDone) { EXPECT_TRUE(store_->settle_all({}).empty()); }

TEST_P(SettleTogether, EachMakesTheNextOfItsSubjectDue) {
  accept("a", "s");
  accept("b", "s");
  accept("c", "t");
  accept("d", "t");
  const std::vector<Item> items = lease(at(1));
  ASSERT_EQ(items.size(), 2u);

  for (const auto& result : store_->settle_all({delivered(items[0]), delivered(items[1])})) {
    EXPECT_THAT(result, IsOk());
  }

  const std::vector<Item> next = lease(at(3));
  ASSERT_EQ(next.size(), 2u);
  EXPECT_EQ(next[0].id, "item-b");
  EXPECT_EQ(next[1].id, "item-d");
}

TEST_P(SettleTogether, OfTwoChangesOfOneTaskTheSecondIsAConflict) {
  accept("a");
  accept("b");
  const std::vector<Item> items = lease(at(1));
  ASSERT_EQ(items.size(), 2u);
  store::Settlement second = delivered(items[1]);
  second.task->id = "task-a";

  const auto results = store_->settle_all({delivered(items[0]), second});

  EXPECT_THAT(results[0], IsOk());
  EXPECT_THAT(results[1], FailsWith(ErrorCode::conflict));
  EXPECT_EQ(state_of("b"), ItemState::pending);
  EXPECT_EQ((*store_->task("task-a"))->version, 2);
  EXPECT_EQ(number("SELECT count(*) FROM attempt"), 1);
  expect_whole(*store_);
}

TEST_P(SettleTogether, AnItemThatIsThereTwiceIsSettledOnce) {
  accept("a");
  const std::vector<Item> items = lease(at(1));
  ASSERT_EQ(items.size(), 1u);
  store::Settlement again = sample_settlement(items[0], ItemState::nacked, at(2));

  const auto results = store_->settle_all({delivered(items[0]), again});

  EXPECT_THAT(results[0], IsOk());
  EXPECT_THAT(results[1], FailsWith(ErrorCode::conflict));
  EXPECT_EQ(state_of("a"), ItemState::acked_business);
  EXPECT_EQ(number("SELECT count(*) FROM attempt"), 1);
}

TEST_P(SettleTogether, OneThatCannotBeWrittenTakesNoneOfTheOthersAlong) {
  for (const char* const name : {"a", "b", "c"}) accept(name);
  const std::vector<Item> items = lease(at(1));
  ASSERT_EQ(items.size(), 3u);
  // Its first attempt is there already: the row of this one stands in its way.
  execute(
      "INSERT INTO attempt (item, n, started_at, ended_at, result, peer_code) "
      "SELECT seq, 1, 0, 0, 'unknown', 0 FROM outbox WHERE id = 'item-b'");

  const auto results =
      store_->settle_all({delivered(items[0]), delivered(items[1]), delivered(items[2])});

  EXPECT_THAT(results[0], IsOk());
  EXPECT_FALSE(results[1]);
  EXPECT_THAT(results[2], IsOk());
  EXPECT_EQ(state_of("a"), ItemState::acked_business);
  EXPECT_EQ(state_of("b"), ItemState::pending);
  EXPECT_EQ(task_status_of("b"), "requested");
  EXPECT_EQ(state_of("c"), ItemState::acked_business);
  expect_whole(*store_);
}

CONCORD_ON_EVERY_STORE(SettleTogether);

}  // namespace
}  // namespace concord::test
