// Every write to the message can be traced to a named rule and what it read.

#include <gmock/gmock.h>

#include <set>

#include "tests/mappers/eps/world.h"

namespace concord::eps::test {
namespace {

std::size_t values_in(const tree::Node& node) {
  std::size_t count = node.has_value() ? 1 : 0;
  for (const tree::Node& child : node.children()) count += values_in(child);
  return count;
}

TEST(EpsTrace, EveryWriteNamesMapGroupRuleAndPlace) {
  mapping::TraceRecorder trace;
  const auto encoded = translate(case_input("patient_info_list"), case_parameters(), &trace);
  ASSERT_THAT(encoded, IsOk());
  ASSERT_EQ(encoded->traced.size(), 1u);
  EXPECT_GT(trace.writes().size(), 300u);
  for (const mapping::TargetWrite& write : trace.writes()) {
    EXPECT_THAT(std::string(write.map), testing::StartsWith("https://concord.example/map/eps/"));
    EXPECT_FALSE(write.group.empty());
    EXPECT_FALSE(write.rule.empty());
    EXPECT_GT(write.at.line, 0u);
    EXPECT_NE(write.target, nullptr);
    // The compiler names nameless rules by their place ("rule-12"): ours all have a name.
    EXPECT_THAT(std::string(write.rule), testing::Not(testing::HasSubstr("rule-"))) << write.group;
  }
}

TEST(EpsTrace, NoRuleNameStandsTwiceInAGroupOnOneLevel) {
  mapping::TraceRecorder trace;
  ASSERT_THAT(translate(case_input("repeat_dispensing_six_issues"), case_parameters(), &trace),
              IsOk());
  std::map<std::string, std::set<std::string>> places;
  for (const mapping::TargetWrite& write : trace.writes()) {
    places[std::string(write.map) + "|" + std::string(write.group) + "|" + std::string(write.rule)]
        .insert(std::to_string(write.at.line) + ":" + std::to_string(write.at.column));
  }
  for (const auto& [rule, at] : places) EXPECT_EQ(at.size(), 1u) << rule;
}

TEST(EpsTrace, ATraceChangesNoByte) {
  const std::string input = case_input("controlled_drug");
  mapping::TraceRecorder trace;
  const auto with = translate(input, case_parameters(), &trace);
  const auto without = translate(input);
  ASSERT_THAT(with, IsOk());
  ASSERT_THAT(without, IsOk());
  EXPECT_EQ(with->bytes, without->bytes);
  EXPECT_TRUE(without->traced.empty());
}

TEST(EpsTrace, TheTraceAsTextTellsSourceAndRule) {
  mapping::TraceRecorder trace;
  const tree::Document bundle = typed(case_input("unsigned"));
  const auto encoded = World::get().mapper->encode(bundle, case_parameters(), &trace);
  ASSERT_THAT(encoded, IsOk());
  EXPECT_THAT(mapping::trace_text(trace),
              testing::ContainsRegex("recordTarget.Patient.id.extension +<- "
                                     "+Bundle.entry.2..resource.identifier.*patient.nhs-number"));
}

}  // namespace
}  // namespace concord::eps::test
