// Exchanges for people: what they see, and what their word does.
#include "gateway/exchange/journeys.h"

#include "gateway/exchange/journey_search.h"
#include "gateway/exchange/journey_text.h"
#include "tests/gateway/exchange/fixture.h"

namespace concord::test {
namespace {

using exchange::ExchangeSearch;
using exchange::ExchangeState;
using exchange::Handled;
using exchange::HandledItem;
using exchange::Journeys;
using exchange::PersonsWord;
using store::ItemState;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class JourneysTest : public ExchangeTest {
 protected:
  void SetUp() override {
    ExchangeTest::SetUp();
    exchange::SettlerSettings settings;
    settings.routes = settings_.routes;
    settler_ = std::make_unique<exchange::Settler>(mappers_, *store_, loaded().symbols, settings);
    make({});
  }

  void make(Journeys::Settings settings) {
    Journeys::Parts parts;
    parts.store = store_.get();
    parts.settler = settler_.get();
    parts.symbols = &loaded().symbols;
    parts.clock = clock_.clock();
    parts.destination = [](std::string_view name) -> std::optional<exchange::DestinationView> {
      if (name != "spine") return std::nullopt;
      return exchange::DestinationView{false, true};
    };
    parts.wake = [this] { ++woken_; };
    journeys_ = std::make_unique<Journeys>(std::move(parts), settings);
  }

  exchange::Answer accept(int n) {
    SampleMessage message;
    message.id = "9b2f9d0c-5f0e-4a8e-8a55-0d5f5b3d6f" + std::to_string(10 + n);
    message.workflow = "A0B1C2-X99001-0000" + std::to_string(10 + n);
    auto answer = submit(message, "request-" + std::to_string(n));
    EXPECT_THAT(answer, IsOk());
    return answer ? *answer : exchange::Answer{};
  }

  /// Sends what is due and gives it up.
  void give_up() {
    auto leased = store_->lease(sample_lease("spine", clock_.now()));
    ASSERT_THAT(leased, IsOk());
    for (const store::Item& item : *leased) {
      auto handover = settler_->hand_over(item, "permanent", "HTTP status 403", clock_.now());
      ASSERT_THAT(handover, IsOk());
      store::Settlement settlement = sample_settlement(item, ItemState::dead, clock_.now());
      settlement.attempt->result = "permanent";
      settlement.attempt->peer_code = 403;
      settlement.dead = handover->letter;
      settlement.task = std::move(handover->task);
      ASSERT_THAT(store_->settle(settlement), IsOk());
    }
  }

  exchange::JourneyView view(const std::string& id) {
    auto found = journeys_->journey(id);
    EXPECT_THAT(found, IsOk());
    EXPECT_TRUE(found && found->has_value());
    return found && *found ? **std::move(found) : exchange::JourneyView{};
  }

  /// The only item of an exchange as it stands; takes no lease.
  store::Item item_now(const exchange::Answer& answer) {
    auto items = store_->items(answer.exchange_id);
    EXPECT_THAT(items, IsOk());
    EXPECT_TRUE(items && items->size() == 1);
    return items && !items->empty() ? items->front() : store::Item{};
  }

  /// The last two records of the chain.
  std::string last_record() {
    const auto head = store_->audit_head();
    EXPECT_THAT(head, IsOk());
    std::string bodies;
    const auto links = store_->audit_links(head->sequence - 2, 2);
    EXPECT_THAT(links, IsOk());
    for (const audit::Link& link : *links) bodies += link.body;
    return bodies;
  }

  const PersonsWord word_{"A Smith", "INC-17: certificate renewed", ""};
  std::unique_ptr<exchange::Settler> settler_;
  std::unique_ptr<Journeys> journeys_;
  int woken_ = 0;
};

TEST_F(JourneysTest, AJourneyIsToldInWordsAndHoldsNothingOfThePatient) {
  const exchange::Answer answer = accept(1);
  clock_.advance(std::chrono::seconds(5));
  give_up();

  const exchange::JourneyView seen = view(answer.exchange_id);

  EXPECT_FALSE(seen.decision.outcome.empty());
  EXPECT_FALSE(seen.decision.words.empty());
  EXPECT_TRUE(seen.destinations.at("spine").circuit_open);
  const std::string text = to_text(seen);
  EXPECT_THAT(text, AllOf(HasSubstr("exchange " + answer.exchange_id), HasSubstr("403"),
                          HasSubstr("given up until a person acts"), HasSubstr("circuit open"),
                          HasSubstr(answer.task_id + " failed"), HasSubstr("HTTP status 403")));
  const std::string json = to_json(seen);
  EXPECT_THAT(json, AllOf(HasSubstr("\"state\":\"dead\""), HasSubstr("\"peerCode\":403"),
                          HasSubstr("\"layer\":\"business\""), HasSubstr("\"hop\":\"deliver\""),
                          HasSubstr("\"circuitOpen\":true")));
  ASSERT_THAT(json::read_plain(json, loaded().symbols), IsOk());
  const SampleMessage message;
  for (const std::string& out : {text, json}) {
    EXPECT_THAT(out, Not(HasSubstr(message.nhs_number)));
    EXPECT_THAT(out, Not(HasSubstr(message.medication)));
    EXPECT_THAT(out, Not(HasSubstr("A0B1C2")));
  }
}

TEST_F(JourneysTest, AJourneyIsFoundByItsTaskAsWell) {
  const exchange::Answer answer = accept(1);
  EXPECT_EQ(view(answer.task_id).journey.exchange.id, answer.exchange_id);
  const auto none = journeys_->journey("nobody");
  ASSERT_THAT(none, IsOk());
  EXPECT_FALSE(none->has_value());
}

TEST_F(JourneysTest, LayersSayWhatWasSaidAndWhatIsStillToCome) {
  const exchange::Answer answer = accept(1);
  const auto layers = [&] {
    const exchange::JourneyView seen = view(answer.exchange_id);
    std::string text;
    for (const auto& layer : exchange::layers_of(seen.journey, seen.journey.items[0])) {
      text += std::string(layer.status) + " ";
    }
    return text;
  };
  EXPECT_EQ(layers(), "open open open ");

  auto leased = store_->lease(sample_lease("spine", clock_.now()));
  store::Settlement settlement =
      sample_settlement((*leased)[0], ItemState::acked_transport, clock_.now());
  settlement.expect = store::Expectation{"business", clock_.now() + std::chrono::minutes(10)};
  ASSERT_THAT(store_->settle(settlement), IsOk());
  EXPECT_EQ(layers(), "given open awaited ");

  ASSERT_THAT(settler_->acknowledge(
                  {"spine", "plain", "text/plain", "AA " + (*leased)[0].message_id}, clock_.now()),
              IsOk());
  EXPECT_EQ(layers(), "given given given ");
}

TEST_F(JourneysTest, AReplayKeepsIdsAndIsOnRecordWithWhoAndWhy) {
  const exchange::Answer answer = accept(1);
  give_up();
  const store::Item before = item_now(answer);

  const auto handled = journeys_->replay(answer.exchange_id, word_, false);

  ASSERT_THAT(handled, IsOk());
  ASSERT_THAT(handled->items, SizeIs(1));
  EXPECT_EQ(handled->items[0].end, HandledItem::End::done);
  EXPECT_EQ(woken_, 1);
  const store::Item after = item_now(answer);
  EXPECT_EQ(after.state, ItemState::pending);
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.message_id, before.message_id);
  EXPECT_EQ(after.digest, before.digest);
  EXPECT_THAT(last_record(), AllOf(HasSubstr("item.replayed"), HasSubstr("A Smith"),
                                   HasSubstr("INC-17: certificate renewed")));
  EXPECT_THAT(journeys_->replay(answer.exchange_id, word_, false), FailsWith(ErrorCode::conflict));
}

TEST_F(JourneysTest, ADryRunSaysWhatWouldBeDoneAndDoesNothing) {
  const exchange::Answer answer = accept(1);
  give_up();
  const auto handled = journeys_->replay(answer.exchange_id, {}, true);
  ASSERT_THAT(handled, IsOk());
  EXPECT_EQ(handled->items[0].end, HandledItem::End::would_be);
  EXPECT_EQ(item_now(answer).state, ItemState::dead);
  EXPECT_EQ(woken_, 0);
  EXPECT_THAT(to_text(*handled), HasSubstr("1 would be done, 0 refused"));
}

TEST_F(JourneysTest, AWordWithoutAPersonOrAReasonIsRefused) {
  const exchange::Answer answer = accept(1);
  give_up();
  const auto refused = [&](const PersonsWord& word) {
    EXPECT_THAT(journeys_->replay(answer.exchange_id, word, false), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(journeys_->cancel(answer.exchange_id, word, false), FailsWith(ErrorCode::invalid));
  };
  refused({"", "because it has to", ""});
  refused({"A Smith", "", ""});
  refused({"A Smith", std::string(201, 'x'), ""});
  refused({"A Smith", "line\nfeed", ""});
  refused({"A Smith", "patient 999 012 3456 waits", ""});
  refused({"A Smith", "because it has to", "a smith"});
  EXPECT_EQ(item_now(answer).state, ItemState::dead);
}

TEST_F(JourneysTest, WhatIsOlderThanAWeekNeedsASecondApprover) {
  const exchange::Answer answer = accept(1);
  give_up();
  clock_.advance(std::chrono::hours(7 * 24) + std::chrono::seconds(1));

  EXPECT_THAT(journeys_->replay(answer.exchange_id, word_, false), FailsWith(ErrorCode::conflict));
  const auto dry = journeys_->replay(answer.exchange_id, word_, true);
  ASSERT_THAT(dry, IsOk());
  EXPECT_EQ(dry->items[0].end, HandledItem::End::refused);
  EXPECT_THAT(dry->items[0].reason, HasSubstr("7 days"));

  PersonsWord both = word_;
  both.second_approver = "B Jones";
  ASSERT_THAT(journeys_->replay(answer.exchange_id, both, false), IsOk());
  EXPECT_THAT(last_record(), HasSubstr("second approver B Jones"));
}

TEST_F(JourneysTest, ManyAreReplayedAtTheirPaceAndTheRestOnTheNextCall) {
  make({std::chrono::hours(7 * 24), 2, 1});
  for (int i = 0; i < 5; ++i) accept(i);
  give_up();
  ExchangeSearch search;
  search.destination = "spine";

  const auto first = journeys_->replay_found(search, word_, false);
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(first->items, SizeIs(2));
  EXPECT_GT(first->wait.count(), 0);
  EXPECT_THAT(journeys_->replay_found(search, word_, false)->items, SizeIs(0));

  std::size_t done = 2;
  for (int tries = 0; tries < 5; ++tries) {
    clock_.advance(std::chrono::seconds(1));
    const auto page = journeys_->replay_found(search, word_, false);
    ASSERT_THAT(page, IsOk());
    done += page->items.size();
    if (page->wait.count() == 0) break;
  }
  EXPECT_EQ(done, 5u);
  EXPECT_EQ(store_->counts()->dead, 0);
  EXPECT_FALSE(store::verify_audit(*store_)->broken.has_value());
}

TEST_F(JourneysTest, AReplayOfManyAsksForMoreThanTheStateAndForDeadOnesOnly) {
  EXPECT_THAT(journeys_->replay_found({}, word_, false), FailsWith(ErrorCode::invalid));
  ExchangeSearch open;
  open.destination = "spine";
  open.states = {ExchangeState::open};
  EXPECT_THAT(journeys_->replay_found(open, word_, true), FailsWith(ErrorCode::invalid));
}

TEST_F(JourneysTest, ACancelledOneIsFinishedAndItsTaskCancelled) {
  const exchange::Answer answer = accept(1);
  give_up();
  ASSERT_THAT(journeys_->cancel(answer.exchange_id, word_, false), IsOk());
  EXPECT_EQ(item_now(answer).state, ItemState::cancelled);
  EXPECT_EQ((*store_->task(answer.task_id))->status, "cancelled");
  EXPECT_THAT(last_record(), HasSubstr("item.cancelled"));
  EXPECT_THAT(journeys_->cancel(answer.exchange_id, word_, false), FailsWith(ErrorCode::conflict));
  EXPECT_THAT(journeys_->cancel("nobody", word_, false), FailsWith(ErrorCode::not_found));
}

TEST_F(JourneysTest, WithoutASettlerNothingIsChanged) {
  Journeys::Parts parts;
  parts.store = store_.get();
  parts.symbols = &loaded().symbols;
  parts.clock = clock_.clock();
  Journeys reading(std::move(parts));
  const exchange::Answer answer = accept(1);
  give_up();
  EXPECT_THAT(reading.replay(answer.exchange_id, word_, false), FailsWith(ErrorCode::forbidden));
  EXPECT_THAT(reading.cancel(answer.exchange_id, word_, false), FailsWith(ErrorCode::forbidden));
  EXPECT_THAT(reading.replay(answer.exchange_id, {}, true), IsOk());
}

TEST(JourneySearch, NamesAndTextsOfPeopleBecomeASearch) {
  const Instant now = at(7 * 24 * 3600);
  ExchangeSearch search;
  const std::pair<const char*, const char*> asked[] = {{"state", "dead,open"},
                                                       {"sender", "X99001"},
                                                       {"since", "7d"},
                                                       {"until", "2026-11-22"},
                                                       {"limit", "200"}};
  for (const auto& [name, value] : asked) {
    ASSERT_THAT(exchange::set_search(search, name, value, now), IsOk()) << name;
  }
  EXPECT_EQ(search.states, (std::vector{ExchangeState::dead, ExchangeState::open}));
  EXPECT_EQ(search.sender, "X99001");
  EXPECT_EQ(search.since, at(0));
  EXPECT_EQ(search.before, *parse_instant("2026-11-22T00:00:00Z"));
  EXPECT_EQ(search.limit, 200u);

  const std::pair<const char*, const char*> wrong[] = {
      {"state", "lost"},        {"state", "dead,"},      {"since", "yesterday"}, {"since", "-3d"},
      {"since", "9999999999d"}, {"until", "2026-02-30"}, {"limit", "0"},         {"limit", "201"},
      {"limit", "x"},           {"sender", ""}};
  for (const auto& [name, value] : wrong) {
    EXPECT_THAT(exchange::set_search(search, name, value, now), FailsWith(ErrorCode::malformed))
        << name << "=" << value;
  }
  EXPECT_THAT(exchange::set_search(search, "colour", "red", now),
              FailsWith(ErrorCode::unsupported));
}

TEST(JourneyText, WhatASenderPutIntoAnIdCannotCommandATerminal) {
  store::ExchangePage page;
  store::FoundExchange& one = page.exchanges.emplace_back();
  one.id = "x\x1b[2J\ny";
  one.message_kind = "k\x9b\xc2\xa0";
  const std::string text = exchange::to_text(page);
  EXPECT_THAT(text, HasSubstr("x?[2J?y"));
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f));
}

}  // namespace
}  // namespace concord::test
