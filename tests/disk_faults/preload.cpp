/// Stands between a program and the C library: calls on files below a folder fail, wait, or can be
/// taken back, as the control file says. README.md says what it can and cannot do. No allocation,
/// no exception, no lock but the control's, so that it works in any process at any moment.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "tests/disk_faults/control.h"

namespace {

using namespace concord::disk_faults;

// ---- the library underneath ----

template <typename Function>
Function real(const char* name) {
  void* const found = ::dlsym(RTLD_NEXT, name);
  Function function;
  static_assert(sizeof function == sizeof found);
  memcpy(&function, &found, sizeof function);
  return function;
}
#define CONCORD_REAL(name) (*real_##name())
#define CONCORD_DECLARE(name)                                    \
  decltype(&::name) real_##name() {                              \
    static const auto function = real<decltype(&::name)>(#name); \
    return function;                                             \
  }
CONCORD_DECLARE(write)
CONCORD_DECLARE(pwrite64)
CONCORD_DECLARE(writev)
CONCORD_DECLARE(pwritev64)
CONCORD_DECLARE(fsync)
CONCORD_DECLARE(fdatasync)
CONCORD_DECLARE(ftruncate64)
CONCORD_DECLARE(rename)
CONCORD_DECLARE(posix_fallocate64)

Control* map_control() {
  const char* const state = getenv("CONCORD_DISK_FAULTS");
  if (state == nullptr) return nullptr;
  char path[kPathSize + 16];
  if (snprintf(path, sizeof path, "%s/control", state) >= static_cast<int>(sizeof path)) {
    return nullptr;
  }
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* const mapped = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const control = static_cast<Control*>(mapped);
  return control->magic == kMagic ? control : nullptr;
}
Control* control() {
  static Control* const mapped = map_control();
  return mapped;
}

class Locked {
 public:
  explicit Locked(Control& of) : of_(of) {
    if (pthread_mutex_lock(&of_.lock) == EOWNERDEAD) pthread_mutex_consistent(&of_.lock);
    if (of_.off.load() != 0) kill(getpid(), SIGKILL);  // the power is off
  }
  ~Locked() { pthread_mutex_unlock(&of_.lock); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  Control& of_;
};

// ---- which file ----

struct File {
  bool ours = false;
  char path[kPathSize];
  struct stat64 is;
};

void look(Control& with, int fd, File& file) {
  if (fstat64(fd, &file.is) != 0 || !S_ISREG(file.is.st_mode)) return;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, file.path, sizeof file.path - 1);
  if (size <= 0) return;
  file.path[size] = '\0';
  file.ours = strncmp(file.path, with.root.data(), strlen(with.root.data())) == 0;
}

bool ends_with(const char* text, const char* suffix) {
  const std::size_t size = strlen(text), wanted = strlen(suffix);
  return size >= wanted && memcmp(text + size - wanted, suffix, wanted) == 0;
}

/// The same draw for the same seed and number (splitmix64).
std::uint64_t draw(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t x = seed + number * 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

/// What is to become of this call: 0, or an errno; `half` asks for a short write. Waits if told to.
int fate(Control& with, Call call, const char* path, bool* half = nullptr) {
  int error = 0;
  for (Rule& rule : with.rules) {
    const Act act = rule.act.load(std::memory_order_acquire);
    if (act == Act::none || (rule.calls & call) == 0 || !ends_with(path, rule.suffix.data())) {
      continue;
    }
    const std::uint64_t number = ++rule.seen;
    const bool meant =
        rule.nth != 0 ? number == rule.nth : draw(rule.seed, number) % 1000 < rule.permille;
    if (!meant) continue;
    ++rule.hit;
    if (act == Act::fail) error = rule.error;
    if (act == Act::short_write && half != nullptr) *half = true;
    if (act == Act::delay) {
      const timespec wait{rule.delay_us / 1'000'000, (rule.delay_us % 1'000'000) * 1000L};
      nanosleep(&wait, nullptr);
    }
  }
  return error;
}

// ---- taking back ----

/// The journal of a file, by its inode and when that was made: inodes are used again.
int open_journal(Control& with, int fd, const File& file, int flags) {
  struct statx more {};
  statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &more);
  char path[kPathSize + 80];
  snprintf(path, sizeof path, "%s/undo/%llu-%lld.%u", with.state.data(),
           static_cast<unsigned long long>(file.is.st_ino),
           static_cast<long long>(more.stx_btime.tv_sec), more.stx_btime.tv_nsec);
  return open(path, flags | O_CLOEXEC, 0666);
}

/// Notes what a write of `planned` bytes at `offset` goes over.
void note(Control& with, int fd, const File& file, std::uint64_t offset, std::uint64_t planned) {
  if (with.keep_undo.load() == 0) return;
  const int mode = fcntl(fd, F_GETFL);
  if ((mode & (O_SYNC | O_DSYNC)) != 0) return;  // on the disk at once
  const int journal = open_journal(with, fd, file, O_WRONLY | O_APPEND | O_CREAT);
  if (journal < 0) return;
  const auto size = static_cast<std::uint64_t>(file.is.st_size);
  Undo head{++with.sequence, offset, planned, size, 0};
  const std::uint64_t over = offset < size ? size - offset : 0;
  head.kept = over < planned ? over : planned;
  // The program may have opened the file for writing only: read it by itself.
  const int source = open(file.path, O_RDONLY | O_CLOEXEC);
  bool whole = CONCORD_REAL(write)(journal, &head, sizeof head) == sizeof head;
  char buffer[65536];
  for (std::uint64_t done = 0; whole && done < head.kept;) {
    const std::uint64_t left = head.kept - done;
    const ssize_t got = source < 0
                            ? -1
                            : pread64(source, buffer, left < sizeof buffer ? left : sizeof buffer,
                                      static_cast<off64_t>(offset + done));
    whole = got > 0 && CONCORD_REAL(write)(journal, buffer, static_cast<std::size_t>(got)) == got;
    if (whole) done += static_cast<std::uint64_t>(got);
  }
  if (source >= 0) close(source);
  close(journal);
  if (!whole) {
    constexpr char kWords[] = "disk-faults: the undo journal cannot be written\n";
    static_cast<void>(!CONCORD_REAL(write)(2, kWords, sizeof kWords - 1));
    kill(getpid(), SIGKILL);  // a test that cannot take back proves nothing
  }
}

/// Where a write without an offset goes.
std::uint64_t place(int fd, const File& file) {
  if ((fcntl(fd, F_GETFL) & O_APPEND) != 0) return static_cast<std::uint64_t>(file.is.st_size);
  const off64_t at = lseek64(fd, 0, SEEK_CUR);
  return at < 0 ? 0 : static_cast<std::uint64_t>(at);
}

std::uint64_t size_of(const iovec* parts, int count) {
  std::uint64_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  return size;
}

/// One write in any of its forms. `offset` < 0: at the file's own place. `go` is told how many
/// bytes it may write.
template <typename Go>
ssize_t guarded(int fd, off64_t offset, std::uint64_t size, Go&& go) {
  Control* const with = control();
  if (with == nullptr) return go(size);
  File file;
  const int before = errno;
  look(*with, fd, file);
  errno = before;
  if (!file.ours) return go(size);
  bool half = false;
  if (const int error = fate(*with, kWrite, file.path, &half); error != 0) {
    errno = error;
    return -1;
  }
  if (half && size > 1) size /= 2;
  const Locked locked(*with);
  if (fstat64(fd, &file.is) != 0) return -1;
  note(*with, fd, file, offset < 0 ? place(fd, file) : static_cast<std::uint64_t>(offset), size);
  errno = before;
  return go(size);
}

template <typename Go>
int synced(int fd, Go&& go) {
  Control* const with = control();
  if (with == nullptr) return go();
  File file;
  look(*with, fd, file);
  if (!file.ours) return go();
  ++with->syncs;
  if (const int error = fate(*with, kSync, file.path); error != 0) {
    errno = error;
    return -1;
  }
  // What is written from here on is not meant, and what was noted before has been written.
  std::uint64_t until = 0;
  {
    const Locked locked(*with);
    until = with->sequence.load();
  }
  const int done = go();
  if (done != 0 || with->keep_undo.load() == 0) return done;
  const Locked locked(*with);
  const int journal = open_journal(*with, fd, file, O_RDWR);
  if (journal < 0) return done;
  struct stat64 all {};
  fstat64(journal, &all);
  off64_t at = 0;
  for (Undo head; at < all.st_size; at += static_cast<off64_t>(sizeof head + head.kept)) {
    if (pread64(journal, &head, sizeof head, at) != sizeof head || head.sequence > until) break;
  }
  if (at >= all.st_size) {
    static_cast<void>(!CONCORD_REAL(ftruncate64)(journal, 0));
  } else if (at > 0) {  // others wrote meanwhile: their entries stay
    char buffer[65536];
    off64_t to = 0;
    for (ssize_t got; (got = pread64(journal, buffer, sizeof buffer, at)) > 0;
         at += got, to += got) {
      if (CONCORD_REAL(pwrite64)(journal, buffer, static_cast<std::size_t>(got), to) != got) break;
    }
    static_cast<void>(!CONCORD_REAL(ftruncate64)(journal, to));
  }
  close(journal);
  return done;
}

int resized(int fd, Call call, off64_t size, int (*go)(int, off64_t)) {
  Control* const with = control();
  if (with == nullptr) return go(fd, size);
  File file;
  look(*with, fd, file);
  if (!file.ours) return go(fd, size);
  if (const int error = fate(*with, call, file.path); error != 0) {
    errno = error;
    return -1;
  }
  const Locked locked(*with);
  if (fstat64(fd, &file.is) != 0) return -1;
  const auto old_size = static_cast<std::uint64_t>(file.is.st_size);
  const auto new_size = static_cast<std::uint64_t>(size);
  // Bytes that are cut off are kept; where it grows, the old size says enough.
  note(*with, fd, file, new_size < old_size ? new_size : old_size,
       new_size < old_size ? old_size - new_size : 0);
  return go(fd, size);
}

}  // namespace

// ---- what programs call ----

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  return guarded(fd, -1, size,
                 [=](std::uint64_t allowed) { return CONCORD_REAL(write)(fd, bytes, allowed); });
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return guarded(fd, offset, size, [=](std::uint64_t allowed) {
    return CONCORD_REAL(pwrite64)(fd, bytes, allowed, offset);
  });
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return pwrite64(fd, bytes, size, offset);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  const std::uint64_t size = size_of(parts, count);
  return guarded(fd, -1, size, [=](std::uint64_t allowed) {
    if (allowed == size) return CONCORD_REAL(writev)(fd, parts, count);
    return CONCORD_REAL(write)(fd, parts[0].iov_base, parts[0].iov_len);
  });
}

ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t offset) {
  const std::uint64_t size = size_of(parts, count);
  return guarded(fd, offset, size, [=](std::uint64_t allowed) {
    if (allowed == size) return CONCORD_REAL(pwritev64)(fd, parts, count, offset);
    return CONCORD_REAL(pwrite64)(fd, parts[0].iov_base, parts[0].iov_len, offset);
  });
}
ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  return pwritev64(fd, parts, count, offset);
}

int fsync(int fd) {
  return synced(fd, [fd] { return CONCORD_REAL(fsync)(fd); });
}
int fdatasync(int fd) {
  return synced(fd, [fd] { return CONCORD_REAL(fdatasync)(fd); });
}

int ftruncate64(int fd, off64_t size) noexcept {
  return resized(fd, kTruncate, size,
                 [](int file, off64_t to) { return CONCORD_REAL(ftruncate64)(file, to); });
}
int ftruncate(int fd, off_t size) noexcept { return ftruncate64(fd, size); }

int posix_fallocate64(int fd, off64_t offset, off64_t size) {
  Control* const with = control();
  File file;
  if (with != nullptr) look(*with, fd, file);
  if (with == nullptr || !file.ours) return CONCORD_REAL(posix_fallocate64)(fd, offset, size);
  if (const int error = fate(*with, kAllocate, file.path); error != 0) return error;
  const Locked locked(*with);
  if (fstat64(fd, &file.is) != 0) return errno;
  note(*with, fd, file, static_cast<std::uint64_t>(file.is.st_size), 0);
  return CONCORD_REAL(posix_fallocate64)(fd, offset, size);
}
int posix_fallocate(int fd, off_t offset, off_t size) {
  return posix_fallocate64(fd, offset, size);
}

int rename(const char* from, const char* to) noexcept {
  Control* const with = control();
  if (with != nullptr && strncmp(to, with->root.data(), strlen(with->root.data())) == 0) {
    if (const int error = fate(*with, kRename, to); error != 0) {
      errno = error;
      return -1;
    }
    const Locked locked(*with);
    return CONCORD_REAL(rename)(from, to);
  }
  return CONCORD_REAL(rename)(from, to);
}

}  // extern "C"
