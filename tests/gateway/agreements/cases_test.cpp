// Every case of every file in gateway/agreements/cases, against the starter agreements.

#include <yaml-cpp/yaml.h>

#include "tests/gateway/agreements/world.h"

namespace concord::agreements {
namespace {

std::string value_of(const Decision& decision, const std::string& key) {
  if (key == "agreement") return decision.agreement;
  if (key == "rule") return decision.rule;
  if (key == "outcome") return std::string(outcome_name(decision.outcome));
  if (key == "asked") return std::string(effect_name(decision.asked));
  if (key == "effect") return std::string(effect_name(decision.effect));
  if (key == "reason") return decision.reason;
  if (key == "owner") return decision.clock ? std::string(party_name(decision.clock->owner)) : "";
  if (key == "due_at") {
    return decision.clock && decision.clock->due_at ? format_instant(*decision.clock->due_at) : "";
  }
  ADD_FAILURE() << "a case expects the unknown key " << key;
  return {};
}

void expect_decision(const Decision& decision, const YAML::Node& expected) {
  for (const auto& entry : expected) {
    const std::string key = entry.first.Scalar();
    if (key == "items") {
      EXPECT_EQ(decision.items, entry.second.as<std::vector<std::string>>());
    } else {
      EXPECT_EQ(value_of(decision, key), entry.second.Scalar()) << key;
    }
  }
}

Facts facts_of(const YAML::Node& node) {
  Facts facts;
  for (const auto& entry : node) {
    EXPECT_THAT(facts.set(entry.first.Scalar(), entry.second.Scalar()), IsOk());
  }
  return facts;
}

std::string input_of(const YAML::Node& file, const YAML::Node& given) {
  std::string text = test::read_file(cases_folder() / file["input"].Scalar());
  for (const auto& change : given["replace"]) {
    text = replaced(std::move(text), change.first.Scalar(), change.second.Scalar());
  }
  for (const auto& change : given["replace_last"]) {
    const auto at = text.rfind(change.first.Scalar());
    EXPECT_NE(at, std::string::npos) << change.first.Scalar();
    if (at != std::string::npos) {
      text.replace(at, change.first.Scalar().size(), change.second.Scalar());
    }
  }
  return text;
}

void run_case(const YAML::Node& file, const YAML::Node& given, const AgreementSet& set) {
  const tree::Document bundle = world().bundle(input_of(file, given));
  const Facts facts = facts_of(given["facts"] ? given["facts"] : file["facts"]);
  const Instant now = utc((given["now"] ? given["now"] : file["now"]).Scalar());
  const Decisions decisions = decide(bundle, facts, set, now);

  std::vector<const Decision*> spoken;  // permits without a rule go unlisted
  for (const Decision& decision : decisions.all) {
    EXPECT_FALSE(decision.agreement.empty());
    EXPECT_GT(decision.version, 0u);
    EXPECT_FALSE(decision.rule.empty());
    EXPECT_FALSE(decision.explanation.empty());
    if (decision.outcome != Outcome::otherwise) spoken.push_back(&decision);
  }
  const YAML::Node expect = given["expect"];
  EXPECT_EQ(effect_name(decisions.outcome), expect["outcome"].Scalar());
  ASSERT_EQ(spoken.size(), expect["decisions"].size()) << to_json(decisions);
  for (std::size_t i = 0; i < spoken.size(); ++i) {
    expect_decision(*spoken[i], expect["decisions"][i]);
  }
  EXPECT_TRUE(decisions.goes_on()) << "a prescription was blocked";
  EXPECT_EQ(decide(bundle, facts, set, now), decisions) << "not the same twice";
}

TEST(StarterAgreements, Compile) {
  const auto set = world().compile(AgreementSet::starter());
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->agreements().size(), AgreementSet::starter().size());
  EXPECT_GE(set->agreements().size(), 4u);
}

TEST(StarterAgreements, MeetEveryCase) {
  const auto set = world().compile(AgreementSet::starter());
  ASSERT_THAT(set, IsOk());
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(cases_folder())) {
    if (entry.path().extension() != ".yaml") continue;
    const YAML::Node file = YAML::LoadFile(entry.path().string());
    for (const YAML::Node& given : file["cases"]) {
      SCOPED_TRACE(entry.path().filename().string() + ": " + given["name"].Scalar());
      run_case(file, given, *set);
      ++cases;
    }
  }
  EXPECT_GE(cases, 25u);
}

TEST(StarterAgreements, NeverStopAPublishedPrescription) {
  const auto corpus = test::corpus("eps");
  if (!corpus) return;
  const auto set = world().compile(AgreementSet::starter());
  ASSERT_THAT(set, IsOk());
  std::size_t seen = 0;
  for (const auto& folder : test::case_folders(*corpus / "convert/send")) {
    const auto bundle = world().bundle(test::read_file(folder / "request.json"));
    const Decisions decisions = decide(bundle, {}, *set, utc("2026-06-05T15:30:00Z"));
    EXPECT_TRUE(decisions.goes_on()) << folder;
    EXPECT_FALSE(decisions.orderer.empty()) << folder;
    EXPECT_EQ(decisions.performer.empty(),
              folder.filename() == "primary-acute-nonp-mp-author-gmc-rp-din-1")
        << folder;
    for (const Decision& decision : decisions.all) {
      EXPECT_THAT(decision.reason, testing::Not(testing::HasSubstr("could not be evaluated")))
          << folder << " " << decision.rule;
    }
    ++seen;
  }
  EXPECT_EQ(seen, 25u);
}

}  // namespace
}  // namespace concord::agreements
