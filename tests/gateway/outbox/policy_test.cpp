// How a destination is treated: rate, window, pause, what it asked for; and items that end
// processes.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/gateway/outbox/fixture.h"

namespace concord::test {
namespace {

using channels::Carried;
using outbox::DestinationState;
using store::ItemState;

class Policy : public OutboxTest {
 protected:
  DestinationState state(const std::string& name = "spine") const {
    for (const DestinationState& one : outbox_->destinations()) {
      if (one.name == name) return one;
    }
    ADD_FAILURE() << "no destination " << name;
    return {};
  }
  void pause(const std::string& name) {
    ASSERT_THAT(store_->pause({name, "works", "X99001", clock_.now()}), IsOk());
  }
  void resume(const std::string& name) {
    ASSERT_THAT(store_->resume({name, "done", "X99001", clock_.now()}), IsOk());
  }
  /// Time for what must not happen.
  static void wait_a_little() { std::this_thread::sleep_for(milliseconds(150)); }
  std::size_t sent_count() const { return channel_->sent().size(); }
};

// ---- rate ----

TEST_F(Policy, NoMoreAttemptsBeginThanTheRateAllows) {
  settings_.destinations[0].rate = 2;
  for (int i = 0; i < 6; ++i) accept(std::to_string(i));
  start();

  ASSERT_TRUE(channel_->wait_for_sent(1));
  wait_a_little();
  EXPECT_EQ(sent_count(), 1u);
  for (std::size_t sent = 2; sent <= 6; ++sent) {
    clock_.advance(milliseconds(499));
    wait_a_little();
    EXPECT_EQ(sent_count(), sent - 1);
    clock_.advance(milliseconds(1));
    ASSERT_TRUE(channel_->wait_for_sent(sent));
  }
  EXPECT_TRUE(wait_for_delivered(6));
}

TEST_F(Policy, TheRateOfOneDestinationDoesNotSlowAnother) {
  settings_.destinations[0].rate = 0.001;
  for (int i = 0; i < 3; ++i) accept("s" + std::to_string(i));
  for (int i = 0; i < 20; ++i) accept("p" + std::to_string(i), "", "pharmacy");
  start();
  EXPECT_TRUE(wait_for_delivered(21));
  wait_a_little();
  EXPECT_EQ(sent_count(), 21u);
}

TEST_F(Policy, AtAHighRateNothingIsLostToWaiting) {
  settings_.poll = milliseconds(1000);
  settings_.destinations[0].rate = 200;
  for (int i = 0; i < 40; ++i) accept(std::to_string(i));
  const std::jthread ticking([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(milliseconds(1));
      clock_.advance(milliseconds(1));
    }
  });
  start();
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(wait_for_delivered(40));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10))
      << "a look each poll alone would take 40 s";
}

// ---- window ----

TEST_F(Policy, NothingIsSentOutsideTheWindow) {
  settings_.destinations[0].window = [](Instant now) {
    return now < at(600) ? outbox::Opening{false, at(600)} : outbox::Opening{true, at(100'000)};
  };
  accept("a");
  accept("b", "", "pharmacy");
  start();
  ASSERT_TRUE(wait_for_delivered(1));
  EXPECT_EQ(state_of("b"), ItemState::acked_business);
  EXPECT_FALSE(state().window_open);
  EXPECT_FALSE(state().can_send());
  clock_.advance(std::chrono::seconds(599));
  wait_a_little();
  EXPECT_EQ(state_of("a"), ItemState::pending);

  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(wait_for_delivered(2));
  EXPECT_TRUE(state().window_open);
  EXPECT_EQ(notices("window_opened"), 1);
}

TEST_F(Policy, WhatWasLeasedWhenTheWindowClosedIsGivenBackUnsent) {
  std::atomic<bool> open = true;
  settings_.destinations = {{"spine", 1, milliseconds(30'000)}};
  settings_.destinations[0].window = [&](Instant now) {
    return outbox::Opening{open, now + milliseconds(1)};
  };
  std::atomic<bool> answer = false;
  channel_->answer_with([&](const Sent&, std::stop_token stop) {
    while (!answer && !stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
    return FakeChannel::ok();
  });
  for (int i = 0; i < 4; ++i) accept(std::to_string(i));
  start();
  ASSERT_TRUE(channel_->wait_for_sent(1));
  open = false;
  clock_.advance(milliseconds(10));
  ASSERT_TRUE(wait_until([&] { return !state().window_open && state().leased == 0; }));
  answer = true;
  ASSERT_TRUE(wait_for_delivered(1));
  wait_a_little();
  EXPECT_EQ(sent_count(), 1u) << "the one under way came to its end, no other began";
  EXPECT_EQ((*store_->item("item-1"))->crashes, 0);
  open = true;
  clock_.advance(milliseconds(10));
  EXPECT_TRUE(wait_for_delivered(4));
}

// ---- pause ----

TEST_F(Policy, APauseHoldsAtOnceAndTillSomebodyResumes) {
  start();
  pause("spine");
  ASSERT_THAT(outbox_->follow_pauses(), IsOk());
  accept("a");
  wait_a_little();
  EXPECT_EQ(sent_count(), 0u);
  ASSERT_TRUE(state().pause.has_value());
  EXPECT_EQ(state().pause->reason, "works");
  EXPECT_EQ(state().pause->by, "X99001");
  EXPECT_EQ(notices("paused"), 1);

  resume("spine");
  ASSERT_THAT(outbox_->follow_pauses(), IsOk());
  EXPECT_TRUE(wait_for_delivered(1));
  EXPECT_EQ(notices("resumed"), 1);
}

TEST_F(Policy, APauseMadeElsewhereIsHeardOfWithinAPoll) {
  start();
  pause("spine");
  accept("a");
  wait_a_little();
  EXPECT_EQ(sent_count(), 0u);
  resume("spine");
  clock_.advance(milliseconds(10));
  EXPECT_TRUE(wait_for_delivered(1));
}

TEST_F(Policy, APauseOutlivesTheProcess) {
  pause("spine");
  accept("a");
  start();
  wait_a_little();
  EXPECT_EQ(sent_count(), 0u);
  EXPECT_TRUE(state().pause.has_value());
  outbox_.reset();
  start();
  wait_a_little();
  EXPECT_EQ(sent_count(), 0u);
}

// ---- what the destination asks for ----

TEST_F(Policy, WhoAsksToBeLeftAloneIsLeftAloneByEveryItem) {
  channels::Receipt busy = FakeChannel::failed(Carried::not_sent, 429);
  busy.retry_after = std::chrono::seconds(120);
  channel_->answer_with(busy);
  accept("a");
  start();
  ASSERT_TRUE(wait_until([&] { return attempt_of("a") == 1; }));
  channel_->answer_with(FakeChannel::ok());
  EXPECT_EQ(state().held_until, clock_.now() + std::chrono::seconds(120));
  accept("b");
  accept("c", "", "pharmacy");
  ASSERT_TRUE(wait_for_delivered(1));
  clock_.advance(milliseconds(119'999));
  wait_a_little();
  EXPECT_EQ(state_of("b"), ItemState::pending);
  clock_.advance(milliseconds(1));
  EXPECT_TRUE(wait_for_delivered(3));
  EXPECT_EQ(notices("held"), 1);
}

TEST_F(Policy, AWishBeyondTheDeadlineMakesOneMoreAttemptNotADeadLetter) {
  channels::Receipt busy = FakeChannel::failed(Carried::not_sent, 503);
  busy.retry_after = std::chrono::hours(24);
  channel_->answer_with(busy);
  accept("a");
  clock_.advance(std::chrono::hours(60));
  start();
  ASSERT_TRUE(wait_until([&] { return attempt_of("a") == 1; }));
  EXPECT_EQ(state_of("a"), ItemState::pending);
  clock_.advance(std::chrono::hours(12) - milliseconds(1));
  wait_a_little();
  EXPECT_EQ(sent_count(), 1u);
}

TEST_F(Policy, AMessageIsTriedForSeventyTwoHoursAndThenAPersonIsCalled) {
  channel_->answer_with(FakeChannel::failed(Carried::not_sent, 503));
  accept("a");
  start();
  ASSERT_TRUE(channel_->wait_for_sent(1));
  while (clock_.now() < at(72 * 3600)) {
    EXPECT_EQ(state_of("a"), ItemState::pending) << format_instant(clock_.now());
    const auto attempts = attempt_of("a");
    clock_.advance(std::chrono::minutes(16));
    ASSERT_TRUE(wait_until(
        [&] { return attempt_of("a") > attempts || state_of("a") != ItemState::pending; }));
    if (state_of("a") != ItemState::pending) break;
  }
  EXPECT_EQ(state_of("a"), ItemState::dead);
  EXPECT_GE(clock_.now(), at(72 * 3600 - 16 * 60)) << "no earlier than one longest wait before";
  EXPECT_GT(attempt_of("a"), 250);
}

TEST_F(Policy, AnOpenCircuitKeepsNoLeases) {
  settings_.circuit.failures = 2;
  channel_->answer_with(FakeChannel::failed(Carried::not_sent, 0));
  for (int i = 0; i < 20; ++i) accept(std::to_string(i));
  start();
  ASSERT_TRUE(wait_until([&] { return outbox_->is_open("spine"); }));
  ASSERT_TRUE(wait_until([&] { return state().leased == 0 && state().running == 0; }));
  EXPECT_TRUE(state().circuit_open);
  EXPECT_TRUE(state().probe_at.has_value());
  const auto sent = sent_count();
  wait_a_little();
  EXPECT_EQ(sent_count(), sent);
  clock_.advance(milliseconds(30'000));
  ASSERT_TRUE(channel_->wait_for_sent(sent + 1));
  wait_a_little();
  EXPECT_EQ(sent_count(), sent + 1) << "one probe, not one for each item";
}

TEST_F(Policy, EveryDestinationHasItsTurnWhenWorkersAreFew) {
  settings_.workers = 1;
  for (int i = 0; i < 30; ++i) accept("s" + std::to_string(i));
  accept("p", "", "pharmacy");
  start();
  ASSERT_TRUE(wait_for_delivered(31));
  std::size_t place = 0;
  for (const Sent& sent : channel_->sent()) {
    if (sent.destination == "pharmacy") break;
    ++place;
  }
  EXPECT_LT(place, 10u);
}

// ---- items that end the process ----

class Poison : public Policy {
 protected:
  /// Runs an outbox in a process of its own that dies when the poisonous item is carried. True when
  /// it died.
  bool run_until_it_dies() {
    store_.reset();
    const pid_t pid = ::fork();
    if (pid == 0) {
      open_store();
      channel_->answer_with([&](const Sent& sent, std::stop_token) {
        std::ofstream(folder_.path() / "sent", std::ios::app) << sent.item << '\n';
        if (sent.item.starts_with("item-poison")) ::abort();
        std::this_thread::sleep_for(milliseconds(20));  // others are under way when it happens
        return FakeChannel::ok();
      });
      outbox_ = make();
      if (!outbox_->start()) ::_exit(2);
      for (int i = 0; i < 4000 && counts().pending > 0; ++i) {
        std::this_thread::sleep_for(milliseconds(5));
      }
      ::_exit(counts().pending > 0 ? 3 : 0);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    open_store();
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
    return WIFSIGNALED(status);
  }
};

TEST_F(Poison, BecomesADeadLetterAndEverybodyElseIsDelivered) {
  settings_.destinations[0].concurrency = 8;
  for (int i = 0; i < 10; ++i) accept("a" + std::to_string(i));
  accept("poison");
  for (int i = 10; i < 20; ++i) accept("a" + std::to_string(i));
  for (int i = 0; i < 5; ++i) accept("p" + std::to_string(i), "", "pharmacy");

  int deaths = 0;
  while (run_until_it_dies()) ASSERT_LT(++deaths, 10);

  EXPECT_EQ(deaths, 3);
  EXPECT_EQ(state_of("poison"), ItemState::dead);
  EXPECT_EQ(counts().delivered, 25);
  EXPECT_EQ(counts().dead, 1);
  EXPECT_EQ((*store_->task("task-poison"))->status, "failed");
  const auto verdict = store::verify_audit(*store_);
  ASSERT_THAT(verdict, IsOk());
  EXPECT_FALSE(verdict->broken.has_value());
}

TEST_F(Poison, TwoOfThemAtOnceTakeNobodyWithThem) {
  settings_.destinations[0].concurrency = 8;
  accept("poison1");
  for (int i = 0; i < 12; ++i) accept("a" + std::to_string(i));
  accept("poison2");
  int deaths = 0;
  while (run_until_it_dies()) ASSERT_LT(++deaths, 12);
  EXPECT_EQ(state_of("poison1"), ItemState::dead);
  EXPECT_EQ(state_of("poison2"), ItemState::dead);
  EXPECT_EQ(counts().delivered, 12);
}

TEST_F(Poison, OneThatCameThroughIsUnderNoSuspicionAnyMore) {
  accept("a");
  ASSERT_THAT(store_->lease(sample_lease("spine", clock_.now())), IsOk());
  ASSERT_THAT(store_->recover("node", clock_.now()), IsOk());
  channel_->answer_with(FakeChannel::failed(Carried::not_sent, 503));
  start();
  ASSERT_TRUE(wait_until([&] { return attempt_of("a") == 1; }));
  EXPECT_EQ((*store_->item("item-a"))->crashes, 0);
}

/// What was asked of the process made for one item, and what it said.
class Isolated : public Poison {
 protected:
  /// Leases "poison" and lets the node crash over it, `crashes` times.
  void crash(int crashes) {
    for (int i = 0; i < crashes; ++i) {
      const auto leased = store_->lease(sample_lease("spine", clock_.now()));
      ASSERT_THAT(leased, IsOk());
      ASSERT_EQ(leased->size(), 1u);
      if (i > 0) {
        ASSERT_THAT(store_->begin((*leased)[0].id, (*leased)[0].fence), IsOk());
      }
      ASSERT_THAT(store_->recover("node", clock_.now()), IsOk());
    }
    EXPECT_EQ((*store_->item("item-poison"))->crashes, crashes);
  }
  void start_isolating(std::optional<channels::Receipt> says, bool possible = true) {
    parts_change_ = [this, says, possible](outbox::Parts& parts) {
      parts.isolate = [=, this](const store::Item& item, milliseconds, std::stop_token) {
        isolated_.push_back(item.id);
        return outbox::Isolated{possible, says};
      };
    };
    start();
  }
  std::vector<std::string> isolated_;
};

TEST_F(Isolated, AnItemThatEndedTheProcessTooOftenIsTriedOnceInOneOfItsOwnAndDeadWhenThatEndsToo) {
  accept("poison");
  crash(3);
  start_isolating(std::nullopt);
  ASSERT_TRUE(wait_until([&] { return state_of("poison") == ItemState::dead; }));
  EXPECT_EQ(isolated_, std::vector<std::string>{"item-poison"});
  EXPECT_TRUE(channel_->sent().empty());
  EXPECT_EQ((*store_->task("task-poison"))->status, "failed");
  EXPECT_EQ(counts().difference(), 0);
}

TEST_F(Isolated, WhatComesBackFromItsOwnProcessCountsLikeAnyOtherAttempt) {
  accept("poison");
  crash(3);
  start_isolating(FakeChannel::ok());
  ASSERT_TRUE(wait_until([&] { return state_of("poison") == ItemState::acked_business; }));
  EXPECT_EQ(isolated_.size(), 1u);
  EXPECT_TRUE(channel_->sent().empty());
  EXPECT_EQ((*store_->item("item-poison"))->crashes, 0);
}

TEST_F(Isolated, AnItemThatCannotBeTriedInAProcessOfItsOwnIsTriedHereOnceMore) {
  accept("poison");
  crash(3);
  start_isolating(std::nullopt, false);
  ASSERT_TRUE(wait_until([&] { return state_of("poison") == ItemState::acked_business; }));
  EXPECT_EQ(channel_->sent().size(), 1u);
  EXPECT_EQ((*store_->item("item-poison"))->crashes, 0);
}

TEST_F(Isolated, AndIsDeadWhenThatEndsTheGatewayToo) {
  accept("poison");
  crash(4);
  start_isolating(std::nullopt, false);
  ASSERT_TRUE(wait_until([&] { return state_of("poison") == ItemState::dead; }));
  EXPECT_TRUE(channel_->sent().empty());
}

TEST_F(Isolated, ACrashOfTheGatewayDuringThatIsTheLast) {
  accept("poison");
  crash(4);
  start_isolating(FakeChannel::ok());
  ASSERT_TRUE(wait_until([&] { return state_of("poison") == ItemState::dead; }));
  EXPECT_TRUE(isolated_.empty());
}

TEST_F(Isolated, FewerCrashesAreTriedHere) {
  accept("poison");
  crash(2);
  start_isolating(std::nullopt);
  ASSERT_TRUE(wait_until([&] { return state_of("poison") == ItemState::acked_business; }));
  EXPECT_TRUE(isolated_.empty());
}

}  // namespace
}  // namespace concord::test
