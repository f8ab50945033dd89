#include "gateway/doors/files/detail/suspects.h"

#include <unistd.h>

#include <fstream>
#include <system_error>

namespace concord::doors::files::detail {

namespace {

/// Letters under suspicion at once: one is worked on at a time, so few ever are.
constexpr std::size_t kMost = 1000;

}  // namespace

Result<void> Suspects::load() {
  ends_.clear();
  std::ifstream in(file_);
  std::string key;
  std::int32_t count = 0;
  while (ends_.size() < kMost && in >> key >> count) {
    if (key.starts_with("file-") && key.size() == 69 && count > 0) ends_[key] = count;
  }
  return {};
}

std::int32_t Suspects::ends(const std::string& key) const {
  const auto at = ends_.find(key);
  return at == ends_.end() ? 0 : at->second;
}

bool Suspects::mark(const std::string& key) {
  if (ends_.size() >= kMost) ends_.clear();
  ++ends_[key];
  return write();
}

void Suspects::clear(const std::string& key) {
  if (ends_.erase(key) == 0) return;
  if (ends_.empty()) {
    ::unlink(file_.c_str());
  } else {
    static_cast<void>(write());
  }
}

/// Beside and renamed: an end of the process in between loses no count.
bool Suspects::write() const {
  const std::filesystem::path unfinished = file_.string() + ".tmp";
  {
    std::ofstream out(unfinished, std::ios::trunc);
    for (const auto& [key, count] : ends_) out << key << ' ' << count << '\n';
    if (!out.flush()) return false;
  }
  std::error_code failed;
  std::filesystem::rename(unfinished, file_, failed);
  return !failed;
}

}  // namespace concord::doors::files::detail
