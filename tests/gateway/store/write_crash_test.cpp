// The process dies at any step of Resources::write: the changes are whole or absent, with their
// index rows, notices and audit links, on every kind of store.
#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <sstream>
#include <thread>

#include "tests/gateway/store/child.h"
#include "tests/gateway/store/resource_samples.h"
#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using store::Change;
using store::ResourceChanges;
using store::ResourceWrite;
using End = store::ResourcesWritten::End;
using testing::IsEmpty;

/// One row of each kind of index, all told apart by `n`.
search::IndexValues index_rows(std::int64_t n) {
  search::IndexValues values;
  values.tokens = {{kTokenKey, n, 1}, {kTokenKey, n + 1'000'000, 2}};
  values.texts = {{12, "name " + std::to_string(n), "Name " + std::to_string(n)}};
  values.periods = {{13, n, n + 86'400'000}};
  values.numbers = {{14, static_cast<double>(n), static_cast<double>(n) + 0.5, 1, 2, 3, 4}};
  values.links = {{15, n, 8}};
  return values;
}

class WriteCrash : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (stage_) store_ = open();
  }

  /// Two resources of a round, before the write that is to die.
  void lay(const std::string& round, std::int64_t n) {
    ResourceChanges changes;
    for (const char* name : {"a", "b"}) {
      changes.writes.push_back(created("Patient", name + round, 1));
      changes.writes.back().index = index_rows(n + (name[0] == 'b' ? 1 : 0));
    }
    const auto written = store_->resources().write(changes);
    ASSERT_THAT(written, IsOk());
    ASSERT_EQ(written->end, End::done);
  }

  /// Changes a, deletes b, makes c, under a guard, with two notices and an audit link.
  static ResourceChanges change(const std::string& round, std::int64_t n) {
    ResourceChanges changes;
    changes.writes.push_back(changed("Patient", "a" + round, 1, Change::updated, 2));
    changes.writes.back().index = index_rows(n + 2);
    changes.writes.push_back(changed("Patient", "b" + round, 1, Change::deleted, 2));
    changes.writes.push_back(created("Observation", "c" + round, 2));
    changes.writes.back().index = index_rows(n + 3);
    changes.guards.push_back({"Observation", token(n + 3), {}});
    for (const char* name : {"x", "y"}) {
      store::NewExchange notice = sample_exchange(name + round, "Subscription/s");
      notice.door = "notice";
      notice.keys.clear();
      notice.task = {};
      notice.items[0].numbered = true;
      changes.notices.push_back(std::move(notice));
    }
    changes.audit.push_back(
        {audit::Event::resource_updated, at(2), "", "", "node", "", "round " + round});
    return changes;
  }

  bool has_link(const std::string& detail) {
    for (std::int64_t after = 0;;) {
      const auto links = store_->audit_links(after, 500);
      EXPECT_THAT(links, IsOk());
      if (!links || links->empty()) return false;
      for (const audit::Link& link : *links) {
        if (link.body.find("detail " + detail + "\n") != std::string::npos) return true;
      }
      after = links->back().sequence;
    }
  }

  void expect_index(const store::Inspection& inspection, const std::string& type,
                    const std::string& id, const search::IndexValues& values) {
    const auto row = store_->resources().read(type, id);
    ASSERT_THAT(row, IsOk());
    ASSERT_TRUE(row->has_value()) << id;
    const auto kept = inspection.index_of((*row)->row);
    ASSERT_THAT(kept, IsOk());
    EXPECT_EQ(store::in_order(*kept), store::in_order(values)) << id;
  }

  /// Everything of the round is there, or nothing is; which of the two.
  bool whole_or_absent(const std::string& round, std::int64_t n) {
    store::Resources& resources = store_->resources();
    const auto a = resources.read("Patient", "a" + round),
               b = resources.read("Patient", "b" + round),
               c = resources.read("Observation", "c" + round);
    EXPECT_TRUE(a && b && c && a->has_value() && b->has_value());
    const bool done = (*a)->version == 2;
    EXPECT_EQ((*b)->change == Change::deleted, done);
    EXPECT_EQ(c->has_value(), done);
    for (const char* name : {"x", "y"}) {
      EXPECT_EQ(store_->item("item-" + (name + round))->has_value(), done);
    }
    EXPECT_EQ(has_link("round " + round), done);
    const auto inspection = stage_->inspect();
    EXPECT_THAT(inspection, IsOk());
    if (!inspection) return done;
    store::Looked looked;
    EXPECT_THAT(*(*inspection)->faults(looked), IsEmpty());
    expect_index(**inspection, "Patient", "a" + round, index_rows(done ? n + 2 : n));
    expect_index(**inspection, "Patient", "b" + round,
                 done ? search::IndexValues{} : index_rows(n + 1));
    if (done) expect_index(**inspection, "Observation", "c" + round, index_rows(n + 3));
    // And the searches that go through those rows say the same.
    const auto found = [&](const char* type, std::int64_t code) {
      return resources.search(one_part(type, token(code)))->rows.size();
    };
    EXPECT_EQ(found("Patient", n), done ? 0u : 1u);
    EXPECT_EQ(found("Patient", n + 1), done ? 0u : 1u);
    EXPECT_EQ(found("Patient", n + 2), done ? 1u : 0u);
    EXPECT_EQ(found("Observation", n + 3), done ? 1u : 0u);
    if (done) {
      EXPECT_EQ((*resources.read_version("Patient", "a" + round, 1))->body,
                body_of("Patient", "a" + round, 1));
    }
    return done;
  }

  std::unique_ptr<store::Store> store_;
};

TEST_P(WriteCrash, AtAnyStepLeavesTheChangesWholeOrAbsent) {
  std::set<std::string> steps_seen;
  for (int fatal = 1; fatal < 80; ++fatal) {
    const std::string round = "-" + std::to_string(fatal);
    const std::int64_t n = fatal * 100;
    lay(round, n);
    store_.reset();
    const ChildEnd end = in_child([&](int pipe) {
      int steps = 0;
      bool armed = false;
      auto opened = stage_->open([&](std::string_view step) {
        if (!armed || ++steps != fatal) return;
        say(pipe, std::string(step) + "\n");
        die();
      });
      if (!opened) ::_exit(2);
      armed = true;
      const auto written = (*opened)->resources().write(change(round, n));
      armed = false;
      if (!written || written->end != End::done) ::_exit(4);
      say(pipe, "written\n");
    });
    ASSERT_TRUE(end.killed || end.status == 0) << "status " << end.status;
    store_ = open();
    ASSERT_NE(store_, nullptr);
    const bool done = whole_or_absent(round, n);
    EXPECT_EQ(done, end.said == "written\n" || end.said == "committed\n")
        << "at step " << fatal << ": " << end.said;
    expect_whole(*store_);
    if (HasFailure()) FAIL() << "at step " << fatal << ": " << end.said;
    if (!end.killed) {
      EXPECT_TRUE(steps_seen.contains("commit") || steps_seen.contains("COMMIT") ||
                  steps_seen.size() >= 3)
          << testing::PrintToString(steps_seen);
      return;
    }
    steps_seen.insert(end.said.substr(0, end.said.find('\n')));
  }
  FAIL() << "the write never ran through";
}

TEST_P(WriteCrash, WithManyWritersKeepsEachWholeOrAbsentAndLosesNoneThatWasAnswered) {
  constexpr int kThreads = 4, kEach = 6;
  for (int turn = 0; turn < 5; ++turn) {
    const auto round_of = [turn](int t, int i) {
      return "-m" + std::to_string(turn) + "-" + std::to_string(t) + "-" + std::to_string(i);
    };
    const auto number_of = [turn](int t, int i) {
      return std::int64_t{100'000} + turn * 10'000 + t * 1000 + i * 10;
    };
    for (int t = 0; t < kThreads; ++t) {
      for (int i = 0; i < kEach; ++i) lay(round_of(t, i), number_of(t, i));
    }
    store_.reset();
    const ChildEnd end = in_child([&](int pipe) {
      std::atomic<int> steps = 0;
      std::atomic<bool> armed = false;
      auto opened = stage_->open([&](std::string_view) {
        if (armed && ++steps == 9 + turn * 7) die();
      });
      if (!opened) ::_exit(2);
      armed = true;
      std::vector<std::thread> threads;
      for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
          for (int i = 0; i < kEach; ++i) {
            const auto written =
                (*opened)->resources().write(change(round_of(t, i), number_of(t, i)));
            if (!written || written->end != End::done) ::_exit(4);
            say(pipe, round_of(t, i) + "\n");
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
    });
    EXPECT_TRUE(end.killed) << "status " << end.status;
    store_ = open();
    ASSERT_NE(store_, nullptr);
    std::set<std::string> answered;
    std::istringstream lines(end.said);
    for (std::string line; std::getline(lines, line);) answered.insert(line);
    for (int t = 0; t < kThreads; ++t) {
      for (int i = 0; i < kEach; ++i) {
        const bool done = whole_or_absent(round_of(t, i), number_of(t, i));
        EXPECT_TRUE(done || !answered.contains(round_of(t, i))) << round_of(t, i) << " is lost";
      }
    }
    expect_whole(*store_);
    if (HasFailure()) FAIL() << "turn " << turn;
  }
}

// ---- what the inspection of those tests sees ----

class Inspected : public WriteCrash {};

TEST_P(Inspected, AStoreInUseIsSoundAndItsIndexIsReadWhole) {
  ASSERT_THAT(store_->commit(sample_exchange("e")), IsOk());
  lay("-i", 500);
  const auto inspection = stage_->inspect();
  ASSERT_THAT(inspection, IsOk());
  store::Looked looked;
  EXPECT_THAT(*(*inspection)->faults(looked), IsEmpty());
  EXPECT_EQ(looked.payloads, 2);
  EXPECT_EQ(looked.resources, 3);
  EXPECT_EQ(looked.versions, 0);
  EXPECT_EQ(looked.index_rows, 12);
  EXPECT_FALSE(*(*inspection)->in_quarantine());
  EXPECT_THAT((*inspection)->index_of(9999), FailsWith(ErrorCode::not_found));
  // It sees the moment it was opened in.
  ASSERT_THAT(store_->resources().write(change("-i", 500)), IsOk());
  expect_index(**inspection, "Patient", "a-i", index_rows(500));
  EXPECT_THAT(*(*inspection)->faults(looked), IsEmpty());
}

TEST_P(Inspected, WhatIsWrongIsNamedByTableAndNumber) {
  ASSERT_THAT(store_->commit(sample_exchange("e")), IsOk());
  lay("-i", 500);
  store_.reset();
  const std::int64_t payload = number("SELECT min(id) FROM payload");
  execute("UPDATE payload SET encoding = 0 WHERE id = " + std::to_string(payload));
  execute("DELETE FROM outbox");
  execute("UPDATE index_token SET place = place + 1000 WHERE code = 500");
  const auto inspection = stage_->inspect();
  ASSERT_THAT(inspection, IsOk());
  store::Looked looked;
  const auto faults = (*inspection)->faults(looked);
  ASSERT_THAT(faults, IsOk());
  EXPECT_THAT(*faults,
              testing::Contains("payload " + std::to_string(payload) + ": its bytes are damaged"));
  EXPECT_THAT(*faults, testing::Contains("1 accepted items that are not in the outbox"));
  EXPECT_THAT(*faults, testing::Contains(testing::StartsWith("1 token rows ")));
}

CONCORD_ON_EVERY_STORE(WriteCrash);
CONCORD_ON_EVERY_STORE(Inspected);

}  // namespace
}  // namespace concord::test
