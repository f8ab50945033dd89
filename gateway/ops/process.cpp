#include "gateway/ops/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace concord::ops {
namespace {

/// Seconds since 1970 at which the machine came up.
double boot_time() {
  std::ifstream in("/proc/stat");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

/// Fields of /proc/self/stat behind the name of the program, which may hold blanks.
/// Source: proc(5).
void read_stat(ProcessFigures& figures) {
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields(line.substr(name_end + 1));
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  std::string field;
  for (int number = 3; fields >> field && number <= 24; ++number) {
    if (number < 14) continue;
    const double value = std::strtod(field.c_str(), nullptr);
    if (number == 14 || number == 15) figures.cpu_seconds += value / ticks;
    if (number == 20) figures.threads = static_cast<std::int64_t>(value);
    if (number == 22) figures.started_at = value / ticks;
    if (number == 24) figures.resident_bytes = static_cast<std::int64_t>(value * page);
  }
}

}  // namespace

ProcessFigures process_figures() {
  static const double kBoot = boot_time();
  ProcessFigures figures;
  read_stat(figures);
  figures.started_at += kBoot;
  std::error_code failed;
  for (std::filesystem::directory_iterator at("/proc/self/fd", failed), end; !failed && at != end;
       at.increment(failed)) {
    ++figures.open_files;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    figures.max_files = static_cast<std::int64_t>(limit.rlim_cur);
  }
  return figures;
}

}  // namespace concord::ops
