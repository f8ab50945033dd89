// Looking for exchanges: what is found, page by page, and the whole journey of one.
#include "gateway/store/exchanges.h"

#include <gmock/gmock.h>

#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using store::ExchangePage;
using store::ExchangeSearch;
using store::ExchangeState;
using store::ItemState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Names = std::vector<std::string>;

class FoundExchanges : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (stage_) store_ = open();
  }

  /// An exchange accepted at a second, changed as the test needs it.
  template <typename Change>
  void accept(const std::string& name, std::int64_t second, const Change& change) {
    store::NewExchange exchange = sample_exchange(name);
    exchange.received_at = at(second - 1);
    exchange.accepted_at = at(second);
    change(exchange);
    ASSERT_THAT(store_->commit(exchange), IsOk());
  }
  void accept(const std::string& name, std::int64_t second) {
    accept(name, second, [](store::NewExchange&) {});
  }

  /// Sends what is due at a destination and ends it so.
  void settle(const std::string& destination, ItemState state, std::int64_t second) {
    auto items = store_->lease(sample_lease(destination, at(second), 1));
    ASSERT_THAT(items, IsOk());
    ASSERT_EQ(items->size(), 1u);
    store::Settlement settlement = sample_settlement((*items)[0], state, at(second));
    if (state == ItemState::dead) {
      settlement.dead =
          store::DeadLetter{"permanent", "the transport answered 404", "X99002", at(second + 3600)};
    }
    if (state == ItemState::acked_transport) {
      settlement.expect = store::Expectation{"business", at(second + 600)};
    }
    ASSERT_THAT(store_->settle(settlement), IsOk());
  }

  ExchangePage page(const ExchangeSearch& search) {
    auto found = store_->exchanges().search(search);
    EXPECT_THAT(found, IsOk());
    return found ? *std::move(found) : ExchangePage{};
  }
  static Names names(const ExchangePage& page) {
    Names names;
    for (const store::FoundExchange& one : page.exchanges) names.push_back(one.id.substr(9));
    return names;
  }
  Names found(const ExchangeSearch& search) { return names(page(search)); }

  store::ExchangeJourney journey(const std::string& name) {
    auto read = store_->exchanges().journey("exchange-" + name);
    EXPECT_THAT(read, IsOk());
    EXPECT_TRUE(read && read->has_value());
    return read && *read ? **std::move(read) : store::ExchangeJourney{};
  }

  std::unique_ptr<store::Store> store_;
};

TEST_P(FoundExchanges, AreListedNewestFirstWithWhatBecameOfThem) {
  accept("a", 10);
  accept("b", 20);
  settle("spine", ItemState::acked_business, 30);

  const ExchangePage all = page({});

  ASSERT_EQ(names(all), (Names{"b", "a"}));
  EXPECT_EQ(all.next, "");
  EXPECT_FALSE(all.looked_back_to);
  const store::FoundExchange& a = all.exchanges[1];
  EXPECT_EQ(a.door, "http");
  EXPECT_EQ(a.sender, "X99001");
  EXPECT_EQ(a.request_id, "request-a");
  EXPECT_EQ(a.message_kind, "sample-order");
  EXPECT_EQ(a.received_at, at(9));
  EXPECT_EQ(a.accepted_at, at(10));
  ASSERT_EQ(a.items.size(), 1u);
  EXPECT_EQ(a.items[0].id, "item-a");
  EXPECT_EQ(a.items[0].task, "task-a");
  EXPECT_EQ(a.items[0].destination, "spine");
  EXPECT_EQ(a.items[0].state, ItemState::acked_business);
  EXPECT_EQ(a.items[0].attempts, 1);
  EXPECT_EQ(a.items[0].finished_at, at(30));
  EXPECT_EQ(a.items[0].due_at, std::nullopt);
  EXPECT_EQ(all.exchanges[0].items[0].due_at, at(20));
}

TEST_P(FoundExchanges, AreFoundByEachThingThatCanBeAsked) {
  accept("a", 10, [](store::NewExchange& exchange) { exchange.sender = "X99003"; });
  accept("b", 20, [](store::NewExchange& exchange) { exchange.message_kind = "other-order"; });
  accept("c", 30, [](store::NewExchange& exchange) {
    exchange.subject = "flow";
    exchange.items[0].destination = "pharmacy";
    exchange.keys[1].value = "https://tools.ietf.org/html/rfc4122|5a5d";
  });

  EXPECT_EQ(found({.sender = "X99003"}), Names{"a"});
  EXPECT_EQ(found({.sender = "X99001"}), (Names{"c", "b"}));
  EXPECT_EQ(found({.message_kind = "other-order"}), Names{"b"});
  EXPECT_EQ(found({.destination = "pharmacy"}), Names{"c"});
  EXPECT_EQ(found({.subject = "flow"}), Names{"c"});
  EXPECT_EQ(found({.task = "task-b"}), Names{"b"});
  EXPECT_EQ(found({.request_id = "request-a"}), Names{"a"});
  EXPECT_EQ(found({.sender = "X99001", .request_id = "request-b"}), Names{"b"});
  EXPECT_EQ(found({.message_id = "message-a"}), Names{"a"});
  EXPECT_EQ(found({.message_id = "5a5d"}), Names{"c"});
  EXPECT_EQ(found({.message_id = "message-B"}), Names{"b"}) << "the identity in the format";
  EXPECT_EQ(found({.destination = "pharmacy", .message_id = "MESSAGE-c"}), Names{"c"});
  EXPECT_EQ(found({.since = at(20)}), (Names{"c", "b"}));
  EXPECT_EQ(found({.before = at(20)}), Names{"a"});
  EXPECT_EQ(found({.since = at(11), .before = at(21)}), Names{"b"});

  EXPECT_THAT(found({.sender = "X99003", .message_kind = "other-order"}), IsEmpty());
  EXPECT_THAT(found({.task = "task-b", .request_id = "request-a"}), IsEmpty());
  EXPECT_THAT(found({.task = "nobody's"}), IsEmpty());
  EXPECT_THAT(found({.message_id = "' OR 1=1 --"}), IsEmpty());
  EXPECT_THAT(found({.destination = "%"}), IsEmpty());
}

TEST_P(FoundExchanges, AreFoundByTheStateOfTheirItems) {
  accept("dead", 10);
  settle("spine", ItemState::dead, 11);
  accept("refused", 20);
  settle("spine", ItemState::nacked, 21);
  accept("taken", 30);
  settle("spine", ItemState::acked_transport, 31);
  accept("filed", 40);
  settle("spine", ItemState::acked_business, 41);
  accept("waits", 50);
  accept("out", 5);
  settle("spine", ItemState::dead, 6 + 100);
  ASSERT_THAT(store_->cancel("item-out", at(120), std::nullopt, {}), IsOk());

  EXPECT_EQ(found({.states = {ExchangeState::dead}}), Names{"dead"});
  EXPECT_EQ(found({.states = {ExchangeState::rejected}}), Names{"refused"});
  EXPECT_EQ(found({.states = {ExchangeState::delivered}}), (Names{"filed", "taken"}));
  EXPECT_EQ(found({.states = {ExchangeState::open}}), Names{"waits"});
  EXPECT_EQ(found({.states = {ExchangeState::cancelled}}), Names{"out"});
  EXPECT_EQ(found({.states = {ExchangeState::dead, ExchangeState::open, ExchangeState::rejected}}),
            (Names{"waits", "refused", "dead"}));
  EXPECT_EQ(found({.states = {ExchangeState::dead}, .sender = "X99001", .since = at(10)}),
            Names{"dead"});
  EXPECT_THAT(found({.states = {ExchangeState::dead}, .sender = "X99009"}), IsEmpty());

  const ExchangePage dead = page({.states = {ExchangeState::dead}});
  ASSERT_TRUE(dead.exchanges[0].items[0].dead);
  EXPECT_EQ(dead.exchanges[0].items[0].dead->letter.owner, "X99002");
  EXPECT_EQ(dead.exchanges[0].items[0].dead->letter.due_at, at(11 + 3600));
  EXPECT_EQ(dead.exchanges[0].items[0].dead->at, at(11));
}

TEST_P(FoundExchanges, StateAndDestinationAreAskedOfTheSameItem) {
  accept("both", 10, [](store::NewExchange& exchange) {
    exchange.items.push_back(sample_item("second", "pharmacy"));
  });
  settle("spine", ItemState::dead, 11);

  EXPECT_EQ(found({.states = {ExchangeState::dead}, .destination = "spine"}), Names{"both"});
  EXPECT_THAT(found({.states = {ExchangeState::dead}, .destination = "pharmacy"}), IsEmpty());
  EXPECT_EQ(found({.states = {ExchangeState::open, ExchangeState::dead}}), Names{"both"});
}

TEST_P(FoundExchanges, PagesAreStableWhileOthersArrive) {
  for (int i = 0; i < 25; ++i) accept("x" + std::to_string(10 + i), 100 + i / 5);
  ExchangeSearch search;
  search.limit = 10;
  Names all;
  for (int pages = 0; pages < 4; ++pages) {
    const ExchangePage one = page(search);
    for (const std::string& name : names(one)) all.push_back(name);
    accept("later" + std::to_string(pages), 500 + pages);
    if (one.next.empty()) break;
    search.cursor = one.next;
  }
  Names expected;
  for (int i = 24; i >= 0; --i) expected.push_back("x" + std::to_string(10 + i));
  EXPECT_EQ(all, expected);
}

TEST_P(FoundExchanges, PagesOverSeveralStatesHoldEachExchangeOnce) {
  for (int i = 0; i < 12; ++i) {
    accept("x" + std::to_string(10 + i), 100 + i, [](store::NewExchange& exchange) {
      exchange.items.push_back(sample_item(exchange.id + "2", "pharmacy"));
    });
  }
  for (int i = 0; i < 6; ++i) settle("spine", ItemState::dead, 200 + i);
  ExchangeSearch search{.states = {ExchangeState::open, ExchangeState::dead}, .limit = 5};
  Names all;
  for (int pages = 0; pages < 5; ++pages) {
    const ExchangePage one = page(search);
    for (const std::string& name : names(one)) all.push_back(name);
    if (one.next.empty()) break;
    search.cursor = one.next;
  }
  Names expected;
  for (int i = 11; i >= 0; --i) expected.push_back("x" + std::to_string(10 + i));
  EXPECT_EQ(all, expected);
}

TEST_P(FoundExchanges, ACursorOfSomethingElseAndALimitOutOfBoundsAreRefused) {
  for (const char* cursor : {"1", "1.", "1.5", "1.5.", "1.5.x", "2.5.5", "1.-5.5", "1.5.5 "}) {
    EXPECT_THAT(store_->exchanges().search({.cursor = cursor}), FailsWith(ErrorCode::invalid))
        << cursor;
  }
  EXPECT_THAT(store_->exchanges().search({.limit = 0}), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(store_->exchanges().search({.limit = 201}), FailsWith(ErrorCode::invalid));
}

TEST_P(FoundExchanges, AJourneyHoldsEveryStepAndNoBytes) {
  accept("a", 10, [](store::NewExchange& exchange) {
    exchange.lineage = "which rule wrote what";
    exchange.decision = "{\"outcome\":\"warn\"}";
  });
  settle("spine", ItemState::pending, 20);
  settle("spine", ItemState::acked_transport, 30);
  ASSERT_THAT(
      store_->keep_unmatched({"spine",
                              "item-a",
                              "OTHER",
                              "answers another message",
                              "text/plain",
                              "bytes",
                              at(31),
                              {audit::Event::answer_unmatched, at(31), "", "", "node", "", ""}}),
      IsOk());
  ASSERT_THAT(
      store_->keep_unmatched({"spine",
                              "",
                              "MESSAGE-a",
                              "came twice",
                              "text/plain",
                              "bytes",
                              at(32),
                              {audit::Event::answer_unmatched, at(32), "", "", "node", "", ""}}),
      IsOk());

  const store::ExchangeJourney a = journey("a");

  EXPECT_EQ(a.exchange.id, "exchange-a");
  EXPECT_EQ(a.exchange.accepted_at, at(10));
  EXPECT_EQ(a.content_type, "application/fhir+json");
  EXPECT_EQ(a.digest, sample_exchange("a").digest);
  EXPECT_EQ(a.decision, "{\"outcome\":\"warn\"}");
  EXPECT_TRUE(a.has_lineage);
  EXPECT_FALSE(a.cut);
  EXPECT_EQ(a.task, "task-a");
  EXPECT_EQ(a.task_status, "requested");
  ASSERT_EQ(a.task_versions.size(), 1u);
  EXPECT_EQ(a.task_versions[0].version, 1);
  EXPECT_EQ(a.task_versions[0].at, at(0));
  ASSERT_EQ(a.items.size(), 1u);
  const store::ItemJourney& item = a.items[0];
  EXPECT_EQ(item.item.state, ItemState::acked_transport);
  EXPECT_EQ(item.channel, "fake");
  EXPECT_EQ(item.format, "plain");
  EXPECT_EQ(item.interaction, "SAMPLE_IN01");
  EXPECT_EQ(item.digest, sample_item("a").digest);
  EXPECT_EQ(item.fence, 2);
  ASSERT_EQ(item.attempts.size(), 2u);
  EXPECT_EQ(item.attempts[0].n, 1);
  EXPECT_EQ(item.attempts[0].started_at, at(20));
  EXPECT_EQ(item.attempts[1].n, 2);
  EXPECT_EQ(item.attempts[1].peer_code, 200);
  EXPECT_EQ(item.attempts[1].answer, sha256("<answer/>"));
  ASSERT_EQ(item.awaited.size(), 1u);
  EXPECT_EQ(item.awaited[0].layer, "business");
  EXPECT_EQ(item.awaited[0].due_at, at(630));
  ASSERT_EQ(item.unmatched.size(), 2u);
  EXPECT_EQ(item.unmatched[0].refers_to, "OTHER");
  EXPECT_EQ(item.unmatched[1].reason, "came twice");
  ASSERT_EQ(a.effects.size(), 1u);
  EXPECT_EQ(a.effects[0].kind, "settled");
  EXPECT_EQ(a.effects[0].at, at(30));
  EXPECT_EQ(item.waits_for, "");
  EXPECT_EQ(item.superseded_by, "");
}

TEST_P(FoundExchanges, AJourneyHasTheTimesOfEachVersionOfItsTask) {
  accept("a", 10);
  auto items = store_->lease(sample_lease("spine", at(20), 1));
  ASSERT_THAT(items, IsOk());
  store::Settlement settlement = sample_settlement((*items)[0], ItemState::acked_business, at(21));
  settlement.task =
      store::TaskChange{"task-a", 1, "completed", "{\"resourceType\":\"Task\",\"id\":\"x\"}", {}};
  ASSERT_THAT(store_->settle(settlement), IsOk());

  const store::ExchangeJourney a = journey("a");

  EXPECT_EQ(a.task_status, "completed");
  ASSERT_EQ(a.task_versions.size(), 2u);
  EXPECT_EQ(a.task_versions[0].version, 1);
  EXPECT_EQ(a.task_versions[1].version, 2);
  EXPECT_EQ(a.task_versions[1].at, at(21));
}

TEST_P(FoundExchanges, AJourneySaysWhoGoesFirstAndWhatWentPast) {
  const auto in_flow = [](const std::string& destination) {
    return [destination](store::NewExchange& exchange) {
      exchange.subject = "flow";
      exchange.items[0].subject = "flow";
      exchange.items[0].destination = destination;
    };
  };
  accept("first", 10, in_flow("spine"));
  accept("second", 20, in_flow("spine"));
  accept("third", 30, in_flow("pharmacy"));
  settle("spine", ItemState::dead, 40);

  EXPECT_EQ(journey("second").items[0].waits_for, "exchange-first");
  EXPECT_EQ(journey("second").items[0].item.due_at, std::nullopt);
  EXPECT_EQ(journey("first").items[0].superseded_by, "") << "what waits behind it is not past it";

  settle("pharmacy", ItemState::acked_business, 50);

  EXPECT_EQ(journey("first").items[0].superseded_by, "exchange-third");
  EXPECT_EQ(journey("third").items[0].waits_for, "");
}

TEST_P(FoundExchanges, AnExchangeNobodyKnowsHasNoJourney) {
  accept("a", 10);
  const auto none = store_->exchanges().journey("exchange-A");
  ASSERT_THAT(none, IsOk());
  EXPECT_FALSE(none->has_value());
}

CONCORD_ON_EVERY_STORE(FoundExchanges);

}  // namespace
}  // namespace concord::test
