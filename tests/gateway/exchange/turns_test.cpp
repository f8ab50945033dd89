#include "gateway/exchange/turns.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

namespace concord::exchange {
namespace {

using namespace std::chrono_literals;

TEST(Turns, SoManyAtATimeAndNotOneMore) {
  Turns turns(3);
  std::atomic<int> at_work = 0, most = 0, done = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 200; ++round) {
          const Turns::Held turn(turns);
          const int now = ++at_work;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          std::this_thread::yield();
          --at_work;
          ++done;
        }
      });
    }
  }
  EXPECT_EQ(done, 16 * 200);
  EXPECT_LE(most, 3);
}

TEST(Turns, ComeInTheOrderOfTheWaiting) {
  Turns turns(1);
  std::optional<Turns::Held> first(std::in_place, turns);
  std::vector<int> order;  // written by whoever holds the turn
  std::atomic<int> started = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&turns, &order, &started, i] {
      ++started;
      const Turns::Held turn(turns);
      order.push_back(i);
    });
    while (started <= i) std::this_thread::yield();
    std::this_thread::sleep_for(20ms);  // it is in the queue before the next one comes
  }
  first.reset();
  threads.clear();
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST(Turns, ThereIsAlwaysOne) {
  Turns turns;
  const Turns::Held turn(turns);
}

}  // namespace
}  // namespace concord::exchange
