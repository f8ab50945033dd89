// The process dies, or the disk is full, at every step of a commit: nothing accepted is lost and
// nothing is half there.
#include <sys/resource.h>

#include <set>

#include "tests/gateway/store/child.h"
#include "tests/gateway/store/fixture.h"

namespace concord::test {
namespace {

using store::ItemState;

class Crash : public SqliteStoreTest {
 protected:
  template <typename Child>
  std::string in_child(Child&& child) {
    ChildEnd end = test::in_child(std::forward<Child>(child));
    killed_ = end.killed;
    return std::move(end.said);
  }

  static std::set<std::string> words(const std::string& text) {
    std::set<std::string> all;
    std::size_t from = 0;
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', from)) {
      all.insert(text.substr(from, at - from));
      from = at + 1;
    }
    return all;
  }

  bool killed_ = false;
};

TEST_F(Crash, AtAnyStepOfACommitLosesNothingAcceptedAndLeavesNothingHalf) {
  int died = 0;
  for (int fatal = 1; fatal < 120; ++fatal) {
    const std::string said = in_child([&](int pipe) {
      int steps = 0;
      store::sqlite::Options with = options();
      with.on_step = [&steps, fatal](std::string_view) {
        if (++steps == fatal) ::kill(::getpid(), SIGKILL);
      };
      auto opened = store::sqlite::open(with, clock_.clock());
      if (!opened) ::_exit(2);
      for (int i = 0; i < 5; ++i) {
        const std::string name = std::to_string(fatal) + "-" + std::to_string(i);
        if (!(*opened)->commit(sample_exchange(name, "spine", "s"))) ::_exit(2);
        say(pipe, "exchange-" + name + "\n");
      }
    });
    died += killed_ ? 1 : 0;

    const auto store = open();
    for (const std::string& id : words(said)) {
      const auto exchange = store->exchange(id);
      ASSERT_THAT(exchange, IsOk());
      EXPECT_TRUE(exchange->has_value()) << id << " was accepted and is lost, step " << fatal;
    }
    expect_whole(*store);
    if (!killed_) break;
  }
  EXPECT_GE(died, 40);
}

TEST_F(Crash, AtAnyStepOfASettlementLeavesTheItemEitherLeasedOrSettled) {
  for (int fatal = 1; fatal < 40; ++fatal) {
    const std::string name = std::to_string(fatal);
    ASSERT_THAT(open()->commit(sample_exchange(name)), IsOk());
    const std::string said = in_child([&](int pipe) {
      int steps = 0;
      bool armed = false;
      store::sqlite::Options with = options();
      with.on_step = [&](std::string_view) {
        if (armed && ++steps == fatal) ::kill(::getpid(), SIGKILL);
      };
      auto opened = store::sqlite::open(with, clock_.clock());
      if (!opened) ::_exit(2);
      auto items = (*opened)->lease(sample_lease("spine", at(fatal * 100)));
      if (!items || items->size() != 1) ::_exit(2);
      armed = true;
      auto settlement = sample_settlement((*items)[0], ItemState::acked_business, at(fatal * 100));
      settlement.task = store::TaskChange{"task-" + name, 1, "completed", "{}"};
      if (!(*opened)->settle(settlement)) ::_exit(2);
      say(pipe, "settled\n");
    });

    const auto store = open();
    const auto item = store->item("item-" + name);
    ASSERT_THAT(item, IsOk());
    const auto task = store->task("task-" + name);
    ASSERT_THAT(task, IsOk());
    const bool settled = (*item)->state == ItemState::acked_business;
    EXPECT_EQ(settled, (*task)->status == "completed") << "half a settlement at step " << fatal;
    EXPECT_TRUE(settled || said.empty()) << "answered and lost at step " << fatal;
    expect_whole(*store);
    if (!killed_) return;
    // Whatever it was left as, the next life can take it up.
    ASSERT_THAT(store->release("node", at(fatal * 100 + 1)), IsOk());
    auto again = store->lease(sample_lease("spine", at(fatal * 100 + 1)));
    ASSERT_THAT(again, IsOk());
    ASSERT_EQ(again->size(), settled ? 0u : 1u);
    if (!settled) {
      ASSERT_THAT(store->settle(sample_settlement((*again)[0], ItemState::acked_business,
                                                  at(fatal * 100 + 2))),
                  IsOk());
    }
  }
  FAIL() << "the settlement never ran through";
}

TEST_F(Crash, WithManyWritersLosesNothingAccepted) {
  for (int round = 0; round < 6; ++round) {
    const std::string said = in_child([&](int pipe) {
      std::atomic<int> steps = 0;
      store::sqlite::Options with = options();
      with.on_step = [&steps, round](std::string_view) {
        if (++steps == 200 + round * 37) ::kill(::getpid(), SIGKILL);
      };
      auto opened = store::sqlite::open(with, clock_.clock());
      if (!opened) ::_exit(2);
      std::vector<std::thread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
          for (int i = 0; i < 200; ++i) {
            const std::string name =
                std::to_string(round) + "-" + std::to_string(t) + "-" + std::to_string(i);
            if (!(*opened)->commit(sample_exchange(name))) ::_exit(2);
            say(pipe, "exchange-" + name + "\n");
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
    });
    EXPECT_TRUE(killed_);
    const auto store = open();
    for (const std::string& id : words(said)) {
      const auto exchange = store->exchange(id);
      ASSERT_THAT(exchange, IsOk());
      EXPECT_TRUE(exchange->has_value()) << id << " was accepted and is lost";
    }
    expect_whole(*store);
  }
}

// ---- no space, no writing ----

using NoSpace = Crash;

TEST_F(NoSpace, IsTransientAndStoresNothingOfTheCall) {
  open();  // the tables take pages of their own, more with every version
  store::sqlite::Options with = options();
  with.max_pages = static_cast<std::uint64_t>(number("PRAGMA page_count")) + 40;
  auto store = open(with);
  int accepted = 0;
  std::optional<Error> stopped;
  for (int i = 0; i < 1000 && !stopped; ++i) {
    store::NewExchange exchange = sample_exchange(std::to_string(i));
    std::uint32_t state = 7;  // bytes that do not compress
    for (char& c : exchange.payload) {
      state = state * 1664525u + 1013904223u;
      c = static_cast<char>(state >> 24);
    }
    exchange.digest = sha256(exchange.payload);
    auto committed = store->commit(exchange);
    if (committed) {
      ++accepted;
    } else {
      stopped = committed.error();
    }
  }
  ASSERT_TRUE(stopped.has_value());
  EXPECT_EQ(stopped->code, ErrorCode::transient);
  EXPECT_EQ(stopped->issues[0].text, "the store has no space left");
  EXPECT_GT(accepted, 5);
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), accepted);
  expect_whole(*store);

  // What was accepted can still be delivered once there is space, and more can come.
  store.reset();
  const auto roomy = open();
  ASSERT_THAT(roomy->commit(sample_exchange("later")), IsOk());
  expect_whole(*roomy);
}

TEST_F(NoSpace, OfTheFileSystemIsTransientAndTheStoreRecovers) {
  const std::string said = in_child([&](int pipe) {
    auto opened = store::sqlite::open(options(), clock_.clock());
    if (!opened) ::_exit(2);
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{2'000'000, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &small);  // every write past it fails, WAL included
    bool refused = false;
    for (int i = 0; i < 500 && !refused; ++i) {
      const std::string name = std::to_string(i);
      auto committed = (*opened)->commit(sample_exchange(name));
      if (committed) {
        say(pipe, "exchange-" + name + "\n");
      } else {
        refused = true;
        say(pipe, std::string(error_row(committed.error().code).name) + "\n");
      }
    }
    const rlimit wide{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &wide);
    if ((*opened)->commit(sample_exchange("after"))) say(pipe, "exchange-after\n");
  });
  std::set<std::string> lines = words(said);
  EXPECT_EQ(lines.erase("transient"), 1u);
  EXPECT_TRUE(lines.contains("exchange-after"));
  EXPECT_GT(lines.size(), 2u);
  const auto store = open();
  for (const std::string& id : lines) {
    const auto exchange = store->exchange(id);
    ASSERT_THAT(exchange, IsOk());
    EXPECT_TRUE(exchange->has_value()) << id << " was accepted and is lost";
  }
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), static_cast<std::int64_t>(lines.size()));
  expect_whole(*store);
}

TEST_F(NoSpace, AWriteLockHeldElsewhereIsTransient) {
  store::sqlite::Options with = options();
  with.busy_timeout = std::chrono::milliseconds(50);
  const auto store = open(with);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(with.path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);

  const auto refused = store->commit(sample_exchange("a"));

  ASSERT_THAT(refused, FailsWith(ErrorCode::transient));
  EXPECT_EQ(refused.error().issues[0].text, "the store is busy");
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_THAT(store->commit(sample_exchange("a")), IsOk());
  expect_whole(*store);
}

}  // namespace
}  // namespace concord::test
