// Our TestScripts and the published ones against the gateway as a program.

#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "conformance/runner/claims.h"
#include "conformance/runner/engine.h"
#include "conformance/runner/load.h"
#include "conformance/runner/reports/reports.h"
#include "conformance/runner/table.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/process.h"
#include "tests/support/result_matchers.h"

namespace concord::runner {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

Standard& r4() {
  static const std::unique_ptr<Standard> loaded = [] {
    auto made = Standard::load({}, system_clock());
    if (!made) std::abort();
    return *std::move(made);
  }();
  return *loaded;
}

/// The gateway on a free port with an empty store of that kind; base() is empty when it did not
/// start.
class Gateway {
 public:
  explicit Gateway(std::map<std::string, std::string> store)
      : process_(test::built_program("concord"),
                 {.arguments = {"serve"},
                  .environment = with_rest(std::move(store), folder_.path()),
                  .log = folder_.path() / "gateway.log"}) {
    const auto line = process_.wait_for_line("ready ", 60s);
    const std::string before = "http=127.0.0.1:";
    const auto at = line ? line->find(before) : std::string::npos;
    if (at == std::string::npos) {
      ADD_FAILURE() << process_.log();
      return;
    }
    base_ = "http://127.0.0.1:" +
            std::to_string(std::strtoul(line->c_str() + at + before.size(), nullptr, 10)) +
            "/FHIR/R4";
  }
  const std::string& base() const { return base_; }

 private:
  static std::map<std::string, std::string> with_rest(std::map<std::string, std::string> store,
                                                      const fs::path& folder) {
    store.insert({{"CONCORD_HTTP_PORT", "0"},
                  {"CONCORD_ADMIN_ENABLED", "false"},
                  {"CONCORD_STORE_PATH", (folder / "store.db").string()},
                  {"CONCORD_LOG_LEVEL", "warning"}});
    return store;
  }

  test::TemporaryFolder folder_;
  test::Process process_;
  std::string base_;
};

/// Both stores answer the same.
class TestScripts : public testing::TestWithParam<const char*> {
 protected:
  /// What tells the gateway its store; nothing where PostgreSQL is not installed.
  static std::optional<std::map<std::string, std::string>> store() {
    if (std::string_view(GetParam()) == "sqlite") return std::map<std::string, std::string>{};
    auto* const cluster = test::PostgresCluster::shared();
    if (cluster == nullptr) return std::nullopt;
    return std::map<std::string, std::string>{
        {"CONCORD_STORE_KIND", "postgresql"},
        {"CONCORD_STORE_CONNECTION", cluster->make_database()}};
  }
};
INSTANTIATE_TEST_SUITE_P(On, TestScripts, testing::Values("sqlite", "postgresql"),
                         [](const auto& kind) { return std::string(kind.param); });

std::vector<Script> scripts_in(const fs::path& folder) {
  const fs::path folders[] = {folder};
  const auto files = find_scripts(folders);
  EXPECT_THAT(files, IsOk());
  std::vector<Script> scripts;
  if (!files) return scripts;
  for (const fs::path& file : *files) {
    auto script = load_file(file, r4());
    EXPECT_THAT(script, IsOk()) << file;
    if (script) scripts.push_back(*std::move(script));
  }
  return scripts;
}

/// script/test → reason.
std::map<std::string, std::string> known_failures() {
  std::map<std::string, std::string> known;
  std::ifstream in(fs::path(concord::test::test_dir()) / "known_failures.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    const auto tab = line.find('\t');
    EXPECT_NE(tab, std::string::npos) << "a reason is missing: " << line;
    if (tab != std::string::npos) known[line.substr(0, tab)] = line.substr(tab + 1);
  }
  return known;
}

struct Ran {
  RunResult run;
  std::vector<Claim> claims;
};

Ran run_against(const Gateway& gateway, const std::vector<Script>& scripts) {
  Settings settings;
  settings.servers = {gateway.base()};
  Client client;
  Engine engine(r4(), settings, client.transport(), system_timing());
  Ran made{engine.run(scripts), {}};
  if (const auto* statement = engine.statement(1)) made.claims = check_claims(made.run, *statement);
  for (const ScriptResult& script : made.run.scripts) {
    std::printf("%s", console_text(script, false).c_str());
  }
  std::printf("%s", console_totals(made.run).c_str());
  return made;
}

void leave_reports(const RunResult& run, const std::string& name) {
  const char* const folder = std::getenv("CONCORD_CONFORMANCE_REPORTS");
  if (folder == nullptr) return;
  std::error_code failed;
  fs::create_directories(folder, failed);
  std::ofstream(fs::path(folder) / (name + ".html")) << html_page(run);
  if (const auto text = junit_xml(run)) {
    std::ofstream(fs::path(folder) / (name + ".xml")) << *text;
  }
  if (const auto text = json_record(run)) {
    std::ofstream(fs::path(folder) / (name + ".json")) << *text;
  }
}

/// Every test passes or is on the list, and what is on the list fails. Each TestReport is valid.
void expect_only_known_failures(const RunResult& run) {
  const auto known = known_failures();
  for (const ScriptResult& script : run.scripts) {
    for (const TestResult& test : script.tests) {
      const std::string name = full_name(script, test);
      const bool failed = test.outcome == Outcome::fail || test.outcome == Outcome::error ||
                          test.reason == "setup did not succeed";
      const auto listed = known.find(name);
      if (failed && listed == known.end()) ADD_FAILURE() << "failed: " << name;
      if (!failed && listed != known.end()) {
        ADD_FAILURE() << "passes now, take it off known_failures.txt: " << name;
      }
    }
    const auto report = test_report(run, script, r4());
    ASSERT_THAT(report, IsOk());
    const auto document = r4().read(*report, false);
    ASSERT_THAT(document, IsOk());
    EXPECT_THAT(r4().errors_of(*document, {}), testing::IsEmpty()) << script.name;
  }
}

TEST_P(TestScripts, OfOurOwnPassAndTheTableOfFeaturesSaysSo) {
  const auto kind = store();
  if (!kind) return;
  const Gateway gateway(*kind);
  ASSERT_FALSE(gateway.base().empty());
  const auto scripts = scripts_in(fs::path(concord::test::source_dir()) / "conformance/suites");
  ASSERT_GE(scripts.size(), 8u);
  const Ran ran = run_against(gateway, scripts);
  leave_reports(ran.run, std::string("suites-") + GetParam());
  expect_only_known_failures(ran.run);
  std::printf("%s", claims_text(ran.claims).c_str());
  for (const Claim& claim : ran.claims) {
    EXPECT_NE(standing_of(claim), Standing::unclaimed_works)
        << claim.type << " " << claim.interaction << " works and /metadata does not say so";
  }

  const auto rows = features();
  ASSERT_THAT(rows, IsOk());
  const fs::path readme = fs::path(concord::test::source_dir()) / "gateway/README.md";
  const std::string text = test::read_file(readme);
  const auto made = with_table(text, features_table(*rows, ran.run));
  ASSERT_THAT(made, IsOk());
  if (const char* update = std::getenv("CONCORD_UPDATE_FEATURES"); update != nullptr) {
    std::ofstream(readme) << *made;
  } else {
    EXPECT_EQ(text, *made) << "CONCORD_UPDATE_FEATURES=1 rewrites the table";
  }
}

TEST_P(TestScripts, ThatArePublishedPass) {
  const auto fhir = test::corpus("fhir");
  const auto kind = store();
  if (!fhir || !kind) return;
  const Gateway gateway(*kind);
  ASSERT_FALSE(gateway.base().empty());
  const auto scripts = scripts_in(*fhir / "testscripts/ignixa-lab");
  EXPECT_GE(scripts.size(), 31u);
  const Ran ran = run_against(gateway, scripts);
  leave_reports(ran.run, std::string("published-") + GetParam());
  expect_only_known_failures(ran.run);
}

}  // namespace
}  // namespace concord::runner
