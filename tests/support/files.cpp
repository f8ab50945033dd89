#include "tests/support/files.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/support/places.h"

namespace concord::test {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    ADD_FAILURE() << "cannot read " << path;
    return {};
  }
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

std::optional<fs::path> corpus(const std::string& name) {
  const char* given = std::getenv("CONCORD_CORPORA");
  const fs::path folder =
      (given != nullptr ? fs::path(given)
                        : fs::path(concord::test::source_dir()) / "../shared/corpora") /
      name;
  if (fs::is_directory(folder)) return folder;
  std::cerr << "\n*** CORPUS ABSENT: " << folder << " is not there; the cases of \"" << name
            << "\" were NOT run (set CONCORD_CORPORA) ***\n\n";
  return std::nullopt;
}

std::vector<fs::path> case_folders(const fs::path& parent) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(parent)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

void expect_golden(const fs::path& golden, const std::string& actual) {
  const char* update = std::getenv("CONCORD_UPDATE_CASES");
  if (update != nullptr && std::string_view(update) == "1") {
    std::ofstream(golden, std::ios::binary) << actual;
    return;
  }
  EXPECT_EQ(read_file(golden), actual) << golden;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "concord-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace concord::test
