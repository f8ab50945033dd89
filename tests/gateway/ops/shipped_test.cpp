// The alert rules, the dashboard and the operator's page are about metrics this program has.
#include <gmock/gmock.h>
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "fhir/json/reader.h"
#include "gateway/ops/metrics.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/process.h"

namespace concord::ops {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::filesystem::path kDocker = std::filesystem::path(concord::test::source_dir()) / "docker";

/// A page with every family on it.
std::string whole_page() {
  static const std::string kPage = [] {
    Metrics metrics;
    const std::chrono::microseconds took(1000);
    metrics.request("GET", "/metrics", 200, took);
    metrics.accepted(took);
    metrics.hop("decode", took, "malformed");
    metrics.commit_group(3, took);
    metrics.delivery("spine", "delivered", took);
    metrics.escalation("spine", 1);
    metrics.door("in", "accepted");
    metrics.reconciliation("balanced", 0);
    metrics.timer("reconciliation", std::chrono::milliseconds(1));
    MetricsSnapshot now;
    now.version = "1";
    now.wal_bytes = 1;
    DestinationSnapshot& spine = now.destinations.emplace_back();
    spine.name = "spine";
    spine.in_flight = 1;
    spine.hung = 0;
    spine.leased = 1;
    spine.paused = false;
    now.doors.push_back({"in", 1, 2, true});
    now.admissions.push_back({"read", "accepted", "", 1});
    now.pressures.push_back({"disk", 0.5});
    now.process = process_figures();
    return metrics.text(now);
  }();
  return kPage;
}

/// Names of the page's samples, and the labels each has.
std::map<std::string, std::set<std::string>> samples() {
  std::map<std::string, std::set<std::string>> all;
  std::istringstream lines(whole_page());
  const RE2 sample("^([a-z_]+)(?:\\{(.*)\\})? ");
  const RE2 label("([a-z]+)=\"[^\"]*\"");
  for (std::string line; std::getline(lines, line);) {
    std::string name, labels;
    if (line.starts_with('#') || !RE2::PartialMatch(line, sample, &name, &labels)) continue;
    std::set<std::string>& known = all[name];
    re2::StringPiece rest(labels);
    for (std::string one; RE2::FindAndConsume(&rest, label, &one);) known.insert(one);
  }
  return all;
}

/// Metrics an expression names that the page does not have, and labels it asks for that they do not
/// have.
std::vector<std::string> unknown_in(const std::string& expression) {
  static const auto kKnown = samples();
  static const RE2 kName("\\b((?:concord|process)_[a-z_]+)(?:\\{([^}]*)\\})?");
  static const RE2 kLabel("([a-z]+)\\s*(?:=|!)");
  static const std::set<std::string> kOfTheScrape{"job", "instance"};
  std::vector<std::string> unknown;
  re2::StringPiece rest(expression);
  for (std::string name, labels; RE2::FindAndConsume(&rest, kName, &name, &labels);) {
    const auto at = kKnown.find(name);
    if (at == kKnown.end()) {
      unknown.push_back(name);
      continue;
    }
    re2::StringPiece more(labels);
    for (std::string label; RE2::FindAndConsume(&more, kLabel, &label);) {
      if (!at->second.contains(label) && !kOfTheScrape.contains(label)) {
        unknown.push_back(name + "{" + label + "}");
      }
    }
  }
  return unknown;
}

std::vector<YAML::Node> rules() {
  std::vector<YAML::Node> all;
  const YAML::Node file =
      YAML::Load(test::read_file(kDocker / "prometheus" / "concord-alerts.yaml"));
  for (const YAML::Node& group : file["groups"]) {
    for (const YAML::Node& rule : group["rules"]) all.push_back(rule);
  }
  return all;
}

/// Values of members of this name anywhere below.
void collect(const tree::Document& document, const tree::Node& node, std::string_view name,
             std::vector<std::string>& values) {
  for (const tree::Node& child : node.children()) {
    if (document.name(child) == name) values.emplace_back(child.text());
    collect(document, child, name, values);
  }
}

TEST(Alerts, NameMetricsAndLabelsTheProgramHas) {
  ASSERT_GT(rules().size(), 15u);
  for (const YAML::Node& rule : rules()) {
    EXPECT_THAT(unknown_in(rule["expr"].as<std::string>()), IsEmpty())
        << rule["alert"].as<std::string>();
  }
}

TEST(Alerts, EachHasASeverityASentenceAndItsPartOfTheOperatorsPage) {
  const std::string page = test::read_file(kDocker / "README.md");
  std::set<std::string> names;
  for (const YAML::Node& rule : rules()) {
    const auto name = rule["alert"].as<std::string>();
    EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
    const auto severity = rule["labels"]["severity"].as<std::string>();
    EXPECT_TRUE(severity == "page" || severity == "ticket") << name;
    EXPECT_FALSE(rule["annotations"]["summary"].as<std::string>().empty()) << name;
    const auto runbook = rule["annotations"]["runbook"].as<std::string>();
    const std::string anchor = runbook.substr(runbook.find('#') + 1);
    std::string lower;
    std::istringstream lines(page);
    bool found = false;
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("### ")) continue;
      lower.clear();
      for (const char c : line.substr(4)) lower += static_cast<char>(std::tolower(c));
      found = found || lower == anchor;
    }
    EXPECT_TRUE(found) << runbook << " is not in docker/README.md";
  }
}

TEST(Alerts, AreValidForPromtoolWhereItIsInstalled) {
  const std::filesystem::path promtool = "/usr/bin/promtool";
  if (!std::filesystem::exists(promtool)) {
    GTEST_SKIP() << "the Debian package prometheus is not installed";
  }
  const test::TemporaryFolder folder;
  const auto status = test::run(
      promtool,
      {.arguments = {"check", "rules", (kDocker / "prometheus" / "concord-alerts.yaml").string()},
       .log = folder.path() / "log"},
      std::chrono::seconds(60));
  EXPECT_EQ(status, 0) << test::read_file(folder.path() / "log");
}

TEST(Dashboard, NamesMetricsAndLabelsTheProgramHas) {
  const tree::Symbols symbols;
  const auto file =
      json::read_plain(test::read_file(kDocker / "grafana" / "concord-dashboard.json"), symbols);
  ASSERT_TRUE(file.has_value());
  std::vector<std::string> expressions;
  collect(*file, file->root(), "expr", expressions);
  EXPECT_GT(expressions.size(), 40u);
  for (const std::string& expression : expressions) {
    EXPECT_THAT(unknown_in(expression), IsEmpty()) << expression;
  }
}

TEST(Dashboard, ShowsEveryFamilyOfThePage) {
  const std::string dashboard = test::read_file(kDocker / "grafana" / "concord-dashboard.json");
  for (const auto& [name, labels] : samples()) {
    if (name.ends_with("_bucket") || name.ends_with("_sum") || name.ends_with("_count")) continue;
    if (name == "concord_store_up" || name.starts_with("process_max") ||
        name.starts_with("process_start")) {
      continue;  // alerts look at these
    }
    EXPECT_NE(dashboard.find(name), std::string::npos) << name;
  }
}

TEST(OperatorsPage, NamesMetricsTheProgramHas) {
  for (const auto& page :
       {kDocker / "README.md",
        std::filesystem::path(concord::test::source_dir()) / "gateway/ops/README.md",
        std::filesystem::path(concord::test::source_dir()) / "gateway/app/README.md"}) {
    std::set<std::string> unknown;
    const std::string text = test::read_file(page);
    re2::StringPiece rest(text);
    const RE2 name("`((?:concord|process)_[a-z_]+)");
    const auto known = samples();
    for (std::string one; RE2::FindAndConsume(&rest, name, &one);) {
      if (!known.contains(one) && !known.contains(one + "_count")) unknown.insert(one);
    }
    EXPECT_THAT(unknown, IsEmpty()) << page;
  }
}

}  // namespace
}  // namespace concord::ops
