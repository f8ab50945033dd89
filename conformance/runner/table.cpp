#include "conformance/runner/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "fhir/core/resource.h"

namespace concord::runner {

std::span<const concord::Resource> resources();  // generated: the files carried in the binary

namespace {

constexpr std::string_view kBegin = "<!-- features: begin -->";
constexpr std::string_view kEnd = "<!-- features: end -->";
constexpr std::size_t kColumns = 6;

std::vector<std::string> split(std::string_view text, std::string_view at) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + at.size());
  }
}

bool is_evidence(const std::string& wanted, const std::string& name) {
  if (wanted.ends_with("/*")) return name.starts_with(wanted.substr(0, wanted.size() - 1));
  // A test that runs for several values counts with each.
  return name == wanted || name.starts_with(wanted + " [");
}

std::string our_column(const Feature& feature, const RunResult& run) {
  std::size_t passed = 0, all = 0;
  for (const ScriptResult& script : run.scripts) {
    for (const TestResult& test : script.tests) {
      const std::string name = full_name(script, test);
      const bool ours =
          std::any_of(feature.evidence.begin(), feature.evidence.end(),
                      [&](const std::string& wanted) { return is_evidence(wanted, name); });
      if (!ours) continue;
      ++all;
      passed += test.outcome == Outcome::pass || test.outcome == Outcome::warning;
    }
  }
  if (all == 0) return feature.evidence.empty() ? "no" : "not tested";
  if (passed == all) return fmt::format("✓ {}/{}", passed, all);
  return passed == 0 ? "no" : fmt::format("{}/{}", passed, all);
}

}  // namespace

Result<std::vector<Feature>> read_features(std::string_view tsv) {
  std::vector<Feature> all;
  std::uint32_t number = 0;
  for (const std::string& line : split(tsv, "\n")) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const auto columns = split(line, "\t");
    if (columns.size() != kColumns) {
      return make_error(ErrorCode::invalid, fmt::format("a row needs {} columns", kColumns), {},
                        {number, 1});
    }
    Feature feature{columns[0], columns[1], columns[2], columns[3], columns[4], {}};
    for (std::string& test : split(columns[5], "; ")) {
      if (!test.empty()) feature.evidence.push_back(std::move(test));
    }
    all.push_back(std::move(feature));
  }
  return all;
}

Result<std::vector<Feature>> features() {
  for (const Resource& resource : resources()) {
    if (resource.name == "features.tsv") return read_features(resource.bytes);
  }
  return make_error(ErrorCode::not_found, "features.tsv is not in this program");
}

std::string features_table(const std::vector<Feature>& features, const RunResult& run) {
  std::string text =
      "| feature | Concord, tests passed | HAPI JPA | Blaze | Microsoft | Medplum |\n"
      "|---|---|---|---|---|---|\n";
  for (const Feature& feature : features) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", feature.name, our_column(feature, run),
                        feature.hapi, feature.blaze, feature.microsoft, feature.medplum);
  }
  return text;
}

Result<std::string> with_table(std::string_view text, const std::string& table) {
  const auto begin = text.find(kBegin);
  const auto end = text.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return make_error(ErrorCode::not_found,
                      fmt::format("the lines {} and {} are not there", kBegin, kEnd));
  }
  std::string made(text.substr(0, begin + kBegin.size()));
  made += "\n" + table;
  made += text.substr(end);
  return made;
}

}  // namespace concord::runner
