// Messages the change of a Task brings: stored with it or not at all, numbered in the order of the
// changes, also when the process dies in between.
#include <algorithm>
#include <map>
#include <thread>

#include "tests/gateway/store/child.h"
#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using store::Item;
using store::ItemState;
using store::NewExchange;
using store::TaskChange;

/// A notification to `destination` that `name` changed; nothing but its item.
NewExchange notice(const std::string& name, const std::string& destination = "Subscription/s") {
  NewExchange exchange = sample_exchange(name, destination, "task-" + name);
  exchange.door = "notice";
  exchange.keys.clear();
  exchange.task = {};
  exchange.items[0].purpose = "event";
  exchange.items[0].numbered = true;
  return exchange;
}

class TaskNotices : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (stage_) store_ = open();
  }

  /// An exchange on its way: its leased item.
  Item under_way(const std::string& name) {
    EXPECT_THAT(store_->commit(sample_exchange(name, "spine-" + name)), IsOk());
    const auto items = store_->lease(sample_lease("spine-" + name, at(1)));
    EXPECT_THAT(items, IsOk());
    return items && items->size() == 1 ? items->front() : Item{};
  }
  /// An exchange whose item stands there.
  void bring_to(const std::string& name, ItemState state) {
    auto settlement = sample_settlement(under_way(name), state, at(2));
    if (state == ItemState::dead) {
      settlement.dead = store::DeadLetter{"permanent", "refused", "X99001", at(3600)};
    }
    ASSERT_THAT(store_->settle(settlement), IsOk());
  }
  static TaskChange change(const std::string& name, const std::string& status,
                           const std::string& notice_name) {
    TaskChange change{"task-" + name, 1, status, "{\"status\":\"" + status + "\"}"};
    change.notices.push_back(notice(notice_name));
    return change;
  }
  static store::Acknowledged acknowledged(const std::string& name, TaskChange task) {
    store::Acknowledged word;
    word.item = "item-" + name;
    word.effect = "acknowledged";
    word.now = at(30);
    word.task = std::move(task);
    return word;
  }
  /// What was to be told to the subscription, in order of numbers, which have no gaps.
  std::vector<std::string> told() {
    const auto items = store_->numbered_items("Subscription/s", 1, 1000, 1000);
    EXPECT_THAT(items, IsOk());
    std::vector<std::string> ids;
    for (const store::NumberedItem& item : *items) {
      EXPECT_EQ(item.number, static_cast<std::int64_t>(ids.size()) + 1);
      ids.push_back(item.id);
    }
    return ids;
  }

  std::unique_ptr<store::Store> store_;
};

using Ids = std::vector<std::string>;

TEST_P(TaskNotices, ComeWithTheExchangeThatMakesTheTaskAndNotWithItsRepetition) {
  NewExchange exchange = sample_exchange("a");
  exchange.notices.push_back(notice("made-a"));
  exchange.notices.push_back(notice("also-a"));
  ASSERT_THAT(store_->commit(exchange), IsOk());
  EXPECT_EQ(told(), (Ids{"item-made-a", "item-also-a"}));

  const auto again = store_->commit(exchange);
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(told().size(), 2u);

  const auto items = store_->lease(sample_lease("Subscription/s", at(1)));
  ASSERT_THAT(items, IsOk());
  ASSERT_EQ(items->size(), 2u) << "two subjects";
  EXPECT_EQ((*items)[0].exchange, "exchange-made-a");
  EXPECT_EQ((*items)[0].task, "");
  EXPECT_EQ((*items)[0].bytes, sample_item("made-a").bytes);
  EXPECT_FALSE((*store_->task("task-made-a")).has_value());
  expect_whole(*store_);
}

TEST_P(TaskNotices, ComeWithASettlementAndNotWithOneThatIsRefused) {
  const Item item = under_way("a");
  auto settlement = sample_settlement(item, ItemState::acked_business, at(2));
  settlement.task = change("a", "completed", "done-a");
  settlement.task->expected_version = 7;
  EXPECT_THAT(store_->settle(settlement), FailsWith(ErrorCode::conflict));
  EXPECT_EQ(told(), Ids{});

  settlement.task->expected_version = 1;
  ASSERT_THAT(store_->settle(settlement), IsOk());
  EXPECT_EQ(told(), Ids{"item-done-a"});

  EXPECT_THAT(store_->settle(settlement), FailsWith(ErrorCode::conflict)) << "settled already";
  EXPECT_EQ(told(), Ids{"item-done-a"});
  expect_whole(*store_);
}

TEST_P(TaskNotices, ComeOnceWithALaterAcknowledgement) {
  bring_to("a", ItemState::acked_transport);
  const auto word = acknowledged("a", change("a", "completed", "word-a"));
  ASSERT_THAT(store_->acknowledge(word), IsOk());
  EXPECT_EQ(told(), Ids{"item-word-a"});
  const auto again = store_->acknowledge(word);
  ASSERT_THAT(again, IsOk());
  EXPECT_FALSE(*again);
  EXPECT_EQ(told(), Ids{"item-word-a"});
  expect_whole(*store_);
}

TEST_P(TaskNotices, ComeWithAPersonsWord) {
  bring_to("a", ItemState::dead);
  bring_to("b", ItemState::dead);
  ASSERT_THAT(
      store_->replay("item-a", at(10), at(1000), change("a", "requested", "replayed-a"), {}),
      IsOk());
  ASSERT_THAT(store_->cancel("item-b", at(11), change("b", "cancelled", "cancelled-b"), {}),
              IsOk());
  EXPECT_EQ(told(), (Ids{"item-replayed-a", "item-cancelled-b"}));
  EXPECT_THAT(store_->cancel("item-b", at(12), change("b", "cancelled", "twice"), {}),
              FailsWith(ErrorCode::conflict));
  EXPECT_EQ(told().size(), 2u);
  expect_whole(*store_);
}

TEST_P(TaskNotices, OfOneTaskAreDeliveredOneBehindTheOther) {
  bring_to("a", ItemState::acked_transport);
  TaskChange first = change("a", "accepted", "a1");
  first.notices[0].items[0].subject = "task-a";
  auto word = acknowledged("a", first);
  word.effect = "understood";
  word.state = ItemState::acked_infrastructure;
  ASSERT_THAT(store_->acknowledge(word), IsOk());
  TaskChange second = change("a", "completed", "a2");
  second.expected_version = 2;
  second.notices[0].items[0].subject = "task-a";
  ASSERT_THAT(store_->acknowledge(acknowledged("a", second)), IsOk());

  auto items = store_->lease(sample_lease("Subscription/s", at(40)));
  ASSERT_THAT(items, IsOk());
  ASSERT_EQ(items->size(), 1u);
  EXPECT_EQ((*items)[0].id, "item-a1");
  ASSERT_THAT(store_->settle(sample_settlement((*items)[0], ItemState::acked_business, at(41))),
              IsOk());
  items = store_->lease(sample_lease("Subscription/s", at(42)));
  ASSERT_THAT(items, IsOk());
  ASSERT_EQ(items->size(), 1u);
  EXPECT_EQ((*items)[0].id, "item-a2");
  EXPECT_EQ((*items)[0].number, 2);
}

TEST_P(TaskNotices, OfManyChangesAtOnceAreNumberedInTheirOrder) {
  constexpr int kThreads = 4, kEach = 8;
  std::map<std::string, Item> items;
  for (int i = 0; i < kThreads * kEach; ++i) {
    const std::string name = std::to_string(i);
    items[name] = under_way(name);
  }
  const auto place = store_->resources().changed("", {"Task"}, 1);
  ASSERT_THAT(place, IsOk());
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string name = std::to_string(t * kEach + i);
        auto settlement = sample_settlement(items.at(name), ItemState::acked_business, at(2));
        settlement.task = change(name, "completed", "n" + name);
        EXPECT_THAT(store_->settle(settlement), IsOk());
        NewExchange other = sample_exchange("new" + name);
        other.notices.push_back(notice("m" + name));
        EXPECT_THAT(store_->commit(other), IsOk());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  const auto changes = store_->resources().changed(place->next, {"Task"}, 1000);
  ASSERT_THAT(changes, IsOk());
  Ids changed;
  for (const store::ResourceRow& row : changes->rows) {
    const std::string name = row.id.substr(row.id.find('-') + 1);
    changed.push_back(name.starts_with("new") ? "item-m" + name.substr(3) : "item-n" + name);
  }
  EXPECT_EQ(told(), changed);
  expect_whole(*store_);
}

// ---- the process dies ----

class TaskNoticesCrash : public TaskNotices {
 protected:
  using Before = std::function<void(const std::string& name)>;
  using Call = std::function<bool(store::Store&, const std::string& name, const StepHook& armed)>;

  /// Kills a child at each step of `call` in turn: the Task changed if and only if the notice is
  /// there, and it did when the child had heard so.
  void at_every_step(std::int64_t changed_version, const Before& before, const Call& call) {
    int died = 0;
    for (int fatal = 1; fatal < 60; ++fatal) {
      const std::string name = "k" + std::to_string(fatal);
      before(name);
      store_.reset();
      const ChildEnd end = in_child([&](int pipe) {
        int steps = 0;
        bool armed = false;
        auto opened = stage_->open([&](std::string_view) {
          if (armed && ++steps == fatal) die();
        });
        if (!opened) ::_exit(2);
        if (!call(**opened, name, [&](std::string_view) { armed = true; })) ::_exit(2);
        armed = false;
        say(pipe, "done\n");
      });
      ASSERT_TRUE(end.killed || end.status == 0) << "status " << end.status;
      store_ = open();
      ASSERT_NE(store_, nullptr);
      const auto task = store_->task("task-" + name);
      ASSERT_THAT(task, IsOk());
      const bool changed = task->has_value() && (*task)->version == changed_version;
      const auto number = store_->item("item-n" + name);
      ASSERT_THAT(number, IsOk());
      EXPECT_EQ(changed, number->has_value()) << "one without the other at step " << fatal;
      EXPECT_TRUE(changed || end.said.empty()) << "answered and lost at step " << fatal;
      expect_whole(*store_);
      told();
      if (!end.killed) {
        EXPECT_TRUE(changed);
        EXPECT_GE(died, 3);
        return;
      }
      ++died;
    }
    FAIL() << "the call never ran through";
  }
};

TEST_P(TaskNoticesCrash, AtAnyStepOfACommit) {
  at_every_step(
      1, [](const std::string&) {},
      [](store::Store& store, const std::string& name, const StepHook& armed) {
        NewExchange exchange = sample_exchange(name);
        exchange.notices.push_back(notice("n" + name));
        armed("");
        return store.commit(exchange).has_value();
      });
}

TEST_P(TaskNoticesCrash, AtAnyStepOfASettlement) {
  at_every_step(
      2,
      [this](const std::string& name) {
        ASSERT_THAT(store_->commit(sample_exchange(name, "spine-" + name)), IsOk());
      },
      [](store::Store& store, const std::string& name, const StepHook& armed) {
        const auto items = store.lease(sample_lease("spine-" + name, at(1)));
        if (!items || items->size() != 1) return false;
        auto settlement = sample_settlement(items->front(), ItemState::acked_business, at(2));
        settlement.task = change(name, "completed", "n" + name);
        armed("");
        return store.settle(settlement).has_value();
      });
}

TEST_P(TaskNoticesCrash, AtAnyStepOfALaterAcknowledgement) {
  at_every_step(
      2, [this](const std::string& name) { bring_to(name, ItemState::acked_transport); },
      [](store::Store& store, const std::string& name, const StepHook& armed) {
        armed("");
        return store.acknowledge(acknowledged(name, change(name, "completed", "n" + name)))
            .has_value();
      });
}

TEST_P(TaskNoticesCrash, AtAnyStepOfAReplay) {
  at_every_step(
      2, [this](const std::string& name) { bring_to(name, ItemState::dead); },
      [](store::Store& store, const std::string& name, const StepHook& armed) {
        armed("");
        return store
            .replay("item-" + name, at(10), at(1000), change(name, "requested", "n" + name), {})
            .has_value();
      });
}

CONCORD_ON_EVERY_STORE(TaskNotices);
CONCORD_ON_EVERY_STORE(TaskNoticesCrash);

}  // namespace
}  // namespace concord::test
