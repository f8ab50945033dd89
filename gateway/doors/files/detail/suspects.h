#pragma once
/// Which letters the process ended with, kept in a file beside them. One thread at a time.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "fhir/core/result.h"

namespace concord::doors::files::detail {

/// A letter that is being worked on counts as having ended the process until it is cleared, so what
/// is left in the file at a start did. The file is there only while there is something in it. It is
/// not synced: it has to outlive the process, not the machine.
class Suspects {
 public:
  explicit Suspects(std::filesystem::path file) : file_(std::move(file)) {}

  /// What an earlier life left. A file that cannot be read as ours counts as none.
  /// Errors: none but those of memory.
  Result<void> load();
  /// How often the process ended with a letter.
  std::int32_t ends(const std::string& key) const;
  /// From now on it is worked on. False when that could not be noted.
  bool mark(const std::string& key);
  /// It came to an end.
  void clear(const std::string& key);

 private:
  bool write() const;

  std::filesystem::path file_;
  std::map<std::string, std::int32_t> ends_;
};

}  // namespace concord::doors::files::detail
