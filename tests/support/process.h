#pragma once
/// Programs under test: started, watched, killed, and never left behind.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace concord::test {

/// One running program. Killed (SIGKILL) and reaped when the object goes; also when this process
/// dies. Not thread-safe.
class Process {
 public:
  struct Options {
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment = {};  ///< added to this process's own
    std::filesystem::path log;  ///< standard output and error are appended here
    std::filesystem::path input = "/dev/null";
    std::filesystem::path output = {};  ///< standard output alone; empty: to `log` as well
  };

  Process() = default;
  /// Starts; fails the test when the program cannot be started.
  Process(const std::filesystem::path& program, Options options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  /// The first line of the log, written since this start, that holds `text`; nothing when the
  /// program ends or time runs out before.
  std::optional<std::string> wait_for_line(std::string_view text, std::chrono::milliseconds limit);

  /// Whether it still runs.
  bool running();
  void signal(int number) const;
  /// SIGKILL, and waits until it is gone.
  void kill();
  /// Waits for its end: the exit status, 128 + n for signal n; nothing when time runs out.
  std::optional<int> wait(std::chrono::milliseconds limit);

  /// Most resident memory so far, KiB (VmHWM); 0 when it has ended.
  std::size_t peak_memory_kib() const;
  /// What it wrote since this start.
  std::string log() const;
  pid_t id() const { return id_; }

 private:
  pid_t id_ = -1;
  std::optional<int> ended_;
  std::filesystem::path log_;
  std::uintmax_t log_start_ = 0;
};

/// Runs a program to its end; the exit status, or nothing when it had to be killed after `limit`.
std::optional<int> run(const std::filesystem::path& program, Process::Options options,
                       std::chrono::milliseconds limit);

/// bin/<name> of this build.
std::filesystem::path built_program(std::string_view name);

}  // namespace concord::test
