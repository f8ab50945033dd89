/// concord-disk-faults: runs a program on a disk that fails as told, and cuts its power.

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/disk_faults/disk_faults.h"

namespace {

using namespace concord::disk_faults;

int usage() {
  std::fputs(
      "concord-disk-faults --root DIR [--rule RULE]… [--cut-after MS [--loss all|prefix|torn] "
      "[--seed N]] -- PROGRAM [ARGUMENTS]\n"
      "  --root DIR      files below it are meant\n"
      "  --rule RULE     words name=value: call=write|sync|truncate|rename|allocate|any,\n"
      "                  error=EIO|ENOSPC|EINTR or short=1 or delay_us=N, nth=N or permille=N and\n"
      "                  seed=N, file=END OF PATH\n"
      "  --cut-after MS  then the program is killed, and what it had not synced is gone\n"
      "Examples:\n"
      "  concord-disk-faults --root data --rule 'call=sync delay_us=5000' -- concord serve\n"
      "  concord-disk-faults --root data --rule 'call=write error=ENOSPC nth=40 file=-wal' -- …\n"
      "  concord-disk-faults --root data --cut-after 3000 --loss torn --seed 7 -- …\n"
      "Status: the program's; 0 after a cut; 2 wrong command line.\n",
      stderr);
  return 2;
}

int complain(const concord::Error& error) {
  std::fprintf(stderr, "concord-disk-faults: %s\n", to_string(error).c_str());
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  std::string root, loss = "all";
  std::vector<std::string> rules;
  long cut_after = -1;
  std::uint64_t seed = 1;
  int at = 1;
  for (; at < count && std::string_view(arguments[at]) != "--"; at += 2) {
    if (at + 1 >= count) return usage();
    const std::string_view name = arguments[at];
    const char* const value = arguments[at + 1];
    if (name == "--root") {
      root = value;
    } else if (name == "--rule") {
      rules.emplace_back(value);
    } else if (name == "--cut-after") {
      cut_after = std::strtol(value, nullptr, 10);
    } else if (name == "--loss") {
      loss = value;
    } else if (name == "--seed") {
      seed = std::strtoull(value, nullptr, 10);
    } else {
      return usage();
    }
  }
  const bool known_loss = loss == "all" || loss == "prefix" || loss == "torn";
  if (root.empty() || !known_loss || at + 1 >= count) return usage();
  const std::filesystem::path memory =
      std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  auto disk = Disk::open(memory / ("concord-disk-" + std::to_string(::getpid())), root);
  if (!disk) return complain(disk.error());
  for (const std::string& rule : rules) {
    if (const auto added = (*disk)->add(rule); !added) return complain(added.error());
  }
  if (cut_after >= 0) (*disk)->prepare_cut();

  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const auto& [name, value] : (*disk)->environment())
      ::setenv(name.c_str(), value.c_str(), 1);
    ::execvp(arguments[at + 1], arguments + at + 1);
    std::perror(arguments[at + 1]);
    ::_exit(127);
  }
  int status = 0;
  if (cut_after >= 0) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(cut_after);
    while (std::chrono::steady_clock::now() < until) {
      if (::waitpid(child, &status, WNOHANG) == child) {
        std::fputs("concord-disk-faults: the program ended before the cut\n", stderr);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    (*disk)->power_off();
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    const Loss kind = loss == "torn" ? Loss::torn : loss == "prefix" ? Loss::prefix : Loss::all;
    const auto cut = (*disk)->take_back(kind, seed);
    if (!cut) return complain(cut.error());
    std::fprintf(stderr, "power cut, seed %llu: %llu writes of %llu files taken back\n",
                 static_cast<unsigned long long>(seed),
                 static_cast<unsigned long long>(cut->writes),
                 static_cast<unsigned long long>(cut->files));
    return 0;
  }
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
