#pragma once
/// Files tests read: golden folders of the repository, and the published corpora beside it.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace concord::test {

/// The whole file; fails the test (and gives "") when it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// The folder of a corpus ("eps"), from CONCORD_CORPORA or ../shared/corpora beside the checkout;
/// nothing, after one loud line, when it is absent.
std::optional<std::filesystem::path> corpus(const std::string& name);

/// The folders below `parent`, sorted: one golden case each.
std::vector<std::filesystem::path> case_folders(const std::filesystem::path& parent);

/// Compares with a golden file, or rewrites it when CONCORD_UPDATE_CASES=1.
void expect_golden(const std::filesystem::path& golden, const std::string& actual);

/// A folder of its own for one test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace concord::test
