#include "gateway/admission/machine.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

namespace concord::admission {

namespace {

/// v1 says "no limit" with a number near the end of its range.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;

std::optional<std::uint64_t> number_in(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string word;
  if (!(in >> word)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;  // "max"
  return value < kNoLimit ? std::optional(value) : std::nullopt;
}

/// The least of a file in a group's folder and in every folder above it.
void least(std::optional<std::uint64_t>& limit, const std::filesystem::path& top,
           const std::filesystem::path& group, const char* file) {
  for (std::filesystem::path at = group.relative_path();; at = at.parent_path()) {
    if (const auto found = number_in(top / at / file)) {
      limit = std::min(limit.value_or(*found), *found);
    }
    if (at.empty()) return;
  }
}

}  // namespace

std::optional<double> disk_free(const std::filesystem::path& on) {
  std::error_code failed;
  const std::filesystem::space_info space = std::filesystem::space(on, failed);
  if (failed || space.capacity == 0) return std::nullopt;
  return static_cast<double>(space.available) / static_cast<double>(space.capacity);
}

std::optional<std::uint64_t> memory_held() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(in >> size >> resident)) return std::nullopt;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> memory_limit(const std::filesystem::path& root) {
  std::optional<std::uint64_t> limit;
  std::ifstream groups(root / "proc/self/cgroup");
  const std::filesystem::path top = root / "sys/fs/cgroup";
  // "0::/path" is v2, "4:memory:/path" a controller of v1.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::filesystem::path group = line.substr(second + 1);
    if (controllers.empty()) {
      least(limit, top, group, "memory.max");
    } else if (controllers == "memory") {
      least(limit, top / "memory", group, "memory.limit_in_bytes");
    }
  }
  return limit;
}

}  // namespace concord::admission
