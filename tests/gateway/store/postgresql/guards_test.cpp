// Conditional writes that share a transaction with others: a guard that does not hold, or cannot be
// looked at, is the matter of its own call only.
#include <atomic>
#include <latch>
#include <thread>

#include "tests/gateway/store/postgresql/between.h"
#include "tests/gateway/store/postgresql/fixture.h"

namespace concord::test {
namespace {

using End = store::ResourcesWritten::End;
using Answer = Result<store::ResourcesWritten>;
using std::chrono::milliseconds;

/// Stored only when a search for the value finds just these.
store::ResourceChanges guarded(store::ResourceChanges changes, std::int64_t value,
                               std::vector<std::string> ids = {}) {
  changes.guards.push_back(
      {"Patient", search::Condition{search::TokenIs{kKey, value, kSystem}}, std::move(ids)});
  return changes;
}

/// A guard whose search takes more than one way to the server: which of the two values is rarer?
store::ResourceChanges guarded_by_two(store::ResourceChanges changes) {
  changes.guards.push_back(
      {"Patient",
       search::Condition{search::All{{search::Condition{search::TokenIs{kKey, 5, kSystem}},
                                      search::Condition{search::TokenIs{kKey, 6, kSystem}}}}},
       {"there"}});
  return changes;
}

/// One writer, which is held at a commit while calls gather behind it.
class GuardsTogether : public PostgresqlStoreTest {
 protected:
  void SetUp() override {
    PostgresqlStoreTest::SetUp();
    if (cluster_ == nullptr) return;
    between_ = std::make_unique<Between>(cluster_->folder());
    auto with = options();
    with.connection = "host=" + between_->host() + " port=5432 user=concord" +
                      database_.substr(database_.rfind(' '));
    with.writers = 1;
    with.on_step = [this](std::string_view step) {
      if (step == "commit" && hold_.exchange(false)) {
        held_.count_down();
        opened_.wait();
      }
      if (step == "guards" && delay_.exchange(false)) {
        between_->delay_next_answer(milliseconds(1'200));  // longer than a guard may take
      }
    };
    with.on_group = [this](std::size_t calls, std::chrono::microseconds) {
      largest_group_ = std::max(largest_group_.load(), calls);
    };
    store_ = open(with);
    auto there = create_of("there", 5);
    there.writes[0].index.tokens.push_back({kKey, 6, kSystem});
    ASSERT_THAT(write(there), IsOk());
  }
  void TearDown() override { store_.reset(); }

  Answer write(const store::ResourceChanges& changes) { return store_->resources().write(changes); }

  /// Writes all of them in one group.
  std::vector<Answer> together(const std::vector<store::ResourceChanges>& all) {
    std::vector<Answer> answers(all.size(), store::ResourcesWritten{});
    hold_ = true;
    {
      std::jthread first([this] { EXPECT_THAT(write(create_of("first", 1)), IsOk()); });
      held_.wait();
      std::vector<std::jthread> others;
      for (std::size_t i = 0; i < all.size(); ++i) {
        others.emplace_back([&, i] { answers[i] = write(all[i]); });
      }
      std::this_thread::sleep_for(milliseconds(500));  // let them get into the queue
      opened_.count_down();
    }
    EXPECT_EQ(largest_group_, all.size());
    return answers;
  }
  std::string stored() { return execute("SELECT string_agg(id, ' ' ORDER BY id) FROM resource"); }

  std::latch held_{1};
  std::latch opened_{1};
  std::atomic<bool> hold_ = false;
  std::atomic<bool> delay_ = false;
  std::atomic<std::size_t> largest_group_ = 0;
  std::unique_ptr<Between> between_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(GuardsTogether, OneThatDoesNotHoldRefusesItsOwnCallOnly) {
  const auto answers = together({guarded(create_of("a", 11), 11), guarded(create_of("b", 5), 5),
                                 guarded(create_of("c", 13), 1, {"first"}), create_of("d", 14)});

  for (const Answer& answer : answers) ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answers[0]->end, End::done);
  EXPECT_EQ(answers[1]->end, End::guard_conflict);
  EXPECT_EQ(answers[2]->end, End::done);
  EXPECT_EQ(answers[3]->end, End::done);
  EXPECT_EQ(stored(), "a c d first there");
  expect_whole(*store_);
}

TEST_F(GuardsTogether, OneWhoseSearchTheServerEndsFailsItsOwnCallOnly) {
  // Nobody can search links for a while.
  std::jthread locking([this] {
    EXPECT_TRUE(cluster_->try_sql(database_,
                                  "BEGIN; LOCK TABLE concord.index_link IN ACCESS EXCLUSIVE MODE; "
                                  "SELECT pg_sleep(8); COMMIT"));
  });
  for (int i = 0; i < 400 && number("SELECT count(*) FROM pg_locks WHERE granted AND relation = "
                                    "'index_link'::regclass AND mode = 'AccessExclusiveLock'") == 0;
       ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  store::ResourceChanges costly = create_of("b", 12);
  costly.guards.push_back({"Patient", search::Condition{search::LinkIs{kKey, {1}, {}}}, {}});

  const auto answers = together({guarded(create_of("a", 11), 11), costly, create_of("c", 13)});

  ASSERT_THAT(answers[0], IsOk());
  EXPECT_EQ(answers[0]->end, End::done);
  EXPECT_THAT(answers[1], FailsWith(ErrorCode::too_costly));
  ASSERT_THAT(answers[2], IsOk());
  EXPECT_EQ(answers[2]->end, End::done);
  EXPECT_EQ(stored(), "a c first there");
  expect_whole(*store_);
}

TEST_F(GuardsTogether, OneWhoseAnswerComesLateIsLookedAtAgainAlone) {
  delay_ = true;

  const auto answers = together({guarded_by_two(create_of("a", 11)), create_of("b", 12)});

  EXPECT_TRUE(between_->delayed());
  for (const Answer& answer : answers) {
    ASSERT_THAT(answer, IsOk());
    EXPECT_EQ(answer->end, End::done);
  }
  EXPECT_EQ(stored(), "a b first there");
  expect_whole(*store_);
}

TEST_F(GuardsTogether, ALateAnswerToALoneOneIsNoRefusalAndTheCallMayComeAgain) {
  const auto changes = guarded_by_two(create_of("a", 11));
  delay_ = true;

  EXPECT_THAT(write(changes), FailsWith(ErrorCode::transient));

  EXPECT_TRUE(between_->delayed());
  EXPECT_EQ(stored(), "there");
  const Answer again = write(changes);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->end, End::done);
}

}  // namespace
}  // namespace concord::test
