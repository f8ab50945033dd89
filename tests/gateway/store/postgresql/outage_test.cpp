// The server goes away, comes back, hangs or dies under a COMMIT: nothing accepted is lost, nobody
// waits long, and everything goes on by itself.
#include <signal.h>

#include <array>
#include <atomic>
#include <thread>

#include "gateway/store/postgresql/detail/transaction.h"
#include "tests/gateway/store/postgresql/fixture.h"

namespace concord::test {
namespace {

using Outage = PostgresqlStoreTest;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// Calls until it succeeds, at most 20 seconds.
template <typename Call>
bool soon(const Call& call) {
  const auto until = steady_clock::now() + seconds(20);
  while (steady_clock::now() < until) {
    if (call()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

TEST_F(Outage, AfterARestartOfTheServerTheNextCallsWork) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("before")), IsOk());
  ASSERT_THAT(store->exchange("exchange-before"), IsOk());

  cluster_->restart();

  EXPECT_THAT(store->commit(sample_exchange("after")), IsOk());
  EXPECT_THAT(store->exchange("exchange-before"), IsOk());
  EXPECT_THAT(store->lease(sample_lease("spine", at(1))), IsOk());
  expect_whole(*store);
}

TEST_F(Outage, WhileTheServerIsAwayCallsAreTransientWithinSeconds) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("before")), IsOk());
  cluster_->stop();

  const auto began = steady_clock::now();
  EXPECT_THAT(store->commit(sample_exchange("during")), FailsWith(ErrorCode::transient));
  EXPECT_THAT(store->exchange("exchange-before"), FailsWith(ErrorCode::transient));
  EXPECT_THAT(store->check(), FailsWith(ErrorCode::transient));
  EXPECT_LT(steady_clock::now() - began, seconds(3));

  cluster_->start();
  EXPECT_TRUE(soon([&] { return store->commit(sample_exchange("during")).has_value(); }));
  EXPECT_TRUE(soon([&] { return store->check().has_value(); }));
  expect_whole(*store);
}

TEST_F(Outage, AFrozenServerHoldsNobodyForever) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("before")), IsOk());
  ASSERT_THAT(store->exchange("exchange-before"), IsOk());
  cluster_->freeze(true);

  const auto began = steady_clock::now();
  std::jthread writing([&] {
    EXPECT_THAT(store->commit(sample_exchange("during")), FailsWith(ErrorCode::transient));
  });
  EXPECT_THAT(store->exchange("exchange-before"), FailsWith(ErrorCode::transient));
  writing.join();
  EXPECT_LT(steady_clock::now() - began, seconds(15));

  cluster_->freeze(false);
  EXPECT_TRUE(soon([&] { return store->exchange("exchange-before").has_value(); }));
  EXPECT_TRUE(soon([&] { return store->commit(sample_exchange("during")).has_value(); }));
  expect_whole(*store);
}

TEST_F(Outage, AnImmediateStopUnderLoadLosesNothingAccepted) {
  const auto store = open();
  std::atomic<bool> stop = false;
  std::array<std::vector<std::string>, 4> accepted;
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < accepted.size(); ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; !stop; ++i) {
          const std::string name = std::to_string(t) + "-" + std::to_string(i);
          // The same message again until it is accepted: its keys tell what is known.
          while (!stop) {
            if (const auto done = store->commit(sample_exchange(name, "spine", "s" + name))) {
              accepted[t].push_back(done->exchange);
              break;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
          }
        }
      });
    }
    for (int round = 0; round < 2; ++round) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      cluster_->restart(PostgresCluster::How::immediate);
    }
    std::this_thread::sleep_for(seconds(3));
    stop = true;
  }
  std::size_t count = 0;
  for (const auto& list : accepted) {
    for (const std::string& id : list) {
      const auto found = store->exchange(id);
      ASSERT_THAT(found, IsOk());
      EXPECT_TRUE(found->has_value()) << id << " was accepted and is lost";
      ++count;
    }
  }
  EXPECT_GT(count, 20u);
  expect_whole(*store);
}

TEST_F(Outage, ANumberOfATransactionIsBelievedInTheLifeOfTheServerItIsOfAndNoLonger) {
  using store::postgresql::Connection;
  using store::postgresql::Fate;
  open().reset();
  Connection::Settings settings;
  settings.connection = database_;
  settings.schema = "concord";
  settings.statement_timeout = seconds(3);
  settings.lock_timeout = seconds(3);
  settings.writes = true;
  const auto fate_after = [&](const auto& crash) {
    EXPECT_TRUE(cluster_->wait_until_ready(seconds(30))) << "it recovers from the crash before";
    const auto db = Connection::open(settings);
    EXPECT_THAT(db, IsOk());
    if (!db) return Fate::undone;
    const auto id = (*db)->query(
        "INSERT INTO tally_change VALUES ('', -1, 0) RETURNING pg_current_xact_id()::text::bigint");
    const auto process = (*db)->query("SELECT pg_backend_pid()::bigint");
    EXPECT_THAT(id, IsOk());
    EXPECT_THAT(process, IsOk());
    if (!id || !process) return Fate::undone;
    crash(static_cast<pid_t>(process->integer(0, 0)));
    return fate_of(id->integer(0, 0), (*db)->server_life(), settings, seconds(5));
  };
  // What is lost in a crash takes its number along: the next transaction gets it.
  EXPECT_EQ(fate_after([](pid_t) {}), Fate::committed);
  EXPECT_EQ(fate_after([](pid_t process) { ::kill(process, SIGKILL); }), Fate::unknown)
      << "a crash that the postmaster survives";
  EXPECT_EQ(fate_after([&](pid_t) { cluster_->restart(PostgresCluster::How::immediate); }),
            Fate::unknown);
  EXPECT_EQ(fate_after([](pid_t) {}), Fate::committed);
}

/// Kills the server's end of every connection of the store at its `nth` step of a name.
class Killed : public Outage {
 protected:
  store::postgresql::Options killing(const std::string& step) {
    store::postgresql::Options with = options();
    with.on_step = [this, step](std::string_view now) {
      if (now == step && armed_.exchange(false)) {
        cluster_->sql(database_,
                      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                      "WHERE application_name = 'concord' AND pid <> pg_backend_pid()");
      }
    };
    return with;
  }
  std::atomic<bool> armed_ = false;
};

TEST_F(Killed, BeforeTheCommitTheCallIsDoneAgainByItself) {
  for (const std::string step : {"lookup", "commit"}) {
    const auto store = open(killing(step));
    armed_ = true;
    const auto committed = store->commit(sample_exchange(step, "spine", "s"));
    EXPECT_FALSE(armed_) << step;
    ASSERT_THAT(committed, IsOk()) << step;
    EXPECT_FALSE(committed->replayed) << step;
    expect_whole(*store);
  }
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 2);
}

TEST_F(Killed, ASettlementIsRecordedOnce) {
  const auto store = open(killing("commit"));
  ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
  auto items = store->lease(sample_lease("spine", at(1)));
  ASSERT_THAT(items, IsOk());
  ASSERT_EQ(items->size(), 1u);
  armed_ = true;
  EXPECT_THAT(
      store->settle(sample_settlement((*items)[0], store::ItemState::acked_business, at(2))),
      IsOk());
  EXPECT_FALSE(armed_);
  EXPECT_EQ(number("SELECT count(*) FROM attempt"), 1);
  expect_whole(*store);
}

TEST_F(Outage, ACommitWhoseAnswerIsLostIsAnsweredFromWhatIsFound) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("warm")), IsOk());
  // A deferred trigger runs inside COMMIT: there the server is made to end the connection, once
  // before the commit counts.
  execute(

      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF nextval('concord.deaths') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END "
      "IF; "
      "RETURN NULL; END $$; "
      "CREATE SEQUENCE deaths; "
      "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON inbox DEFERRABLE INITIALLY DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION die()");

  const auto committed = store->commit(sample_exchange("a"));

  ASSERT_THAT(committed, IsOk());
  EXPECT_FALSE(committed->replayed);
  EXPECT_GE(number("SELECT last_value FROM deaths"), 2) << "the first COMMIT was not broken";
  EXPECT_EQ(number("SELECT count(*) FROM inbox WHERE id = 'exchange-a'"), 1);
  expect_whole(*store);
}

TEST_F(Outage, AStatementThatTakesTooLongIsTransient) {
  auto with = options();
  with.statement_timeout = std::chrono::milliseconds(300);
  const auto store = open(with);
  execute(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF NEW.id = 'exchange-slow' THEN PERFORM pg_sleep(2); END IF; RETURN NEW; END $$; "
      "CREATE TRIGGER slow BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION slow()");

  EXPECT_THAT(store->commit(sample_exchange("slow")), FailsWith(ErrorCode::transient));
  EXPECT_THAT(store->commit(sample_exchange("quick")), IsOk());
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 1);
  expect_whole(*store);
}

}  // namespace
}  // namespace concord::test
