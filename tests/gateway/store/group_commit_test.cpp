// The writer of the SQLite store: calls that wait share a transaction, and nobody pays for another.
#include <latch>
#include <thread>

#include "tests/gateway/store/fixture.h"

namespace concord::test {
namespace {

using GroupCommit = SqliteStoreTest;
using store::NewExchange;

/// Holds the writer at its first COMMIT until the test lets it go on.
class Gate {
 public:
  void operator()(std::string_view step) {
    if (step == "commit" && commits_++ == 0) {
      held_.count_down();
      opened_.wait();
    }
    if (step == "lookup") ++lookups_;
  }
  void wait_until_held() { held_.wait(); }
  void open() { opened_.count_down(); }
  int commits() const { return commits_; }

 private:
  std::latch held_{1};
  std::latch opened_{1};
  std::atomic<int> commits_ = 0;
  std::atomic<int> lookups_ = 0;
};

TEST_F(GroupCommit, WritersThatWaitShareOneTransaction) {
  Gate gate;
  store::sqlite::Options with = options();
  with.on_step = [&gate](std::string_view step) { gate(step); };
  const auto store = open(with);
  constexpr std::size_t kOthers = 20;
  std::latch started(kOthers);
  {
    std::jthread first([&] { EXPECT_THAT(store->commit(sample_exchange("first")), IsOk()); });
    gate.wait_until_held();
    std::vector<std::jthread> others;
    for (std::size_t i = 0; i < kOthers; ++i) {
      others.emplace_back([&, i] {
        started.count_down();
        EXPECT_THAT(store->commit(sample_exchange(std::to_string(i))), IsOk());
      });
    }
    started.wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // let them get into the queue
    gate.open();
  }
  EXPECT_LE(gate.commits(), 4);  // one held, the rest together but for stragglers
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), static_cast<std::int64_t>(kOthers) + 1);
  expect_whole(*store);
}

TEST_F(GroupCommit, ACallThatComesWhileOthersAreWorkedOnSharesTheirCommitAndALaterOneDoesNot) {
  Gate gate;
  std::latch working_on_first(1), working_on_second(1);
  std::atomic<int> lookups = 0;
  store::sqlite::Options with = options();
  with.on_step = [&](std::string_view step) {
    if (step == "lookup") {
      const int nth = ++lookups;
      if (nth == 1) working_on_first.count_down();
      if (nth == 2) working_on_second.count_down();
      // Time for the next one to get into the queue.
      if (nth <= 2) std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    gate(step);
  };
  const auto store = open(with);
  {
    std::jthread first([&] { EXPECT_THAT(store->commit(sample_exchange("first")), IsOk()); });
    working_on_first.wait();
    std::jthread second([&] { EXPECT_THAT(store->commit(sample_exchange("second")), IsOk()); });
    working_on_second.wait();
    std::jthread third([&] { EXPECT_THAT(store->commit(sample_exchange("third")), IsOk()); });
    gate.wait_until_held();
    EXPECT_EQ(lookups, 2) << "the commit is of the first two";
    gate.open();
  }
  EXPECT_EQ(gate.commits(), 2);
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 3);
  expect_whole(*store);
}

TEST_F(GroupCommit, ACallThatFailsLateUndoesItselfAndNobodyElse) {
  Gate gate;
  store::sqlite::Options with = options();
  with.on_step = [&gate](std::string_view step) { gate(step); };
  const auto store = open(with);
  std::atomic<int> failed = 0;
  {
    std::jthread first([&] { EXPECT_THAT(store->commit(sample_exchange("first")), IsOk()); });
    gate.wait_until_held();
    std::vector<std::jthread> others;
    for (int i = 0; i < 10; ++i) {
      others.emplace_back([&, i] {
        NewExchange mine = sample_exchange(std::to_string(i));
        // The outbox comes after payload, inbox, keys and task: all of that has to be undone.
        if (i == 4) mine.items.push_back(mine.items[0]);
        const auto committed = store->commit(std::move(mine));
        if (!committed) ++failed;
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    gate.open();
  }
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 10);
  EXPECT_EQ(number("SELECT count(*) FROM inbox WHERE id = 'exchange-4'"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM payload"), 20);
  expect_whole(*store);
}

TEST_F(GroupCommit, MoreWaitingCallsThanTheQueueHoldsAreRefusedAtOnce) {
  Gate gate;
  store::sqlite::Options with = options();
  with.queue = 2;
  with.on_step = [&gate](std::string_view step) { gate(step); };
  const auto store = open(with);
  std::atomic<int> refused = 0;
  {
    std::jthread first([&] { EXPECT_THAT(store->commit(sample_exchange("first")), IsOk()); });
    gate.wait_until_held();
    std::vector<std::jthread> others;
    for (int i = 0; i < 6; ++i) {
      others.emplace_back([&, i] {
        const auto committed = store->commit(sample_exchange(std::to_string(i)));
        if (!committed && committed.error().code == ErrorCode::transient) ++refused;
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    gate.open();
  }
  EXPECT_EQ(refused, 4);
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 3);
  expect_whole(*store);
}

}  // namespace
}  // namespace concord::test
