// Own cases, found by scanning cases/: input.json with the definitions beside it (base*.json,
// other*.json) gives expected.txt, which tells what is not as R4 has it.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/fhir/snapshot/snapshots.h"
#include "tests/support/files.h"
#include "tests/support/places.h"
#include "tests/support/result_matchers.h"

namespace concord::snapshot::test {

namespace {

std::string outcome_of(const std::filesystem::path& folder) {
  Overlay source;
  std::deque<tree::Document> loaded;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json" && entry.path().filename() != "input.json") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) source.add(loaded.emplace_back(resource(file)));
  const tree::Document input = resource(folder / "input.json");
  GenerateOptions options;
  options.sort_differential = folder.filename().string().starts_with("sort_");
  options.complete_slicing = folder.filename().string().starts_with("complete_");
  auto generated = generate_from(source, input, *engine().definitions, options);
  std::string text;
  if (!generated) {
    for (const Issue& issue : generated.error().issues) {
      text += "fails: " + issue.text + " (" + issue.expression + ") " + issue.detail_code + "\n";
    }
    return text;
  }
  for (const Issue& issue : generated->messages) {
    text += std::string(severity_name(issue.severity)) + ": " + issue.text + " (" +
            issue.expression + ")\n";
  }
  const auto all = told(generated->definition);
  text += std::to_string(all.size()) + " elements\n";
  for (const Told& element : all) {
    std::string lines;
    for (const auto& [field, value] : element.fields) {
      if (field == "path" || field == "base" || is_of_r4(all, element, field)) continue;
      lines += "  " + field + ": " + value + "\n";
    }
    if (!lines.empty()) text += element.id + "\n" + lines;
  }
  return text;
}

}  // namespace

TEST(SnapshotCases, EachGivesWhatItsFolderSays) {
  const auto folders =
      concord::test::case_folders(std::filesystem::path(concord::test::test_dir()) / "cases");
  EXPECT_GE(folders.size(), 8u);
  for (const auto& folder : folders) {
    SCOPED_TRACE(folder.filename().string());
    concord::test::expect_golden(folder / "expected.txt", outcome_of(folder));
  }
}

}  // namespace concord::snapshot::test
