#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using store::Item;
using store::ItemState;

class Deliver : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (stage_) store_ = open();
  }

  void accept(const std::string& name, const std::string& subject = "",
              const std::string& destination = "spine") {
    ASSERT_THAT(store_->commit(sample_exchange(name, destination, subject)), IsOk());
  }

  std::vector<Item> lease(Instant now, std::size_t limit = 10) {
    auto items = store_->lease(sample_lease("spine", now, limit));
    EXPECT_THAT(items, IsOk());
    return items ? std::move(*items) : std::vector<Item>{};
  }

  static std::vector<std::string> ids(const std::vector<Item>& items) {
    std::vector<std::string> ids;
    for (const Item& item : items) ids.push_back(item.id);
    return ids;
  }

  std::unique_ptr<store::Store> store_;
};

using Ids = std::vector<std::string>;

TEST_P(Deliver, ALeasedItemCarriesItsFixedIdsAndBytes) {
  accept("a", "s");

  const std::vector<Item> items = lease(at(1));

  ASSERT_EQ(items.size(), 1u);
  const store::NewItem given = sample_item("a", "spine", "s");
  EXPECT_EQ(items[0].id, given.id);
  EXPECT_EQ(items[0].exchange, "exchange-a");
  EXPECT_EQ(items[0].task, "task-a");
  EXPECT_EQ(items[0].message_id, given.message_id);
  EXPECT_EQ(items[0].interaction, given.interaction);
  EXPECT_EQ(items[0].content_type, given.content_type);
  EXPECT_EQ(items[0].bytes, given.bytes);
  EXPECT_EQ(items[0].digest, given.digest);
  EXPECT_EQ(items[0].fence, 1);
  EXPECT_EQ(items[0].attempt, 0);
}

TEST_P(Deliver, ALeasedItemIsNotLeasedAgainUntilItsLeaseEnds) {
  accept("a");
  ASSERT_EQ(lease(at(1)).size(), 1u);
  EXPECT_TRUE(lease(at(60)).empty());

  const std::vector<Item> again = lease(at(61));

  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].fence, 2);
}

TEST_P(Deliver, ACompletionWithAnOldFenceIsRefused) {
  accept("a");
  const std::vector<Item> zombie = lease(at(1));
  const std::vector<Item> heir = lease(at(61));

  EXPECT_THAT(store_->settle(sample_settlement(zombie[0], ItemState::acked_business, at(62))),
              FailsWith(ErrorCode::conflict));
  EXPECT_THAT(store_->settle(sample_settlement(heir[0], ItemState::acked_business, at(62))),
              IsOk());

  EXPECT_EQ(number("SELECT count(*) FROM attempt"), 1);
  expect_whole(*store_);
}

TEST_P(Deliver, AnItemIsSettledOnce) {
  accept("a");
  const std::vector<Item> items = lease(at(1));
  ASSERT_THAT(store_->settle(sample_settlement(items[0], ItemState::acked_business, at(2))),
              IsOk());

  EXPECT_THAT(store_->settle(sample_settlement(items[0], ItemState::nacked, at(3))),
              FailsWith(ErrorCode::conflict));

  const auto item = store_->item("item-a");
  ASSERT_THAT(item, IsOk());
  EXPECT_EQ((*item)->state, ItemState::acked_business);
  EXPECT_TRUE(lease(at(1000)).empty());
}

TEST_P(Deliver, ItemsOfOneSubjectGoOneAfterTheOtherInOrderOfAcceptance) {
  accept("a", "s");
  accept("b", "s");
  accept("c", "s");

  const std::vector<Item> first = lease(at(1));
  EXPECT_EQ(ids(first), Ids{"item-a"});
  ASSERT_THAT(store_->settle(sample_settlement(first[0], ItemState::acked_business, at(2))),
              IsOk());
  const std::vector<Item> second = lease(at(3));
  EXPECT_EQ(ids(second), Ids{"item-b"});
  ASSERT_THAT(store_->settle(sample_settlement(second[0], ItemState::nacked, at(4))), IsOk());
  EXPECT_EQ(ids(lease(at(5))), Ids{"item-c"});
}

TEST_P(Deliver, ARetriedHeadHoldsItsSubjectAndNobodyElse) {
  accept("a", "s");
  accept("b", "s");
  accept("c", "t");
  const std::vector<Item> first = lease(at(1), 1);
  ASSERT_EQ(ids(first), Ids{"item-a"});

  ASSERT_THAT(store_->settle(sample_settlement(first[0], ItemState::pending, at(2))), IsOk());

  EXPECT_EQ(ids(lease(at(3))), Ids{"item-c"});
  const std::vector<Item> again = lease(at(7));  // five seconds after the settlement
  EXPECT_EQ(ids(again), Ids{"item-a"});
  EXPECT_EQ(again[0].attempt, 1);
}

TEST_P(Deliver, TheSameSubjectAtAnotherDestinationDoesNotWait) {
  accept("a", "s", "spine");
  accept("b", "s", "pharmacy");
  ASSERT_EQ(ids(lease(at(1))), Ids{"item-a"});

  const auto other = store_->lease(sample_lease("pharmacy", at(1)));

  ASSERT_THAT(other, IsOk());
  EXPECT_EQ(ids(*other), Ids{"item-b"});
}

TEST_P(Deliver, ItemsWithoutASubjectDoNotWaitForEachOther) {
  accept("a");
  accept("b");
  EXPECT_EQ(ids(lease(at(1))), (Ids{"item-a", "item-b"}));
}

TEST_P(Deliver, NextDueIsTheEarliestRetryOrEndOfALease) {
  const auto none = store_->next_due("spine");
  ASSERT_THAT(none, IsOk());
  EXPECT_FALSE(none->has_value());
  accept("a");
  EXPECT_EQ(**store_->next_due("spine"), at(0));
  lease(at(1));
  EXPECT_EQ(**store_->next_due("spine"), at(61));
}

TEST_P(Deliver, ReleaseGivesBackTheLeasesOfOneNode) {
  accept("a");
  accept("b");
  auto other = sample_lease("spine", at(1), 1);
  other.node = "another";
  ASSERT_THAT(store_->lease(other), IsOk());
  lease(at(1));

  const auto released = store_->release("node", at(2));

  ASSERT_THAT(released, IsOk());
  EXPECT_EQ(*released, 1u);
  EXPECT_EQ(ids(lease(at(2))), Ids{"item-b"});
}

TEST_P(Deliver, ReleaseUnheldGivesBackWhatTheNodeDoesNotKnowOf) {
  for (const char* const name : {"a", "b", "c"}) accept(name);
  auto other = sample_lease("spine", at(1), 1);
  other.node = "another";
  ASSERT_THAT(store_->lease(other), IsOk());
  const auto mine = lease(at(1));
  ASSERT_EQ(ids(mine), (Ids{"item-b", "item-c"}));

  const auto released = store_->release_unheld("node", {"item-b", "item-a"}, at(2));

  ASSERT_THAT(released, IsOk());
  EXPECT_EQ(*released, 1u);
  const auto again = lease(at(2));
  ASSERT_EQ(ids(again), Ids{"item-c"});
  EXPECT_EQ(again[0].crashes, 0) << "nothing ended";
  EXPECT_GT(again[0].fence, mine[1].fence);
  EXPECT_THAT(store_->settle(sample_settlement(mine[1], ItemState::acked_business, at(2))),
              FailsWith(ErrorCode::conflict));
  EXPECT_THAT(store_->settle(sample_settlement(mine[0], ItemState::acked_business, at(2))), IsOk());
}

TEST_P(Deliver, ReleaseUnheldOfANodeThatHoldsNothingGivesBackAll) {
  accept("a");
  lease(at(1));
  EXPECT_EQ(*store_->release_unheld("node", {}, at(2)), 1u);
  EXPECT_EQ(*store_->release_unheld("node", {}, at(2)), 0u);
  EXPECT_EQ(ids(lease(at(2))), Ids{"item-a"});
}

TEST_P(Deliver, ASettlementChangesTheTaskOnlyAtTheVersionItWasMadeFrom) {
  accept("a");
  const std::vector<Item> items = lease(at(1));
  store::Settlement settlement = sample_settlement(items[0], ItemState::acked_business, at(2));
  settlement.task = store::TaskChange{"task-a", 2, "completed", "{\"status\":\"completed\"}"};
  EXPECT_THAT(store_->settle(settlement), FailsWith(ErrorCode::conflict));
  EXPECT_EQ(number("SELECT count(*) FROM attempt"), 0);

  settlement.task->expected_version = 1;
  ASSERT_THAT(store_->settle(settlement), IsOk());

  const auto task = store_->task("task-a");
  ASSERT_THAT(task, IsOk());
  EXPECT_EQ((*task)->version, 2);
  EXPECT_EQ((*task)->status, "completed");
  EXPECT_EQ((*task)->body, "{\"status\":\"completed\"}");
  EXPECT_EQ((*task)->updated_at, at(2));
}

TEST_P(Deliver, EveryAttemptIsKeptWithItsAnswer) {
  accept("a");
  std::vector<Item> items = lease(at(1));
  store::Settlement failed = sample_settlement(items[0], ItemState::pending, at(2));
  failed.attempt = store::Attempt{at(1), at(2), "transient", 503, "", ""};
  ASSERT_THAT(store_->settle(failed), IsOk());
  items = lease(at(10));
  ASSERT_THAT(store_->settle(sample_settlement(items[0], ItemState::acked_business, at(11))),
              IsOk());

  const auto attempts = store_->attempts("item-a");

  ASSERT_THAT(attempts, IsOk());
  ASSERT_EQ(attempts->size(), 2u);
  EXPECT_EQ((*attempts)[0].result, "transient");
  EXPECT_EQ((*attempts)[0].peer_code, 503);
  EXPECT_EQ((*attempts)[0].started_at, at(1));
  EXPECT_EQ((*attempts)[1].result, "answered");
  EXPECT_EQ((*attempts)[1].answer, "<answer/>");
  EXPECT_EQ((*attempts)[1].answer_type, "application/xml");
}

// ---- dead letters ----

class DeadLetters : public Deliver {
 protected:
  void SetUp() override {
    Deliver::SetUp();
    accept("a", "s");
    accept("b", "s");
    const std::vector<Item> items = lease(at(1));
    store::Settlement dead = sample_settlement(items[0], ItemState::dead, at(2));
    dead.dead = store::DeadLetter{"permanent", "refused for good", "X99001", at(3600)};
    ASSERT_THAT(store_->settle(dead), IsOk());
  }
};

TEST_P(DeadLetters, HoldTheirSubjectUntilAPersonActs) {
  EXPECT_TRUE(lease(at(100'000)).empty());
  const auto counts = store_->counts();
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->dead, 1);
  EXPECT_EQ(counts->pending, 1);
  expect_whole(*store_);
}

TEST_P(DeadLetters, ReplayedGoFirstWithTheSameIdsAndBytes) {
  ASSERT_THAT(store_->replay("item-a", at(10), at(1000), std::nullopt, {}), IsOk());

  const std::vector<Item> items = lease(at(11));

  ASSERT_EQ(ids(items), Ids{"item-a"});
  EXPECT_EQ(items[0].message_id, "MESSAGE-a");
  EXPECT_EQ(items[0].bytes, sample_item("a").bytes);
  EXPECT_EQ(items[0].attempt, 1);
  EXPECT_EQ(items[0].deadline, at(1000));
  EXPECT_EQ(number("SELECT count(*) FROM dead"), 0);
}

TEST_P(DeadLetters, CancelledLetTheNextOfTheirSubjectGo) {
  ASSERT_THAT(store_->cancel("item-a", at(10), std::nullopt, {}), IsOk());

  EXPECT_EQ(ids(lease(at(11))), Ids{"item-b"});
  const auto counts = store_->counts();
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->cancelled, 1);
  expect_whole(*store_);
}

TEST_P(DeadLetters, OnlyDeadItemsAreReplayedOrCancelled) {
  EXPECT_THAT(store_->replay("item-b", at(10), at(1000), std::nullopt, {}),
              FailsWith(ErrorCode::conflict));
  EXPECT_THAT(store_->cancel("item-b", at(10), std::nullopt, {}), FailsWith(ErrorCode::conflict));
  EXPECT_THAT(store_->replay("nobody", at(10), at(1000), std::nullopt, {}),
              FailsWith(ErrorCode::not_found));
}

// ---- later acknowledgements ----

class LaterAcknowledgement : public Deliver {
 protected:
  void SetUp() override {
    Deliver::SetUp();
    accept("a", "s");
    const std::vector<Item> items = lease(at(1));
    store::Settlement sent = sample_settlement(items[0], ItemState::acked_transport, at(2));
    sent.expect = store::Expectation{"business", at(600)};
    ASSERT_THAT(store_->settle(sent), IsOk());
  }
  store::Acknowledged acknowledged() {
    store::Acknowledged word;
    word.item = "item-a";
    word.effect = "acknowledged";
    word.now = at(30);
    word.task = store::TaskChange{"task-a", 1, "completed", "{}"};
    word.audit.push_back(
        {audit::Event::item_delivered, at(30), "exchange-a", "item-a", "", "", ""});
    return word;
  }
};

TEST_P(LaterAcknowledgement, IsFoundByMessageIdAndChangesTheTask) {
  const auto item = store_->item_by_message("spine", "MESSAGE-a");
  ASSERT_THAT(item, IsOk());
  ASSERT_TRUE(item->has_value());
  EXPECT_EQ((*item)->id, "item-a");
  EXPECT_EQ(number("SELECT count(*) FROM ack_expect"), 1);

  const auto changed = store_->acknowledge(acknowledged());

  ASSERT_THAT(changed, IsOk());
  EXPECT_TRUE(*changed);
  EXPECT_EQ((*store_->task("task-a"))->status, "completed");
  EXPECT_EQ((*store_->item("item-a"))->state, ItemState::acked_business);
  EXPECT_EQ(number("SELECT count(*) FROM ack_expect"), 0);
}

TEST_P(LaterAcknowledgement, ComingTwiceChangesNothingTheSecondTime) {
  ASSERT_THAT(store_->acknowledge(acknowledged()), IsOk());
  const std::int64_t links = number("SELECT count(*) FROM audit");

  const auto again = store_->acknowledge(acknowledged());

  ASSERT_THAT(again, IsOk());
  EXPECT_FALSE(*again);
  EXPECT_EQ((*store_->task("task-a"))->version, 2);
  EXPECT_EQ(number("SELECT count(*) FROM audit"), links);
}

TEST_P(LaterAcknowledgement, ForAnItemOnItsWayTakesTheLeaseAway) {
  accept("b");
  const std::vector<Item> items = lease(at(3));
  ASSERT_EQ(ids(items), Ids{"item-b"});
  store::Acknowledged word;
  word.item = "item-b";
  word.effect = "acknowledged";
  word.now = at(4);
  ASSERT_THAT(store_->acknowledge(word), IsOk());

  EXPECT_THAT(store_->settle(sample_settlement(items[0], ItemState::pending, at(5))),
              FailsWith(ErrorCode::conflict));
  EXPECT_TRUE(lease(at(1000)).empty());
  expect_whole(*store_);
}

TEST_P(LaterAcknowledgement, ThatBelongsToNothingIsKeptForAPerson) {
  store::Unmatched unmatched;
  unmatched.destination = "spine";
  unmatched.refers_to = "SOMETHING-ELSE";
  unmatched.reason = "names a message that was never sent";
  unmatched.bytes = "<answer/>";
  unmatched.content_type = "application/xml";
  unmatched.at = at(5);
  unmatched.audit = {audit::Event::answer_unmatched, at(5), "", "", "node", "", ""};

  ASSERT_THAT(store_->keep_unmatched(unmatched), IsOk());

  const auto counts = store_->counts();
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->unmatched, 1);
  expect_whole(*store_);
}

// ---- counts ----

TEST_P(Deliver, CountsAddUpInEveryState) {
  for (const std::string name : {"a", "b", "c", "d", "e", "f"}) accept(name);
  const std::vector<Item> items = lease(at(1), 5);
  ASSERT_EQ(items.size(), 5u);
  const ItemState states[] = {ItemState::acked_business, ItemState::acked_transport,
                              ItemState::nacked, ItemState::pending, ItemState::dead};
  for (std::size_t i = 0; i < items.size(); ++i) {
    store::Settlement settlement = sample_settlement(items[i], states[i], at(2));
    if (states[i] == ItemState::dead) {
      settlement.dead = store::DeadLetter{"permanent", "", "X99001", at(3600)};
    }
    ASSERT_THAT(store_->settle(settlement), IsOk());
  }

  const auto counts = store_->counts();

  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->accepted, 6);
  EXPECT_EQ(counts->delivered, 2);
  EXPECT_EQ(counts->rejected, 1);
  EXPECT_EQ(counts->pending, 2);
  EXPECT_EQ(counts->dead, 1);
  EXPECT_EQ(counts->difference(), 0);
  const auto backlog = store_->backlog();
  ASSERT_THAT(backlog, IsOk());
  ASSERT_EQ(backlog->size(), 1u);
  EXPECT_EQ((*backlog)[0].destination, "spine");
  EXPECT_EQ((*backlog)[0].pending, 2);
  EXPECT_EQ((*backlog)[0].dead, 1);
  EXPECT_EQ((*backlog)[0].oldest, at(0));
}

TEST_P(Deliver, AVanishedItemShowsInTheDifference) {
  accept("a");
  accept("b");
  execute("DELETE FROM outbox WHERE id = 'item-a'");

  const auto counts = store_->counts();

  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->difference(), 1);
}

CONCORD_ON_EVERY_STORE(Deliver);
CONCORD_ON_EVERY_STORE(DeadLetters);
CONCORD_ON_EVERY_STORE(LaterAcknowledgement);

}  // namespace
}  // namespace concord::test
