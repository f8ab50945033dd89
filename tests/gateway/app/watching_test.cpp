// The gateway's clocks over its store: what they find, what they say, and when.
#include "gateway/app/watching.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "tests/gateway/store/fixture.h"

namespace concord::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class WatchingTest : public test::SqliteStoreTest {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);  // as `concord serve`: the log may have more to say at the end
    ASSERT_EQ(::pipe(ends_.data()), 0);
    log_ = std::make_unique<ops::Log>(ends_[1], ops::LogLevel::debug, "node", clock_.clock());
    store_ = open();
    exchange::SettlerSettings settings;
    exchange::Route route;
    route.message_kind = "sample-order";
    route.destination = "spine";
    route.owner = "X99001";
    settings.routes.routes.push_back(route);
    settler_ = std::make_unique<exchange::Settler>(mappers_, *store_, symbols_, settings);
    make();
  }
  void TearDown() override { ::close(ends_[0]); }

  void make(Watching::Settings settings = {}) {
    Watching::Parts parts;
    parts.store = store_.get();
    parts.settler = settler_.get();
    parts.log = log_.get();
    parts.metrics = &metrics_;
    parts.clock = clock_.clock();
    parts.random = [] { return 0.5; };
    parts.label = [](std::string_view destination) { return std::string(destination); };
    watching_ = std::make_unique<Watching>(std::move(parts), settings);
  }

  /// What was logged; ends the log.
  std::string logged() {
    watching_.reset();
    log_.reset();
    ::close(ends_[1]);
    std::string all;
    std::array<char, 4096> part;
    for (ssize_t n = 0; (n = ::read(ends_[0], part.data(), part.size())) > 0;) {
      all.append(part.data(), static_cast<std::size_t>(n));
    }
    return all;
  }
  static int lines_of(const std::string& text, const std::string& event) {
    int count = 0;
    for (std::size_t at = 0;
         (at = text.find("\"event\":\"" + event + "\"", at)) != std::string::npos; ++at) {
      ++count;
    }
    return count;
  }
  void deliver_and_expect(Instant due) {
    ASSERT_THAT(store_->commit(test::sample_exchange("a")), IsOk());
    const auto items = store_->lease(test::sample_lease("spine", test::at(1)));
    ASSERT_EQ(items->size(), 1u);
    store::Settlement settlement =
        test::sample_settlement((*items)[0], store::ItemState::acked_transport, test::at(2));
    settlement.expect = store::Expectation{"business", due};
    ASSERT_THAT(store_->settle(std::move(settlement)), IsOk());
  }

  std::array<int, 2> ends_{};
  tree::Symbols symbols_;
  mappers::Mappers mappers_;
  ops::Metrics metrics_;
  std::unique_ptr<ops::Log> log_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<exchange::Settler> settler_;
  std::unique_ptr<Watching> watching_;
};

TEST_F(WatchingTest, ABalancedStoreIsAGaugeOfZeroAndSilence) {
  ASSERT_THAT(store_->commit(test::sample_exchange("a")), IsOk());
  watching_->reconcile();
  const std::string page = metrics_.text({});
  EXPECT_THAT(page, HasSubstr("concord_reconciliation_difference 0\n"));
  EXPECT_THAT(page, HasSubstr(R"(concord_reconciliations_total{outcome="balanced"} 1)"));
  EXPECT_EQ(logged(), "");
}

TEST_F(WatchingTest, ADifferenceIsLoggedEachTimeAndAuditedOnceUntilItEnds) {
  ASSERT_THAT(store_->commit(test::sample_exchange("a")), IsOk());
  ASSERT_THAT(store_->commit(test::sample_exchange("b")), IsOk());
  execute(
      "CREATE TABLE gone AS SELECT * FROM outbox WHERE id = 'item-a';"
      "DELETE FROM outbox WHERE id = 'item-a'");
  const std::int64_t links = number("SELECT count(*) FROM audit");
  watching_->reconcile();
  watching_->reconcile();
  EXPECT_THAT(metrics_.text({}), HasSubstr("concord_reconciliation_difference 1\n"));
  EXPECT_EQ(number("SELECT count(*) FROM audit"), links + 1);
  execute("INSERT INTO outbox SELECT * FROM gone");
  watching_->reconcile();
  EXPECT_THAT(metrics_.text({}), HasSubstr("concord_reconciliation_difference 0\n"));
  EXPECT_EQ(number("SELECT count(*) FROM audit"), links + 2);
  const std::string log = logged();
  EXPECT_EQ(lines_of(log, "unaccounted"), 2) << log;
  EXPECT_EQ(lines_of(log, "accounted"), 1) << log;
  EXPECT_THAT(log,
              HasSubstr(R"("level":"error","event":"unaccounted","node":"node","messages":1)"));
}

TEST_F(WatchingTest, ALateAcknowledgementIsOneLineAndOneCountAStep) {
  deliver_and_expect(clock_.now() + std::chrono::minutes(10));
  clock_.advance(std::chrono::minutes(9));
  watching_->escalate();
  clock_.advance(std::chrono::minutes(1));
  watching_->escalate();
  watching_->escalate();
  EXPECT_THAT(
      metrics_.text({}),
      HasSubstr(R"(concord_acknowledgement_escalations_total{destination="spine",step="1"} 1)"));
  const std::string log = logged();
  EXPECT_EQ(lines_of(log, "acknowledgement overdue"), 1) << log;
  EXPECT_THAT(log, HasSubstr(R"("exchange_id":"exchange-a","item":"item-a","layer":"business")"));
}

TEST_F(WatchingTest, MoreOverdueThanOneLookTakesAreAllEscalated) {
  for (int i = 0; i < 230; ++i) {
    const std::string name = std::to_string(i);
    ASSERT_THAT(store_->commit(test::sample_exchange(name)), IsOk());
  }
  const auto items = store_->lease(test::sample_lease("spine", test::at(1), 300));
  ASSERT_EQ(items->size(), 230u);
  for (const store::Item& item : *items) {
    store::Settlement settlement =
        test::sample_settlement(item, store::ItemState::acked_transport, test::at(2));
    settlement.expect = store::Expectation{"business", test::at(3)};
    ASSERT_THAT(store_->settle(std::move(settlement)), IsOk());
  }
  clock_.advance(std::chrono::minutes(1));
  watching_->escalate();
  EXPECT_EQ(number("SELECT count(*) FROM ack_expect WHERE step = 1"), 230);
}

TEST_F(WatchingTest, ItsClocksRunByThemselvesAndLateOnesAreFoundAtTheStart) {
  deliver_and_expect(clock_.now());
  using namespace std::chrono_literals;
  make({20ms, 20ms});
  watching_->start();
  for (int i = 0; i < 500 && number("SELECT step FROM ack_expect") == 0; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(number("SELECT step FROM ack_expect"), 1);
  std::string page;
  for (int i = 0; i < 500; ++i) {
    page = metrics_.text({});
    if (page.find("timer=\"reconciliation\"") != std::string::npos) break;
    std::this_thread::sleep_for(10ms);
  }
  watching_->stop();
  EXPECT_THAT(page, HasSubstr(R"(concord_timer_lag_seconds{timer="acknowledgements"})"));
  EXPECT_THAT(page, HasSubstr(R"(concord_timer_lag_seconds{timer="reconciliation"})"));
}

}  // namespace
}  // namespace concord::app
