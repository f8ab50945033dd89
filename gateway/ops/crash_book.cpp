#include "gateway/ops/crash_book.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <new>
#include <string>
#include <utility>

namespace concord::ops {
namespace {

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
/// Crashes a file may tell of; past them it is not read.
constexpr std::size_t kMost = 10'000;
constexpr std::size_t kDigest = sizeof(Sha256);
/// Enough for the handler and for what the processor saves before it.
constexpr std::size_t kStack = 32 << 10;

// What the handler needs. It may interrupt anything, so it reads these and calls write(), no more.
std::atomic<int> book = -1;
std::array<struct sigaction, kSignals.size()> before{};
thread_local const Sha256* volatile working_on = nullptr;

/// A stack for signals of this thread: its own may be what is used up.
class SignalStack {
 public:
  SignalStack() {
    stack_t now{};
    if (::sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) return;
    bytes_.reset(new (std::nothrow) char[kStack]);
    if (bytes_ == nullptr) return;
    stack_t ours{};
    ours.ss_sp = bytes_.get();
    ours.ss_size = kStack;
    if (::sigaltstack(&ours, nullptr) != 0) bytes_.reset();
  }
  ~SignalStack() {
    if (bytes_ == nullptr) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  std::unique_ptr<char[]> bytes_;
};

/// Whether the process did it to itself: not one that was sent from elsewhere.
bool is_own(const siginfo_t& about) {
  return about.si_code > 0 || (about.si_code == SI_TKILL && about.si_pid == ::getpid());
}

extern "C" void note_crash(int signal, siginfo_t* about, void*) {
  const int saved = errno;
  const Sha256* const digest = working_on;
  const int file = book.load(std::memory_order_acquire);
  if (digest != nullptr && file >= 0 && is_own(*about)) {
    // In one call, at the end of the file: several threads may crash at once.
    [[maybe_unused]] const ssize_t written = ::write(file, digest->data(), kDigest);
  }
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    if (kSignals[i] == signal) ::sigaction(signal, &before[i], nullptr);
  }
  // A fault comes again when this returns; what was sent does not.
  if (about->si_code <= 0) ::raise(signal);
  errno = saved;
}

// Books share the handlers.
std::mutex watching;
int watchers = 0;

void watch_signals() {
  const std::scoped_lock guard(watching);
  if (watchers++ != 0) return;
  struct sigaction ours {};
  ours.sa_sigaction = note_crash;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &ours, &before[i]);
}

void leave_signals() {
  const std::scoped_lock guard(watching);
  if (--watchers != 0) return;
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before[i], nullptr);
}

std::string bytes_of(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// The crashes of `program`; of another program, none.
std::map<Sha256, std::int32_t> counts_in(const std::filesystem::path& file, const Sha256& program) {
  std::map<Sha256, std::int32_t> counts;
  std::ifstream in(file, std::ios::binary);
  Sha256 digest{};
  const auto next = [&] {
    in.read(reinterpret_cast<char*>(digest.data()), static_cast<std::streamsize>(kDigest));
    return in.gcount() == static_cast<std::streamsize>(kDigest);
  };
  if (!next() || digest != program) return counts;
  for (std::size_t read = 0; read < kMost && next(); ++read) ++counts[digest];
  return counts;
}

}  // namespace

CrashBook::CrashBook(std::filesystem::path file, const Sha256& program, Descriptor out)
    : file_(std::move(file)), program_(program), out_(std::move(out)) {}

Result<std::unique_ptr<CrashBook>> CrashBook::open(std::filesystem::path file,
                                                   std::string_view program) {
  const Sha256 who = sha256(program);
  auto counts = counts_in(file, who);
  Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!out.is_open()) {
    return make_error(ErrorCode::invalid, "the file of crashes cannot be opened: " + file.string());
  }
  std::unique_ptr<CrashBook> opened(new CrashBook(std::move(file), who, std::move(out)));
  opened->counts_ = std::move(counts);
  opened->write();
  book.store(opened->out_.get(), std::memory_order_release);
  watch_signals();
  return opened;
}

CrashBook::~CrashBook() {
  int ours = out_.get();
  book.compare_exchange_strong(ours, -1);
  leave_signals();
}

std::int32_t CrashBook::crashes(const Sha256& with) const {
  if (!any_.load(std::memory_order_acquire)) return 0;
  const std::scoped_lock guard(mutex_);
  const auto at = counts_.find(with);
  return at == counts_.end() ? 0 : at->second;
}

void CrashBook::add(const Sha256& with) {
  const std::scoped_lock guard(mutex_);
  ++counts_[with];
  write();
}

void CrashBook::clear(const Sha256& with) {
  const std::scoped_lock guard(mutex_);
  if (counts_.erase(with) != 0) write();
}

/// In its place, as the handler holds it open. An end in between forgets some crashes.
void CrashBook::write() {
  any_.store(!counts_.empty(), std::memory_order_release);
  std::string all = bytes_of(program_);
  for (const auto& [digest, count] : counts_) {
    for (std::int32_t i = 0; i < count; ++i) all += bytes_of(digest);
  }
  if (::ftruncate(out_.get(), 0) == 0) static_cast<void>(write_all(out_.get(), all));
}

WorkingOn::WorkingOn(const Sha256& digest) noexcept {
  thread_local const SignalStack stack;
  working_on = &digest;
}

WorkingOn::~WorkingOn() { working_on = nullptr; }

}  // namespace concord::ops
