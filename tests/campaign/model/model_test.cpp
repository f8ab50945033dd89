// Random histories on both stores are sound, and each planted defect is found.
#include "tests/campaign/model/model.h"

#include <gmock/gmock.h>

#include "tests/gateway/store/stores.h"

namespace concord::campaign {
namespace {

constexpr std::size_t kSteps = 160;

class Model : public test::StoreTest {
 protected:
  Verdict play_new(const std::vector<Step>& steps, Defect defect = Defect::none) {
    stage_ = GetParam().make(clock_.clock());
    return play(
        steps, [this] { return stage_->open({}); }, clock_, defect);
  }
};

std::string words(const Verdict& verdict) {
  std::string text;
  for (const Violation& one : verdict.violations) {
    text += std::string(rule_name(one.rule)) + ": " + one.text + "\n";
  }
  return text;
}

TEST_P(Model, RandomHistoriesAreSound) {
  const std::uint64_t seeds = GetParam().name == "Sqlite" ? 6 : 2;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto steps = random_steps(seed, kSteps);
    const Verdict verdict = play_new(steps);
    ASSERT_TRUE(verdict.clean()) << "seed " << seed << "\n" << words(verdict) << to_text(steps);
    EXPECT_GT(verdict.messages, 10u) << seed;
    EXPECT_GT(verdict.arrivals, 5u) << seed;
  }
}

TEST_P(Model, EveryPlantedDefectIsFound) {
  // Any of ten histories may find it; mostly the first does.
  const std::uint64_t seeds = 10;
  std::size_t found = 0;
  for (const Defect defect : kDefects) {
    bool caught = false;
    for (std::uint64_t seed = 1; seed <= seeds && !caught; ++seed) {
      const Verdict verdict = play_new(random_steps(seed, kSteps), defect);
      caught = !verdict.clean() && !verdict.of_rule.contains(Rule::incomplete);
      if (caught) {
        RecordProperty(std::string(defect_name(defect)),
                       std::string(rule_name(verdict.violations.front().rule)));
      }
    }
    EXPECT_TRUE(caught) << defect_name(defect) << " went unnoticed on " << GetParam().name;
    found += caught;
  }
  EXPECT_EQ(found, std::size(kDefects));
  EXPECT_GE(found, 12u);
}

CONCORD_ON_EVERY_STORE(Model);

class ModelShrinking : public Model {};

TEST_P(ModelShrinking, LeavesTheFewStepsADefectNeeds) {
  const auto fails = [this](const std::vector<Step>& steps) {
    return !play_new(steps, Defect::keys_not_unique).clean();
  };
  auto steps = random_steps(1, 60);
  ASSERT_TRUE(fails(steps));
  steps = shrink(std::move(steps), fails);
  EXPECT_TRUE(fails(steps)) << to_text(steps);
  EXPECT_LE(steps.size(), 3u) << to_text(steps);
}

INSTANTIATE_TEST_SUITE_P(OnSqlite, ModelShrinking, testing::Values(test::store_kinds().front()),
                         test::kind_name);

TEST(ModelSteps, AreTheSameForTheSameSeed) {
  EXPECT_EQ(to_text(random_steps(7, 50)), to_text(random_steps(7, 50)));
  EXPECT_NE(to_text(random_steps(7, 50)), to_text(random_steps(8, 50)));
}

}  // namespace
}  // namespace concord::campaign
