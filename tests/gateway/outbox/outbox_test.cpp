#include <gmock/gmock.h>

#include <set>

#include "tests/gateway/outbox/fixture.h"

namespace concord::test {
namespace {

using channels::Carried;
using channels::Receipt;
using store::ItemState;

TEST_F(OutboxTest, DeliversWhatWasAcceptedAndSettlesItsTask) {
  start();
  accept("a");

  ASSERT_TRUE(wait_for_delivered(1));

  const std::vector<Sent> sent = channel_->sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].destination, "spine");
  EXPECT_EQ(sent[0].item, "item-a");
  EXPECT_EQ(sent[0].message_id, "MESSAGE-a");
  EXPECT_EQ(sent[0].bytes, sample_item("a").bytes);
  EXPECT_EQ(state_of("a"), ItemState::acked_business);
  const auto task = store_->task("task-a");
  EXPECT_EQ((*task)->status, "completed");
  EXPECT_EQ((*task)->version, 2);
}

TEST_F(OutboxTest, DeliversWhatWaitedSinceBeforeTheStart) {
  accept("a");
  start();
  EXPECT_TRUE(wait_for_delivered(1));
}

TEST_F(OutboxTest, KeepsTheAnswerAndWritesTheChain) {
  start();
  accept("a");
  ASSERT_TRUE(wait_for_delivered(1));

  const auto attempts = store_->attempts("item-a");
  ASSERT_THAT(attempts, IsOk());
  ASSERT_EQ(attempts->size(), 1u);
  EXPECT_EQ((*attempts)[0].result, "answered");
  EXPECT_EQ((*attempts)[0].peer_code, 200);
  EXPECT_EQ((*attempts)[0].answer, "<ok/>");
  const auto verdict = store::verify_audit(*store_);
  ASSERT_THAT(verdict, IsOk());
  EXPECT_FALSE(verdict->broken.has_value());
  const auto links = store_->audit_links(0, 100);
  std::string bodies;
  for (const audit::Link& link : *links) bodies += link.body;
  EXPECT_THAT(bodies, testing::HasSubstr("event item.delivered\nexchange exchange-a\nitem item-a"));
  EXPECT_THAT(bodies, testing::HasSubstr("event task.changed"));
}

TEST_F(OutboxTest, ATransientFailureIsTriedAgainWithTheSameIdsAndBytes) {
  channel_->answer_with(FakeChannel::failed(Carried::not_sent, 503));
  start();
  accept("a");
  ASSERT_TRUE(wait_until([&] { return attempt_of("a") == 1; }));
  EXPECT_EQ(state_of("a"), ItemState::pending);
  channel_->answer_with(FakeChannel::ok());

  clock_.advance(milliseconds(4'999));
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(channel_->sent().size(), 1u) << "not before five seconds are over";
  clock_.advance(milliseconds(1));
  ASSERT_TRUE(wait_for_delivered(1));

  const std::vector<Sent> sent = channel_->sent();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].item, sent[1].item);
  EXPECT_EQ(sent[0].message_id, sent[1].message_id);
  EXPECT_EQ(sent[0].bytes, sent[1].bytes);
  EXPECT_EQ(notices("retried"), 1);
}

TEST_F(OutboxTest, RetryAfterOfTheOtherSideIsHonoured) {
  Receipt busy = FakeChannel::failed(Carried::not_sent, 429);
  busy.retry_after = std::chrono::seconds(120);
  channel_->answer_with(busy);
  start();
  accept("a");
  ASSERT_TRUE(wait_until([&] { return attempt_of("a") == 1; }));
  EXPECT_EQ(**store_->next_due("spine"), clock_.now() + std::chrono::seconds(120));
}

TEST_F(OutboxTest, APermanentRefusalIsADeadLetterWithOwnerAndFailedTask) {
  channel_->answer_with(FakeChannel::failed(Carried::turned_away, 403));
  start();
  accept("a");
  ASSERT_TRUE(wait_until([&] { return state_of("a") == ItemState::dead; }));

  EXPECT_EQ((*store_->task("task-a"))->status, "failed");
  EXPECT_EQ(counts().dead, 1);
  EXPECT_EQ(channel_->sent().size(), 1u);
  EXPECT_EQ(notices("dead"), 1);
}

TEST_F(OutboxTest, RetriesEndAtTheDeadlineOfTheItem) {
  channel_->answer_with(FakeChannel::failed(Carried::unknown, 504));
  start();
  accept("a");
  ASSERT_TRUE(wait_until([&] { return attempt_of("a") == 1; }));
  clock_.advance(std::chrono::hours(72));
  ASSERT_TRUE(wait_until([&] { return state_of("a") == ItemState::dead; }));
  EXPECT_EQ((*store_->task("task-a"))->status, "failed");
  EXPECT_EQ(attempt_of("a"), 2);
}

TEST_F(OutboxTest, ARefusalByTheReceiverRejectsTheTaskAndIsNotTriedAgain) {
  channel_->answer_with(
      Receipt{Carried::answered, 200, "<no/>", "application/xml", std::nullopt, ""});
  start();
  accept("a");
  ASSERT_TRUE(wait_until([&] { return state_of("a") == ItemState::nacked; }));
  EXPECT_EQ((*store_->task("task-a"))->status, "rejected");
  EXPECT_EQ(counts().rejected, 1);
}

TEST_F(OutboxTest, AnAcknowledgementBeatsTheStatusItCameWith) {
  channel_->answer_with(Receipt{Carried::turned_away, 400, "<no/>", "application/xml", std::nullopt,
                                "HTTP status 400"});
  start();
  accept("a");
  ASSERT_TRUE(wait_until([&] { return state_of("a") == ItemState::nacked; }));
}

TEST_F(OutboxTest, AnAnswerToAnotherMessageIsKeptAndTheItemSentAgain) {
  channel_->answer_with(
      Receipt{Carried::answered, 200, "<other/>", "application/xml", std::nullopt, ""});
  start();
  accept("a");
  ASSERT_TRUE(wait_until([&] { return attempt_of("a") == 1; }));
  EXPECT_EQ(state_of("a"), ItemState::pending);
  EXPECT_EQ((*store_->task("task-a"))->status, "requested");
  EXPECT_EQ(counts().unmatched, 1);
  channel_->answer_with(FakeChannel::ok());
  clock_.advance(milliseconds(5'000));
  EXPECT_TRUE(wait_for_delivered(1));
}

TEST_F(OutboxTest, AChannelThatIsNotThereIsADeadLetterNotALoop) {
  store::NewExchange exchange = sample_exchange("a");
  exchange.items[0].channel = "carrier-pigeon";
  ASSERT_THAT(store_->commit(exchange), IsOk());
  start();
  EXPECT_TRUE(wait_until([&] { return state_of("a") == ItemState::dead; }));
}

TEST_F(OutboxTest, MessagesOfASubjectArriveInOrderOfAcceptance) {
  std::mt19937 random(7);
  std::mutex mutex;
  channel_->answer_with([&](const Sent&, std::stop_token) {
    int wait = 0;
    {
      const std::lock_guard lock(mutex);
      wait = static_cast<int>(random() % 5);
    }
    std::this_thread::sleep_for(milliseconds(wait));
    return FakeChannel::ok();
  });
  start();
  constexpr int kSubjects = 5;
  constexpr int kEach = 8;
  for (int i = 0; i < kEach; ++i) {
    for (int s = 0; s < kSubjects; ++s) {
      accept(std::to_string(s) + "-" + std::to_string(i), "subject-" + std::to_string(s));
    }
  }
  ASSERT_TRUE(wait_for_delivered(kSubjects * kEach));
  std::map<char, int> next;
  for (const Sent& sent : channel_->sent()) {
    const char subject = sent.item[5];
    EXPECT_EQ(sent.item.substr(7), std::to_string(next[subject])) << sent.item;
    ++next[subject];
  }
}

TEST_F(OutboxTest, AFailingSubjectDoesNotHoldTheOthers) {
  channel_->answer_with([](const Sent& sent, std::stop_token) {
    return sent.item == "item-bad" ? FakeChannel::failed(Carried::not_sent, 503)
                                   : FakeChannel::ok();
  });
  start();
  accept("bad", "s");
  accept("behind", "s");
  for (int i = 0; i < 10; ++i) accept(std::to_string(i), "other-" + std::to_string(i));
  ASSERT_TRUE(wait_for_delivered(10));
  EXPECT_EQ(state_of("behind"), ItemState::pending);
}

TEST_F(OutboxTest, ConcurrencyIsBoundedForEachDestination) {
  channel_->answer_with([](const Sent&, std::stop_token) {
    std::this_thread::sleep_for(milliseconds(20));
    return FakeChannel::ok();
  });
  settings_.destinations = {{"spine", 2, milliseconds(30'000)}};
  for (int i = 0; i < 12; ++i) accept(std::to_string(i));
  start();
  ASSERT_TRUE(wait_for_delivered(12));
  EXPECT_EQ(channel_->most_at_once(), 2);
}

TEST_F(OutboxTest, ADeadDestinationOpensItsCircuitAndLeavesTheOthersAlone) {
  channel_->answer_with([](const Sent& sent, std::stop_token) {
    return sent.destination == "spine" ? FakeChannel::failed(Carried::not_sent, 0)
                                       : FakeChannel::ok();
  });
  start();
  for (int i = 0; i < 20; ++i) accept("dead-" + std::to_string(i));
  ASSERT_TRUE(wait_until([&] { return outbox_->is_open("spine"); }));
  ASSERT_TRUE(wait_until([&] { return outbox_->running() == 0; }));
  const std::size_t before = channel_->sent().size();
  EXPECT_LT(before, 20u) << "an open circuit lets nothing through";
  for (int i = 0; i < 5; ++i) accept("live-" + std::to_string(i), "", "pharmacy");
  ASSERT_TRUE(wait_for_delivered(5));
  EXPECT_FALSE(outbox_->is_open("pharmacy"));
  EXPECT_EQ(notices("circuit_opened"), 1);

  channel_->answer_with(FakeChannel::ok());
  clock_.advance(std::chrono::seconds(61));
  ASSERT_TRUE(wait_for_delivered(25));
  EXPECT_FALSE(outbox_->is_open("spine"));
  EXPECT_EQ(notices("circuit_closed"), 1);
}

TEST_F(OutboxTest, AChannelThatDoesNotReturnIsNoticedOnceBeforeTheLeaseEnds) {
  std::atomic<bool> go_on = false;
  channel_->answer_with([&](const Sent&, std::stop_token) {
    while (!go_on) std::this_thread::sleep_for(milliseconds(1));
    return FakeChannel::ok();
  });
  start();
  accept("a");
  ASSERT_TRUE(channel_->wait_for_sent(1));
  clock_.advance(milliseconds(31'000));  // of a timeout of thirty
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(outbox_->destinations()[0].hung, 0u) << "a channel may need a moment to end an attempt";

  clock_.advance(milliseconds(2'000));

  EXPECT_EQ(notices("hung"), 1);
  EXPECT_EQ(outbox_->destinations()[0].hung, 1u);
  clock_.advance(milliseconds(5'000));
  go_on = true;
  ASSERT_TRUE(wait_for_delivered(1)) << "what it comes to counts as long as nobody else has it";
  EXPECT_EQ(outbox_->destinations()[0].hung, 0u);
  EXPECT_EQ(notices("hung"), 1);
}

// ---- stopping and starting ----

TEST_F(OutboxTest, StopLetsARunningAttemptEndAndRecordsIt) {
  std::atomic<bool> inside = false;
  channel_->answer_with([&](const Sent&, std::stop_token) {
    inside = true;
    std::this_thread::sleep_for(milliseconds(200));
    return FakeChannel::ok();
  });
  start();
  accept("a");
  ASSERT_TRUE(wait_until([&] { return inside.load(); }));

  outbox_->stop(std::chrono::seconds(10));

  EXPECT_EQ(state_of("a"), ItemState::acked_business);
}

TEST_F(OutboxTest, StopCutsOffWhatOutlivesItsGraceAndGivesTheLeaseBack) {
  std::atomic<bool> inside = false;
  channel_->answer_with([&](const Sent&, std::stop_token stop) {
    inside = true;
    while (!stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
    return FakeChannel::failed(Carried::unknown, 0);
  });
  start();
  accept("a");
  ASSERT_TRUE(wait_until([&] { return inside.load(); }));
  const auto began = std::chrono::steady_clock::now();

  outbox_->stop(milliseconds(50));

  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_EQ(attempt_of("a"), 0) << "not the destination's fault";
  EXPECT_EQ(**store_->next_due("spine"), clock_.now());
  channel_->answer_with(FakeChannel::ok());
  start();
  EXPECT_TRUE(wait_for_delivered(1));
}

TEST_F(OutboxTest, TwoOutboxesOnOneStoreDeliverEachItemOnce) {
  settings_.node = "first";
  start();
  settings_.node = "second";
  const auto second = make();
  ASSERT_THAT(second->start(), IsOk());
  for (int i = 0; i < 60; ++i) {
    accept(std::to_string(i));
    second->wake();
  }
  ASSERT_TRUE(wait_for_delivered(60));
  EXPECT_EQ(channel_->sent().size(), 60u);
}

TEST_F(OutboxTest, ATimeoutLongerThanTheLeaseIsRefusedAtTheStart) {
  settings_.destinations = {{"spine", 1, milliseconds(60'000)}};
  EXPECT_THAT(make()->start(), FailsWith(ErrorCode::invalid));
}

TEST_F(OutboxTest, AResultThatAnotherNodeOvertookIsDropped) {
  std::atomic<bool> go_on = false;
  channel_->answer_with([&](const Sent&, std::stop_token) {
    while (!go_on) std::this_thread::sleep_for(milliseconds(1));
    return FakeChannel::failed(Carried::not_sent, 503);
  });
  start();
  accept("a");
  ASSERT_TRUE(channel_->wait_for_sent(1));
  // The lease ends while the attempt hangs; another node takes the item up and settles it.
  auto taken = store_->lease({"spine", "other", 1, clock_.now() + std::chrono::seconds(61),
                              clock_.now() + std::chrono::seconds(121)});
  ASSERT_THAT(taken, IsOk());
  ASSERT_EQ(taken->size(), 1u);
  ASSERT_THAT(
      store_->settle(sample_settlement((*taken)[0], ItemState::acked_business, clock_.now())),
      IsOk());
  go_on = true;
  ASSERT_TRUE(wait_until([&] { return outbox_->running() == 0; }));
  EXPECT_EQ(state_of("a"), ItemState::acked_business);
  EXPECT_EQ(attempt_of("a"), 1);
  EXPECT_EQ(notices("store_failed"), 1);
}

}  // namespace
}  // namespace concord::test
