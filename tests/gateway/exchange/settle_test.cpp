#include "tests/gateway/exchange/fixture.h"

namespace concord::test {
namespace {

using channels::Carried;
using channels::Receipt;
using exchange::LateResult;
using outbox::Judgement;
using store::ItemState;
using Verdict = outbox::Judgement::Verdict;

class SettleTest : public ExchangeTest {
 protected:
  void SetUp() override {
    ExchangeTest::SetUp();
    exchange::SettlerSettings settings;
    settings.routes = settings_.routes;
    settings.watch = [this](const store::TaskRow& task) { return told_of(task); };
    settler_ = std::make_unique<exchange::Settler>(mappers_, *store_, loaded().symbols, settings);
    auto answer = submit(SampleMessage{});
    ASSERT_THAT(answer, IsOk());
    answer_ = *answer;
    auto leased = store_->lease(sample_lease("spine", clock_.now()));
    ASSERT_THAT(leased, IsOk());
    ASSERT_EQ(leased->size(), 1u);
    item_ = (*leased)[0];
  }

  Judgement judge(std::string bytes, Carried carried = Carried::answered, int code = 200) {
    auto judgement = settler_->judge(
        item_, Receipt{carried, code, std::move(bytes), "text/plain", std::nullopt, ""},
        clock_.now());
    EXPECT_THAT(judgement, IsOk());
    return judgement ? std::move(*judgement) : Judgement{};
  }

  void settle_as(ItemState state, std::optional<store::TaskChange> task = std::nullopt) {
    store::Settlement settlement = sample_settlement(item_, state, clock_.now());
    settlement.task = std::move(task);
    if (state == ItemState::dead) {
      settlement.dead = store::DeadLetter{"permanent", "", "X99001", clock_.now()};
    }
    ASSERT_THAT(store_->settle(settlement), IsOk());
  }

  Result<LateResult> late(std::string bytes) {
    return settler_->acknowledge({"spine", "plain", "text/plain", std::move(bytes)}, clock_.now());
  }

  store::TaskRow task_now() { return **store_->task(answer_.task_id); }

  /// A notice for each change of the Task, as a subscription has them.
  Result<std::vector<store::NewExchange>> told_of(const store::TaskRow& task) {
    seen_.push_back(task.status + "/" + std::to_string(task.version));
    if (watch_fails_) return make_error(ErrorCode::transient, "the store does not answer");
    store::NewExchange notice = sample_exchange(seen_.back(), "Subscription/s");
    notice.keys.clear();
    notice.task = {};
    notice.items[0].numbered = true;
    notice.items[0].bytes = task.body;
    notice.items[0].digest = sha256(task.body);
    return std::vector<store::NewExchange>{std::move(notice)};
  }
  /// The bodies that were told, in order.
  std::vector<std::string> told() {
    std::vector<std::string> bodies;
    const auto items = store_->numbered_items("Subscription/s", 1, 100, 100);
    EXPECT_THAT(items, IsOk());
    if (!items) return bodies;
    for (const store::NumberedItem& item : *items) bodies.push_back(item.bytes);
    return bodies;
  }

  std::vector<std::string> seen_;
  bool watch_fails_ = false;
  std::unique_ptr<exchange::Settler> settler_;
  exchange::Answer answer_;
  store::Item item_;
};

TEST_F(SettleTest, AnAcceptedMessageCompletesItsTask) {
  const Judgement judgement = judge("AA " + item_.message_id);

  EXPECT_EQ(judgement.verdict, Verdict::settled);
  EXPECT_EQ(judgement.state, ItemState::acked_business);
  EXPECT_FALSE(judgement.expect.has_value());
  ASSERT_TRUE(judgement.task.has_value());
  EXPECT_EQ(judgement.task->expected_version, 1);
  EXPECT_EQ(judgement.task->status, "completed");
  const std::string& body = judgement.task->body;
  EXPECT_EQ(value(body, {"status"}), "completed");
  EXPECT_EQ(value(body, {"businessStatus", "coding", "code"}), "acknowledged");
  EXPECT_EQ(value(body, {"meta", "versionId"}), "2");
  EXPECT_EQ(value(body, {"groupIdentifier", "value"}), "A0B1C2-X99001-00001A");
  EXPECT_NE(body.find("\"valueString\":\"AA\""), std::string::npos);
  EXPECT_EQ(body.find("statusReason"), std::string::npos);
}

TEST_F(SettleTest, TheMessageIdMayBeWrittenInAnyCase) {
  std::string upper = item_.message_id;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  EXPECT_EQ(judge("AA " + upper).verdict, Verdict::settled);
}

TEST_F(SettleTest, ARefusalRejectsTheTaskWithCodesAndWords) {
  const Judgement judgement = judge("AE " + item_.message_id, Carried::turned_away, 400);

  EXPECT_EQ(judgement.verdict, Verdict::settled);
  EXPECT_EQ(judgement.state, ItemState::nacked);
  EXPECT_EQ(judgement.reason, "AE 5000 Unable to process message");
  ASSERT_TRUE(judgement.task.has_value());
  EXPECT_EQ(judgement.task->status, "rejected");
  EXPECT_EQ(value(judgement.task->body, {"statusReason", "text"}),
            "AE 5000 Unable to process message");
  EXPECT_EQ(value(judgement.task->body, {"businessStatus", "coding", "code"}), "refused");
}

TEST_F(SettleTest, AnInterimAcknowledgementWaitsForTheFinalOne) {
  const Judgement judgement = judge("CA " + item_.message_id);
  EXPECT_EQ(judgement.state, ItemState::acked_infrastructure);
  EXPECT_EQ(judgement.task->status, "accepted");
  ASSERT_TRUE(judgement.expect.has_value());
  EXPECT_EQ(judgement.expect->layer, "business");
  EXPECT_EQ(judgement.expect->due_at, clock_.now() + std::chrono::minutes(10));
}

TEST_F(SettleTest, NothingReadableIsReceivedAndNoMore) {
  for (const char* bytes : {"", "thank you"}) {
    const Judgement judgement = judge(bytes, Carried::answered, 202);
    EXPECT_EQ(judgement.verdict, Verdict::settled);
    EXPECT_EQ(judgement.state, ItemState::acked_transport);
    EXPECT_EQ(judgement.task->status, "received");
    EXPECT_TRUE(judgement.expect.has_value());
  }
}

TEST_F(SettleTest, AnUnreadableBodyOfAFailureSettlesNothing) {
  EXPECT_EQ(judge("bad gateway", Carried::not_sent, 502).verdict, Verdict::no_answer);
}

TEST_F(SettleTest, AnAnswerToAnotherMessageIsForeign) {
  const Judgement judgement = judge("AA 99999999-0000-4000-8000-000000000009");
  EXPECT_EQ(judgement.verdict, Verdict::foreign);
  EXPECT_FALSE(judgement.task.has_value());
}

TEST_F(SettleTest, AnAnswerThatNamesNothingBelongsToTheMessageItCameBackFor) {
  EXPECT_EQ(judge("AA").verdict, Verdict::settled);
}

TEST_F(SettleTest, AGivenUpMessageGoesToItsOwnerWithATime) {
  const auto handover = settler_->hand_over(item_, "permanent", "HTTP status 403", clock_.now());

  ASSERT_THAT(handover, IsOk());
  EXPECT_EQ(handover->letter.reason_class, "permanent");
  EXPECT_EQ(handover->letter.owner, "X99001");
  EXPECT_EQ(handover->letter.due_at, clock_.now() + std::chrono::hours(24));
  ASSERT_TRUE(handover->task.has_value());
  const std::string& body = handover->task->body;
  EXPECT_EQ(value(body, {"status"}), "failed");
  EXPECT_EQ(value(body, {"statusReason", "text"}), "permanent: HTTP status 403");
  EXPECT_EQ(value(body, {"owner", "identifier", "value"}), "X99001");
  EXPECT_EQ(value(body, {"restriction", "period", "end"}),
            format_instant(clock_.now() + std::chrono::hours(24)));
}

// ---- later acknowledgements ----

TEST_F(SettleTest, ALaterAcknowledgementSettlesTheTaskOnce) {
  settle_as(ItemState::acked_transport, judge("", Carried::answered, 202).task);
  EXPECT_EQ(task_now().status, "received");

  const auto first = late("AA " + item_.message_id);
  const auto second = late("AA " + item_.message_id);

  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(*first, LateResult::settled);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(*second, LateResult::repeated);
  EXPECT_EQ(task_now().status, "completed");
  EXPECT_EQ(task_now().version, 3);
}

TEST_F(SettleTest, ARefusalAfterAnAcceptanceChangesNothing) {
  settle_as(ItemState::acked_transport);
  ASSERT_EQ(*late("AA " + item_.message_id), LateResult::settled);
  EXPECT_EQ(*late("AE " + item_.message_id), LateResult::repeated);
  EXPECT_EQ(task_now().status, "completed");
}

TEST_F(SettleTest, AnAcknowledgementOfNothingWeSentIsKeptForAPerson) {
  EXPECT_EQ(*late("AA 99999999-0000-4000-8000-000000000009"), LateResult::unmatched);
  EXPECT_EQ(*late("AA"), LateResult::unmatched);
  EXPECT_EQ(store_->counts()->unmatched, 2);
  EXPECT_EQ(task_now().status, "requested");
}

TEST_F(SettleTest, WhatIsNoAcknowledgementIsSaidToBeNone) {
  EXPECT_THAT(late("thank you"), FailsWith(ErrorCode::unsupported));
}

// ---- a person's word ----

TEST_F(SettleTest, AReplayedDeadLetterIsRequestedAgainWithItsIdsAndBytes) {
  settle_as(ItemState::dead,
            settler_->hand_over(item_, "permanent", "HTTP status 403", clock_.now())->task);
  clock_.advance(std::chrono::hours(1));

  ASSERT_THAT(settler_->replay(item_.id, "operator", clock_.now()), IsOk());

  EXPECT_EQ(task_now().status, "requested");
  EXPECT_EQ(task_now().body.find("statusReason"), std::string::npos);
  const auto again = store_->lease(sample_lease("spine", clock_.now()));
  ASSERT_EQ(again->size(), 1u);
  EXPECT_EQ((*again)[0].id, item_.id);
  EXPECT_EQ((*again)[0].bytes, item_.bytes);
  EXPECT_EQ((*again)[0].message_id, item_.message_id);
}

TEST_F(SettleTest, ACancelledDeadLetterCancelsItsTask) {
  settle_as(ItemState::dead);
  ASSERT_THAT(settler_->cancel(item_.id, "operator", clock_.now()), IsOk());
  EXPECT_EQ(task_now().status, "cancelled");
  EXPECT_EQ(store_->counts()->cancelled, 1);
  EXPECT_FALSE(store::verify_audit(*store_)->broken.has_value());
}

// ---- who hears of it ----

TEST_F(SettleTest, EachChangeOfTheTaskIsToldInOrderWithTheTaskAsItIsThen) {
  settle_as(ItemState::dead,
            settler_->hand_over(item_, "permanent", "HTTP status 403", clock_.now())->task);
  const std::string failed = task_now().body;
  ASSERT_THAT(settler_->replay(item_.id, "operator", clock_.now()), IsOk());
  const std::string requested = task_now().body;
  ASSERT_EQ(*late("CA " + item_.message_id), LateResult::settled);
  const std::string accepted = task_now().body;
  ASSERT_EQ(*late("AA " + item_.message_id), LateResult::settled);
  EXPECT_EQ(*late("AA " + item_.message_id), LateResult::repeated);

  EXPECT_EQ(told(), (std::vector<std::string>{failed, requested, accepted, task_now().body}));
  EXPECT_EQ(std::vector<std::string>(seen_.begin(), seen_.begin() + 4),
            (std::vector<std::string>{"failed/2", "requested/3", "accepted/4", "completed/5"}));
  EXPECT_EQ(store_->counts()->difference(), 0);
}

TEST_F(SettleTest, ATaskWhoseWatchersCannotBeAskedDoesNotChange) {
  settle_as(ItemState::acked_transport);
  watch_fails_ = true;
  EXPECT_THAT(late("AA " + item_.message_id), FailsWith(ErrorCode::transient));
  EXPECT_EQ(task_now().status, "requested");
  watch_fails_ = false;
  EXPECT_EQ(*late("AA " + item_.message_id), LateResult::settled);
  EXPECT_EQ(told().size(), 1u);
}

TEST_F(SettleTest, OnlyADeadLetterIsReplayedOrCancelled) {
  EXPECT_THAT(settler_->replay(item_.id, "operator", clock_.now()), FailsWith(ErrorCode::conflict));
  EXPECT_THAT(settler_->cancel("nobody", "operator", clock_.now()),
              FailsWith(ErrorCode::not_found));
}

class LateAnswer : public SettleTest {
 protected:
  void SetUp() override {
    SettleTest::SetUp();
    const Judgement judgement = judge("thank you", Carried::answered, 202);
    store::Settlement settlement =
        sample_settlement(item_, ItemState::acked_transport, clock_.now());
    settlement.task = judgement.task;
    settlement.expect = judgement.expect;
    ASSERT_THAT(store_->settle(settlement), IsOk());
  }

  /// Takes the steps that are due; how many were.
  std::vector<exchange::Escalated> steps() {
    std::vector<exchange::Escalated> taken;
    const auto overdue = store_->watch().overdue(clock_.now(), 10);
    EXPECT_THAT(overdue, IsOk());
    for (const store::Overdue& one : *overdue) {
      const auto step = settler_->escalate(one, clock_.now());
      EXPECT_THAT(step, IsOk());
      if (step && *step) taken.push_back(**step);
    }
    return taken;
  }
};

TEST_F(LateAnswer, IsEscalatedWhenItsTimeHasPassedAndTheTaskSaysSo) {
  clock_.advance(std::chrono::minutes(9));
  EXPECT_TRUE(steps().empty());
  clock_.advance(std::chrono::minutes(1));

  const auto taken = steps();

  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].item, item_.id);
  EXPECT_EQ(taken[0].layer, "business");
  EXPECT_EQ(taken[0].step, 1);
  EXPECT_EQ(taken[0].steps, 3);
  const store::TaskRow task = task_now();
  EXPECT_EQ(task.status, "received");
  EXPECT_EQ(value(task.body, {"businessStatus", "coding", "code"}), "overdue");
  EXPECT_EQ(value(task.body, {"statusReason", "text"}),
            "the business acknowledgement is overdue since " + format_instant(clock_.now()) +
                ", step 1 of 3");
  EXPECT_EQ(value(task.body, {"owner", "identifier", "value"}),
            settings_.routes.routes.front().owner);
  EXPECT_EQ(value(task.body, {"restriction", "period", "end"}),
            format_instant(clock_.now() + std::chrono::hours(4)));
  EXPECT_TRUE(steps().empty());
}

TEST_F(LateAnswer, TakesEachStepOnceAndNoneAfterTheLast) {
  clock_.advance(std::chrono::minutes(10));
  EXPECT_EQ(steps().size(), 1u);
  clock_.advance(std::chrono::hours(4));
  ASSERT_EQ(steps().size(), 1u);
  clock_.advance(std::chrono::hours(20));
  const auto last = steps();
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].step, 3);
  clock_.advance(std::chrono::hours(24 * 365));
  EXPECT_TRUE(steps().empty());
  EXPECT_FALSE(store::verify_audit(*store_)->broken.has_value());
}

TEST_F(LateAnswer, AfterAStandstillStepsAreTakenOneByOne) {
  clock_.advance(std::chrono::hours(24 * 7));
  EXPECT_EQ(steps().size(), 1u);
  EXPECT_TRUE(steps().empty());
  clock_.advance(std::chrono::hours(4));
  EXPECT_EQ(steps().size(), 1u);
}

TEST_F(LateAnswer, ThatComesAfterAllCompletesTheTaskAndEndsTheSteps) {
  clock_.advance(std::chrono::minutes(11));
  ASSERT_EQ(steps().size(), 1u);

  const auto result = late("AA " + item_.message_id);

  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(*result, LateResult::settled);
  const store::TaskRow task = task_now();
  EXPECT_EQ(task.status, "completed");
  EXPECT_EQ(task.body.find("statusReason"), std::string::npos);
  clock_.advance(std::chrono::hours(48));
  EXPECT_TRUE(steps().empty());
}

TEST_F(LateAnswer, ATaskThatCannotBeReadKeepsNobodyFromHearingOfIt) {
  store::Acknowledged word;
  word.item = item_.id;
  word.effect = "understood";
  word.now = clock_.now();
  word.state = ItemState::acked_infrastructure;
  word.task = store::TaskChange{answer_.task_id, 2, "received", "{", {}};
  ASSERT_THAT(store_->acknowledge(word), IsOk());
  clock_.advance(std::chrono::minutes(10));
  EXPECT_EQ(steps().size(), 1u);
}

}  // namespace
}  // namespace concord::test
