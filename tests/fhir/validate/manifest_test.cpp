// Every scored run of the public validator manifest (FHIR/fhir-test-cases:validator): does the
// verdict agree with the reference, does the number of errors. Runs known to differ stand in
// manifest_baseline.txt ("<run> verdict" or "<run> count"); a run that gets worse fails the test.
//
// CONCORD_MANIFEST_RUN=<part of a run's id> prints what is expected of such runs and what we say.
#include "tests/fhir/validate/manifest.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <set>
#include <sstream>

#include "tests/support/files.h"
#include "tests/support/places.h"

namespace concord::validate::test {

namespace {

struct Tally {
  std::size_t runs = 0, verdict = 0, count = 0;
};

std::ostream& operator<<(std::ostream& out, const Tally& tally) {
  const auto percent = [&](std::size_t good) {
    return std::to_string(tally.runs == 0 ? 0 : good * 1000 / tally.runs / 10) + "." +
           std::to_string(tally.runs == 0 ? 0 : good * 1000 / tally.runs % 10) + "%";
  };
  return out << "verdict " << tally.verdict << " of " << tally.runs << " ("
             << percent(tally.verdict) << "), count " << tally.count << " of " << tally.runs << " ("
             << percent(tally.count) << ")";
}

std::string plain(std::string id) {
  for (const std::string_view suffix : {"_one", "_other"}) {
    if (id.ends_with(suffix)) id.resize(id.size() - suffix.size());
  }
  return id;
}

bool is_error(const std::string& severity) { return severity == "error" || severity == "fatal"; }

void print(const ManifestRun& run, const Report& report) {
  std::cout << "== " << run.id << " (" << run.module << ", " << run.tier << ") " << run.file
            << '\n';
  for (const Expected& issue : run.issues) {
    std::cout << "  expected " << issue.severity << ' ' << issue.id << " @" << issue.expression
              << " :: " << issue.text.substr(0, 200) << '\n';
  }
  for (const Issue& issue : report.issues) {
    std::cout << "  actual   " << severity_name(issue.severity) << ' ' << issue.detail_code << " @"
              << issue.expression << " :: " << issue.text.substr(0, 200) << '\n';
  }
}

}  // namespace

TEST(Manifest, AgreesWithTheReferenceAsFarAsTheBaselineSays) {
  const auto fhir = concord::test::corpus("fhir");
  if (!fhir) GTEST_SKIP() << "no corpus";
  std::vector<ManifestRun> runs = read_manifest(*fhir / "validator");
  ASSERT_FALSE(runs.empty());
  const char* asked = std::getenv("CONCORD_MANIFEST_RUN");
  std::set<std::string> verdict_known, count_known;
  std::istringstream lines(concord::test::read_file(
      std::filesystem::path(concord::test::test_dir()) / "manifest_baseline.txt"));
  for (std::string id, kind; lines >> id >> kind;) {
    count_known.insert(id);
    if (kind == "verdict") verdict_known.insert(id);
  }
  Bench bench(*fhir / "validator" / "cases", *fhir / "packages");
  Tally all;
  std::map<std::string, Tally> by_tier, by_module;
  std::map<std::string, int> missing, extra;
  std::vector<std::string> worse, differing, better;
  for (const ManifestRun& run : runs) {
    if (asked != nullptr && run.id.find(asked) == std::string::npos) continue;
    const Report report = bench.run(run);
    const bool verdict = (run.errors > 0) == (report.errors > 0);
    const bool count = run.errors == report.errors;
    for (Tally* tally : {&all, &by_tier[run.tier], &by_module[run.module]}) {
      ++tally->runs;
      tally->verdict += verdict;
      tally->count += count;
    }
    if (asked != nullptr) print(run, report);
    if (!count) {
      differing.push_back(run.id + (verdict ? " count" : " verdict"));
      std::map<std::string, int> ids;
      for (const Expected& issue : run.issues) {
        if (is_error(issue.severity)) ++ids[plain(issue.id)];
      }
      for (const Issue& issue : report.issues) {
        if (issue.severity <= Severity::error) --ids[plain(issue.detail_code)];
      }
      for (const auto& [id, left] : ids) {
        if (left > 0) missing[id] += left;
        if (left < 0) extra[id] -= left;
      }
    }
    if ((!verdict && !verdict_known.contains(run.id)) ||
        (!count && !count_known.contains(run.id))) {
      worse.push_back(run.id + ": expected " + std::to_string(run.errors) + " errors, found " +
                      std::to_string(report.errors));
    }
    if (count && count_known.contains(run.id)) better.push_back(run.id);
  }
  std::cout << all << '\n';
  for (const auto& [tier, tally] : by_tier) std::cout << "  tier " << tier << ": " << tally << '\n';
  for (const auto& [name, tally] : by_module) {
    if (tally.count < tally.runs) std::cout << "  module " << name << ": " << tally << '\n';
  }
  for (const auto& [id, times] : missing) std::cout << "  missing " << times << " " << id << '\n';
  for (const auto& [id, times] : extra) std::cout << "  extra " << times << " " << id << '\n';
  for (const std::string& line : differing) std::cout << "  differs " << line << '\n';
  for (const std::string& id : better) std::cout << "  may leave the baseline: " << id << '\n';
  if (asked == nullptr) {
    EXPECT_THAT(worse, testing::IsEmpty());
  }
}

}  // namespace concord::validate::test
