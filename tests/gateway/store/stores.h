#pragma once
/// One suite for every kind of store: a test written with StoreTest and TEST_P runs on each.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "gateway/store/inspection.h"
#include "gateway/store/store.h"
#include "tests/gateway/samples.h"
#include "tests/support/result_matchers.h"

namespace concord::test {

/// Called with the name of each step of a changing call, before it is taken.
using StepHook = std::function<void(std::string_view)>;

/// A store of one kind in a place of its own, removed at the end.
class Stage {
 public:
  virtual ~Stage() = default;
  /// Opens the store, makes it the first time. At most one is open at a time.
  virtual Result<std::unique_ptr<store::Store>> open(const StepHook& on_step) = 0;
  /// Looks the store over, also while it is open.
  virtual Result<std::unique_ptr<store::Inspection>> inspect() = 0;
  /// Runs SQL behind the store's back.
  virtual void execute(const std::string& sql) = 0;
  /// The first column of the first row.
  virtual std::int64_t number(const std::string& sql) = 0;
};

struct StoreKind {
  std::string name;  ///< "Sqlite"
  /// Empty when this kind cannot run on this machine: its tests are skipped and say so.
  std::function<std::unique_ptr<Stage>(const Clock&)> make;
  std::string reason;  ///< why it cannot

  friend void PrintTo(const StoreKind& kind, std::ostream* out) { *out << kind.name; }
};

/// Every kind. To add one: its line in stores.cpp.
std::vector<StoreKind> store_kinds();

class StoreTest : public testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    if (!GetParam().make)
      GTEST_SKIP() << "NOT TESTED on " << GetParam().name << ": " << GetParam().reason;
    stage_ = GetParam().make(clock_.clock());
    ASSERT_NE(stage_, nullptr);
  }

  std::unique_ptr<store::Store> open() {
    auto opened = stage_->open({});
    EXPECT_THAT(opened, IsOk());
    return opened ? std::move(*opened) : nullptr;
  }
  void execute(const std::string& sql) { stage_->execute(sql); }
  std::int64_t number(const std::string& sql) { return stage_->number(sql); }

  /// Nothing half-written, nothing vanished, the chain whole.
  void expect_whole(store::Store& store) {
    const auto counts = store.counts();
    ASSERT_THAT(counts, IsOk());
    EXPECT_EQ(counts->difference(), 0);
    const auto verdict = store::verify_audit(store);
    ASSERT_THAT(verdict, IsOk());
    EXPECT_FALSE(verdict->broken.has_value()) << verdict->broken->text;
    EXPECT_EQ(number("SELECT count(*) FROM inbox WHERE NOT EXISTS "
                     "(SELECT 1 FROM idempotency WHERE exchange = inbox.seq) AND door <> 'notice'"),
              0);
    EXPECT_EQ(number("SELECT count(*) FROM inbox WHERE payload NOT IN (SELECT id FROM payload)"),
              0);
  }

  FakeClock clock_;
  std::unique_ptr<Stage> stage_;
};

inline std::string kind_name(const testing::TestParamInfo<StoreKind>& info) {
  return info.param.name;
}

}  // namespace concord::test

/// Runs the TEST_P of a suite on every kind of store.
#define CONCORD_ON_EVERY_STORE(suite)                                                    \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::ValuesIn(::concord::test::store_kinds()), \
                           ::concord::test::kind_name)
