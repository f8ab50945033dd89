#include "tests/support/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "tests/support/places.h"

extern char** environ;

namespace concord::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry(*at);
    if (!added.contains(std::string(entry.substr(0, entry.find('='))))) all.emplace_back(entry);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

int status_of(int raw) { return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw); }

}  // namespace

Process::Process(const fs::path& program, Options options) : log_(std::move(options.log)) {
  std::error_code none;
  log_start_ = fs::exists(log_, none) ? fs::file_size(log_, none) : 0;
  std::vector<std::string> arguments{program.string()};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> environment = merged_environment(options.environment);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);
  const std::string input = options.input.string();
  const std::string output = options.output.string();
  const std::string log = log_.string();

  const pid_t parent = ::getpid();
  id_ = ::fork();
  if (id_ == 0) {  // only calls that are safe after fork
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
    const int in = ::open(input.c_str(), O_RDONLY);
    const int err = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int out =
        output.empty() ? err : ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in < 0 || err < 0 || out < 0) ::_exit(126);
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(err, 2);
    // A socket this program listens on shall not live on in that one.
    ::close_range(3, ~0U, 0);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  if (id_ < 0) ADD_FAILURE() << "cannot start " << program;
}

Process::Process(Process&& other) noexcept { *this = std::move(other); }

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    kill();
    id_ = std::exchange(other.id_, -1);
    ended_ = std::exchange(other.ended_, std::nullopt);
    log_ = std::move(other.log_);
    log_start_ = other.log_start_;
  }
  return *this;
}

Process::~Process() { kill(); }

bool Process::running() {
  if (id_ < 0 || ended_) return false;
  int raw = 0;
  if (::waitpid(id_, &raw, WNOHANG) == id_) ended_ = status_of(raw);
  return !ended_;
}

void Process::signal(int number) const {
  if (id_ > 0 && !ended_) ::kill(id_, number);
}

void Process::kill() {
  if (id_ < 0 || ended_) return;
  ::kill(id_, SIGKILL);
  int raw = 0;
  ::waitpid(id_, &raw, 0);
  ended_ = status_of(raw);
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (running()) {
    if (std::chrono::steady_clock::now() >= until) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return ended_;
}

std::string Process::log() const {
  std::ifstream in(log_, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(log_start_));
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

std::optional<std::string> Process::wait_for_line(std::string_view text,
                                                  std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (true) {
    const bool alive = running();
    std::istringstream written(log());
    for (std::string line; std::getline(written, line);) {
      if (!written.eof() && line.find(text) != std::string::npos) return line;
    }
    if (!alive || std::chrono::steady_clock::now() >= until) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::size_t Process::peak_memory_kib() const {
  std::ifstream in("/proc/" + std::to_string(id_) + "/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
  }
  return 0;
}

std::optional<int> run(const fs::path& program, Process::Options options,
                       std::chrono::milliseconds limit) {
  Process process(program, std::move(options));
  return process.wait(limit);
}

fs::path built_program(std::string_view name) {
  return fs::path(concord::test::binary_dir()) / "bin" / name;
}

}  // namespace concord::test
