#include <algorithm>
#include <latch>
#include <thread>

#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using Accept = StoreTest;
using store::Committed;
using store::NewExchange;

TEST_P(Accept, CommitKeepsEverythingAndAnswersWithTheNewExchange) {
  const auto store = open();

  const auto committed = store->commit(sample_exchange("a", "spine", "subject-1"));

  ASSERT_THAT(committed, IsOk());
  EXPECT_FALSE(committed->replayed);
  EXPECT_EQ(committed->exchange, "exchange-a");
  EXPECT_EQ(committed->answer, "answer of a");

  const auto exchange = store->exchange("exchange-a");
  ASSERT_THAT(exchange, IsOk());
  ASSERT_TRUE(exchange->has_value());
  const NewExchange given = sample_exchange("a", "spine", "subject-1");
  EXPECT_EQ((*exchange)->payload, given.payload);
  EXPECT_EQ((*exchange)->digest, given.digest);
  EXPECT_EQ((*exchange)->content_type, "application/fhir+json");
  EXPECT_EQ((*exchange)->door, "http");
  EXPECT_EQ((*exchange)->sender, "X99001");
  EXPECT_EQ((*exchange)->request_id, "request-a");
  EXPECT_EQ((*exchange)->message_kind, "sample-order");
  EXPECT_EQ((*exchange)->received_at, at(0));
  EXPECT_EQ((*exchange)->decision, "{\"outcome\":\"permit\"}");

  const auto task = store->task("task-a");
  ASSERT_THAT(task, IsOk());
  ASSERT_TRUE(task->has_value());
  EXPECT_EQ((*task)->exchange, "exchange-a");
  EXPECT_EQ((*task)->version, 1);
  EXPECT_EQ((*task)->status, "requested");
  EXPECT_EQ((*task)->body, "{\"resourceType\":\"Task\"}");

  const auto item = store->item("item-a");
  ASSERT_THAT(item, IsOk());
  ASSERT_TRUE(item->has_value());
  EXPECT_EQ((*item)->bytes, given.items[0].bytes);
  EXPECT_EQ((*item)->message_id, "MESSAGE-a");
  EXPECT_EQ((*item)->task, "task-a");
  EXPECT_EQ((*item)->deadline, at(72 * 3600));
  expect_whole(*store);
}

TEST_P(Accept, WhatWasCommittedIsThereAfterTheStoreIsOpenedAgain) {
  ASSERT_THAT(open()->commit(sample_exchange("a")), IsOk());

  const auto store = open();

  const auto exchange = store->exchange("exchange-a");
  ASSERT_THAT(exchange, IsOk());
  EXPECT_TRUE(exchange->has_value());
  expect_whole(*store);
}

TEST_P(Accept, UnknownIdsAreNothingNotAnError) {
  const auto store = open();
  const auto exchange = store->exchange("nobody");
  ASSERT_THAT(exchange, IsOk());
  EXPECT_FALSE(exchange->has_value());
  const auto task = store->task("nobody");
  ASSERT_THAT(task, IsOk());
  EXPECT_FALSE(task->has_value());
  const auto item = store->item("nobody");
  ASSERT_THAT(item, IsOk());
  EXPECT_FALSE(item->has_value());
}

TEST_P(Accept, TheSameMessageAgainGivesTheFirstAnswerAndStoresNothing) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
  NewExchange again = sample_exchange("a");
  again.id = "exchange-other";
  again.answer = "another answer";

  const auto committed = store->commit(again);

  ASSERT_THAT(committed, IsOk());
  EXPECT_TRUE(committed->replayed);
  EXPECT_EQ(committed->exchange, "exchange-a");
  EXPECT_EQ(committed->answer, "answer of a");
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM payload"), 2);
  expect_whole(*store);
}

TEST_P(Accept, OneKnownKeyIsEnoughToRecogniseAMessage) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
  NewExchange again = sample_exchange("a");
  again.id = "exchange-other";
  again.keys[0].value = "another request id";

  const auto committed = store->commit(again);

  ASSERT_THAT(committed, IsOk());
  EXPECT_TRUE(committed->replayed);
  EXPECT_EQ(committed->exchange, "exchange-a");
}

TEST_P(Accept, OtherContentUnderAKnownKeyIsAConflictAndStoresNothing) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
  NewExchange other = sample_exchange("b");
  other.keys[0] = {"request-id", "X99001", "request-a"};

  const auto committed = store->commit(other);

  ASSERT_THAT(committed, FailsWith(ErrorCode::conflict));
  ASSERT_EQ(committed.error().issues.size(), 1u);
  EXPECT_EQ(committed.error().issues[0].text,
            "this request-id was used before for a message with other content");
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM idempotency"), 2);
  EXPECT_EQ(number("SELECT count(*) FROM outbox"), 1);
  expect_whole(*store);
}

TEST_P(Accept, AKeyBelongsToItsPartyOnly) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
  NewExchange other = sample_exchange("b");
  other.keys = {{"request-id", "X99002", "request-a"}};

  const auto committed = store->commit(other);

  ASSERT_THAT(committed, IsOk());
  EXPECT_FALSE(committed->replayed);
}

TEST_P(Accept, KeysOfTwoEarlierMessagesAreAConflict) {
  const auto store = open();
  NewExchange a = sample_exchange("a");
  NewExchange b = sample_exchange("b");
  b.payload = a.payload;
  b.digest = a.digest;
  ASSERT_THAT(store->commit(a), IsOk());
  ASSERT_THAT(store->commit(b), IsOk());
  NewExchange mixed = a;
  mixed.id = "exchange-c";
  mixed.keys = {a.keys[0], b.keys[1]};

  EXPECT_THAT(store->commit(mixed), FailsWith(ErrorCode::conflict));
}

TEST_P(Accept, EarlierFindsAMessageWithoutStoringAnything) {
  const auto store = open();
  const NewExchange a = sample_exchange("a");
  const auto before = store->earlier(a.keys, a.digest);
  ASSERT_THAT(before, IsOk());
  EXPECT_FALSE(before->has_value());
  ASSERT_THAT(store->commit(a), IsOk());

  const auto after = store->earlier(a.keys, a.digest);

  ASSERT_THAT(after, IsOk());
  ASSERT_TRUE(after->has_value());
  EXPECT_EQ((*after)->exchange, "exchange-a");
  EXPECT_EQ((*after)->answer, "answer of a");
  EXPECT_THAT(store->earlier(a.keys, sha256("other")), FailsWith(ErrorCode::conflict));
}

TEST_P(Accept, ForgottenKeysLetTheSameIdentityInAgain) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
  const auto early = store->forget_keys(at(90 * 24 * 3600 - 1), 100);
  ASSERT_THAT(early, IsOk());
  EXPECT_EQ(*early, 0u);
  const auto in_time = store->forget_keys(at(90 * 24 * 3600), 1);
  ASSERT_THAT(in_time, IsOk());
  EXPECT_EQ(*in_time, 1u);
  ASSERT_THAT(store->forget_keys(at(90 * 24 * 3600), 100), IsOk());
  NewExchange later = sample_exchange("b");
  later.keys = sample_exchange("a").keys;

  const auto committed = store->commit(later);

  ASSERT_THAT(committed, IsOk());
  EXPECT_FALSE(committed->replayed);
}

// ---- many at once ----

TEST_P(Accept, RacingIdenticalMessagesAreStoredOnceAndAllGetTheSameAnswer) {
  const auto store = open();
  constexpr int kThreads = 8;
  constexpr int kRounds = 20;
  std::vector<Committed> answers(kThreads);
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = "race-" + std::to_string(round);
    std::latch ready(kThreads);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        NewExchange mine = sample_exchange(name);
        mine.id += "-" + std::to_string(i);
        mine.answer = "answer of thread " + std::to_string(i);
        mine.task.id += "-" + std::to_string(i);
        mine.items[0].id += "-" + std::to_string(i);
        ready.arrive_and_wait();
        auto committed = store->commit(std::move(mine));
        ASSERT_THAT(committed, IsOk());
        answers[i] = *committed;
      });
    }
    threads.clear();
    EXPECT_EQ(std::count_if(answers.begin(), answers.end(),
                            [](const Committed& one) { return !one.replayed; }),
              1);
    for (const Committed& one : answers) {
      EXPECT_EQ(one.exchange, answers[0].exchange);
      EXPECT_EQ(one.answer, answers[0].answer);
    }
  }
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), kRounds);
  expect_whole(*store);
}

TEST_P(Accept, RacingDifferentContentsUnderOneKeyLetOneWinAndTellTheOthers) {
  const auto store = open();
  constexpr std::size_t kThreads = 8;
  std::atomic<int> stored = 0;
  std::atomic<int> conflicts = 0;
  {
    std::latch ready(kThreads);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        NewExchange mine = sample_exchange("content-" + std::to_string(i));
        mine.keys = {{"request-id", "X99001", "the same"}};
        ready.arrive_and_wait();
        const auto committed = store->commit(std::move(mine));
        if (committed) {
          ++stored;
        } else if (committed.error().code == ErrorCode::conflict) {
          ++conflicts;
        }
      });
    }
  }
  EXPECT_EQ(stored, 1);
  EXPECT_EQ(conflicts, static_cast<int>(kThreads) - 1);
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 1);
  expect_whole(*store);
}

CONCORD_ON_EVERY_STORE(Accept);

}  // namespace
}  // namespace concord::test
