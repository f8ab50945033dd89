// What every store watches over: counters that follow the rows, late acknowledgements, its size.
#include <thread>

#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using store::Counts;
using store::Item;
using store::ItemState;

class Watch : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (stage_) store_ = open();
  }

  void accept(const std::string& name, const std::string& destination = "spine") {
    ASSERT_THAT(store_->commit(sample_exchange(name, destination)), IsOk());
  }
  Item leased(const std::string& destination = "spine", Instant now = at(1)) {
    auto items = store_->lease(sample_lease(destination, now, 1));
    EXPECT_THAT(items, IsOk());
    EXPECT_EQ(items->size(), 1u);
    return items->empty() ? Item{} : std::move(items->front());
  }
  void settle(const Item& item, ItemState state) {
    ASSERT_THAT(store_->settle(sample_settlement(item, state, at(2))), IsOk());
  }
  /// An item that was delivered, its business acknowledgement due at at(600).
  void deliver_and_expect(const std::string& name) {
    accept(name);
    const Item item = leased();
    store::Settlement settlement = sample_settlement(item, ItemState::acked_transport, at(2));
    settlement.expect = store::Expectation{"business", at(600)};
    ASSERT_THAT(store_->settle(std::move(settlement)), IsOk());
  }
  static audit::Record record(const std::string& detail) {
    return {
        audit::Event::acknowledgement_overdue, at(600), "exchange-a", "item-a", "node", "", detail};
  }
  store::Escalation escalation(std::int32_t step, Instant now) {
    store::Escalation escalation;
    escalation.item = "item-a";
    escalation.layer = "business";
    escalation.expected_step = step;
    escalation.now = now;
    escalation.next_at = now + std::chrono::hours(4);
    escalation.audit = {record("business 1")};
    return escalation;
  }
  void expect_counters_right() {
    const auto wrong = store_->watch().wrong_counters();
    ASSERT_THAT(wrong, IsOk());
    EXPECT_EQ(*wrong, 0);
  }

  std::unique_ptr<store::Store> store_;
};

TEST_P(Watch, CountersFollowEachItemThroughItsStates) {
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) accept(name);
  accept("g", "mesh");
  settle(leased(), ItemState::acked_business);
  settle(leased(), ItemState::acked_transport);
  settle(leased(), ItemState::nacked);
  settle(leased(), ItemState::dead);
  settle(leased(), ItemState::pending);
  settle(leased(), ItemState::dead);
  ASSERT_THAT(store_->cancel("item-f", at(3), {}, {}), IsOk());
  store::Unmatched unmatched;
  unmatched.destination = "spine";
  unmatched.content_type = "text/plain";
  unmatched.bytes = "?";
  unmatched.at = at(3);
  unmatched.audit = {audit::Event::answer_unmatched, at(3), "", "", "node", "", ""};
  ASSERT_THAT(store_->keep_unmatched(unmatched), IsOk());

  const auto counts = store_->counts();
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->accepted, 7);
  EXPECT_EQ(counts->delivered, 2);
  EXPECT_EQ(counts->rejected, 1);
  EXPECT_EQ(counts->dead, 1);
  EXPECT_EQ(counts->pending, 2);
  EXPECT_EQ(counts->cancelled, 1);
  EXPECT_EQ(counts->unmatched, 1);
  EXPECT_EQ(counts->difference(), 0);
  expect_counters_right();

  // Summed up, and after a restart, they are the same.
  ASSERT_THAT(store_->watch().sum_up(), IsOk());
  store_.reset();
  store_ = open();
  const auto again = store_->counts();
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->pending, 2);
  EXPECT_EQ(again->delivered, 2);
  EXPECT_EQ(again->unmatched, 1);
  expect_counters_right();
}

TEST_P(Watch, AMessageSentTwiceIsCountedOnce) {
  accept("a");
  accept("a");
  const auto counts = store_->counts();
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->accepted, 1);
  EXPECT_EQ(counts->pending, 1);
  expect_counters_right();
}

TEST_P(Watch, ARowThatVanishesBehindTheGatewaysBackIsADifference) {
  accept("a");
  accept("b");
  execute("DELETE FROM outbox WHERE id = 'item-a'");
  const auto counts = store_->counts();
  ASSERT_THAT(counts, IsOk());
  EXPECT_EQ(counts->difference(), 1);
}

TEST_P(Watch, ACounterThatWasTamperedWithIsFoundByAFullCount) {
  accept("a");
  ASSERT_THAT(store_->watch().sum_up(), IsOk());
  execute("UPDATE tally SET n = n + 1 WHERE destination = 'spine' AND state = 0");
  const auto wrong = store_->watch().wrong_counters();
  ASSERT_THAT(wrong, IsOk());
  EXPECT_EQ(*wrong, 1);
}

TEST_P(Watch, BacklogNamesTheOldestOfEachDestination) {
  accept("a");
  auto later = sample_exchange("b", "spine");
  later.accepted_at = at(100);
  ASSERT_THAT(store_->commit(later), IsOk());
  settle(leased(), ItemState::acked_business);
  auto far = sample_exchange("c", "mesh");
  far.accepted_at = at(50);
  ASSERT_THAT(store_->commit(far), IsOk());

  const auto backlog = store_->backlog();

  ASSERT_THAT(backlog, IsOk());
  ASSERT_EQ(backlog->size(), 2u);
  EXPECT_EQ((*backlog)[0].destination, "mesh");
  EXPECT_EQ((*backlog)[0].oldest, at(50));
  EXPECT_EQ((*backlog)[1].destination, "spine");
  EXPECT_EQ((*backlog)[1].pending, 1);
  EXPECT_EQ((*backlog)[1].oldest, at(100));
}

TEST_P(Watch, ADestinationWithNothingLeftIsNoBacklog) {
  accept("a");
  settle(leased(), ItemState::acked_business);
  const auto backlog = store_->backlog();
  ASSERT_THAT(backlog, IsOk());
  EXPECT_TRUE(backlog->empty());
}

TEST_P(Watch, ADifferenceIsToldOfOnceAndAgainWhenItChanges) {
  const audit::Record record{audit::Event::counts_differ, at(1), "", "", "node", "", "2"};
  const std::int64_t links = number("SELECT count(*) FROM audit");
  EXPECT_FALSE(*store_->watch().note_difference(0, record));
  EXPECT_TRUE(*store_->watch().note_difference(2, record));
  EXPECT_FALSE(*store_->watch().note_difference(2, record));
  store_.reset();
  store_ = open();
  EXPECT_FALSE(*store_->watch().note_difference(2, record));
  EXPECT_TRUE(*store_->watch().note_difference(0, record));
  EXPECT_EQ(number("SELECT count(*) FROM audit"), links + 2);
  expect_whole(*store_);
}

TEST_P(Watch, AnAcknowledgementIsOverdueFromItsTimeOnAndNotBefore) {
  deliver_and_expect("a");
  EXPECT_TRUE(store_->watch().overdue(at(599), 10)->empty());

  const auto overdue = store_->watch().overdue(at(600), 10);

  ASSERT_THAT(overdue, IsOk());
  ASSERT_EQ(overdue->size(), 1u);
  EXPECT_EQ((*overdue)[0].item, "item-a");
  EXPECT_EQ((*overdue)[0].layer, "business");
  EXPECT_EQ((*overdue)[0].due_at, at(600));
  EXPECT_EQ((*overdue)[0].next_at, at(600));
  EXPECT_EQ((*overdue)[0].step, 0);
  const auto awaited = store_->watch().awaited();
  ASSERT_THAT(awaited, IsOk());
  ASSERT_EQ(awaited->size(), 1u);
  EXPECT_EQ((*awaited)[0].destination, "spine");
  EXPECT_EQ((*awaited)[0].expected, 1);
  EXPECT_EQ((*awaited)[0].overdue, 0);
}

TEST_P(Watch, AStepOfEscalationIsTakenOnceWithTaskAndAudit) {
  deliver_and_expect("a");
  const store::TaskChange change{"task-a", 1, "received", "{\"late\":true}", {}};
  store::Escalation step = escalation(0, at(601));
  step.task = &change;
  const std::int64_t links = number("SELECT count(*) FROM audit");

  EXPECT_TRUE(*store_->watch().escalate(step));
  EXPECT_FALSE(*store_->watch().escalate(step));

  EXPECT_EQ((*store_->task("task-a"))->version, 2);
  EXPECT_EQ((*store_->task("task-a"))->body, "{\"late\":true}");
  EXPECT_EQ(number("SELECT count(*) FROM audit"), links + 1);
  EXPECT_TRUE(store_->watch().overdue(at(602), 10)->empty());
  EXPECT_EQ((*store_->watch().awaited())[0].overdue, 1);

  // It survives a restart, and the next step comes at its time; the last one has none after it.
  store_.reset();
  store_ = open();
  const Instant next = at(601) + std::chrono::hours(4);
  const auto overdue = store_->watch().overdue(next, 10);
  ASSERT_THAT(overdue, IsOk());
  ASSERT_EQ(overdue->size(), 1u);
  EXPECT_EQ((*overdue)[0].step, 1);
  EXPECT_EQ((*overdue)[0].due_at, at(600));
  EXPECT_FALSE(*store_->watch().escalate(escalation(1, at(602))));  // before its time
  store::Escalation last = escalation(1, next);
  last.next_at.reset();
  EXPECT_TRUE(*store_->watch().escalate(last));
  EXPECT_TRUE(store_->watch().overdue(next + std::chrono::hours(999), 10)->empty());
  EXPECT_EQ((*store_->watch().awaited())[0].overdue, 1);
  expect_whole(*store_);
}

TEST_P(Watch, AStepIsNotTakenWhenTheTaskIsAtAnotherVersion) {
  deliver_and_expect("a");
  const store::TaskChange change{"task-a", 7, "received", "{}", {}};
  store::Escalation step = escalation(0, at(601));
  step.task = &change;
  EXPECT_THAT(store_->watch().escalate(step), FailsWith(ErrorCode::conflict));
  EXPECT_EQ(store_->watch().overdue(at(601), 10)->size(), 1u);
  expect_whole(*store_);
}

TEST_P(Watch, OfManyWhoTakeAStepAtOnceOneDoes) {
  deliver_and_expect("a");
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto done = store_->watch().escalate(escalation(0, at(601)));
      if (done && *done) ++taken;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(number("SELECT step FROM ack_expect"), 1);
}

TEST_P(Watch, AnAcknowledgementThatCameIsNotOverdue) {
  deliver_and_expect("a");
  store::Acknowledged word;
  word.item = "item-a";
  word.effect = "acknowledged";
  word.now = at(601);
  ASSERT_THAT(store_->acknowledge(word), IsOk());
  EXPECT_FALSE(*store_->watch().escalate(escalation(0, at(602))));
  EXPECT_TRUE(store_->watch().awaited()->empty());
}

TEST_P(Watch, AWordThatTheBytesWereUnderstoodLeavesTheBusinessAcknowledgementAwaited) {
  deliver_and_expect("a");
  store::Acknowledged word;
  word.item = "item-a";
  word.effect = "understood";
  word.now = at(300);
  word.state = ItemState::acked_infrastructure;
  ASSERT_THAT(store_->acknowledge(word), IsOk());
  EXPECT_EQ(store_->watch().overdue(at(600), 10)->size(), 1u);
}

TEST_P(Watch, SizeIsThatOfTheStore) {
  accept("a");
  const auto size = store_->watch().size();
  ASSERT_THAT(size, IsOk());
  EXPECT_GT(size->bytes, 4096);
}

CONCORD_ON_EVERY_STORE(Watch);

}  // namespace
}  // namespace concord::test
