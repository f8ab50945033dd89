#include "gateway/doors/files/detail/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <tuple>
#include <utility>

namespace concord::doors::files::detail {

namespace {

constexpr std::size_t kLongestName = 200;
constexpr int kMostOfOneName = 100'000;
/// Entries passed over (temporary names, folders) in one look, at most.
constexpr std::size_t kMostPassed = 100'000;

std::int64_t ns_of(const timespec& at) {
  return static_cast<std::int64_t>(at.tv_sec) * 1'000'000'000 + at.tv_nsec;
}

Shape shape_from(const struct stat& about) {
  Shape shape;
  shape.device = about.st_dev;
  shape.inode = about.st_ino;
  shape.size = static_cast<std::uint64_t>(about.st_size);
  shape.changed_ns = ns_of(about.st_ctim);
  shape.written_ns = ns_of(about.st_mtim);
  shape.written = Instant(std::chrono::milliseconds(shape.written_ns / 1'000'000));
  shape.regular = S_ISREG(about.st_mode);
  shape.others_write = (about.st_mode & S_IWOTH) != 0;
  return shape;
}

Error wrong(std::string text) { return make_error(ErrorCode::invalid, std::move(text)); }

/// The folder below, made when it is missing. A link in its place is not followed.
Descriptor below_of(int folder, std::string_view name) {
  const std::string text(name);
  if (::mkdirat(folder, text.c_str(), 0750) != 0 && errno != EEXIST) return {};
  return Descriptor(
      ::openat(folder, text.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

std::optional<Shape> shape_of(int folder, const std::string& name) {
  struct stat about {};
  if (::fstatat(folder, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return shape_from(about);
}

std::optional<Shape> shape_of(int file) {
  struct stat about {};
  if (::fstat(file, &about) != 0) return std::nullopt;
  return shape_from(about);
}

bool is_good_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_. ") ==
             std::string_view::npos;
}

bool is_temporary(std::string_view name) {
  constexpr std::array<std::string_view, 4> kEndings{".tmp", ".part", ".filepart", "~"};
  return name.starts_with('.') ||
         std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

bool lock(const Descriptor& file) { return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0; }

std::optional<std::string> read_whole(const Descriptor& file, std::uint64_t size) {
  std::string bytes(size, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    filled += static_cast<std::size_t>(count);
  }
  char more = 0;
  if (::read(file.get(), &more, 1) != 0) return std::nullopt;
  return bytes;
}

Result<Folder> Folder::open(const std::filesystem::path& path) {
  Folder folder;
  folder.folder_ = Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.folder_.is_open()) return wrong("the folder is not there or cannot be read");
  struct stat about {};
  if (::fstat(folder.get(), &about) != 0) return wrong("the folder cannot be looked at");
  // Who may write there may put words into the mouth of every sender.
  if ((about.st_mode & S_IWOTH) != 0) return wrong("others may write to the folder");
  if (::faccessat(folder.get(), ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
    return wrong("the folder cannot be read and written");
  }
  folder.accepted_ = below_of(folder.get(), kAccepted);
  folder.refused_ = below_of(folder.get(), kRefused);
  if (!folder.accepted_.is_open() || !folder.refused_.is_open()) {
    return wrong("accepted/ or refused/ cannot be made below the folder");
  }
  for (const Descriptor* below : {&folder.accepted_, &folder.refused_}) {
    struct stat there {};
    if (::fstat(below->get(), &there) != 0 || there.st_dev != about.st_dev) {
      return wrong("accepted/ or refused/ is on another file system");
    }
  }
  return folder;
}

Result<std::vector<Entry>> Folder::entries(std::size_t most) const {
  // A descriptor of its own: closedir() closes it, and where it reads is its own.
  const int again = ::openat(get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const opened = again < 0 ? nullptr : ::fdopendir(again);
  if (opened == nullptr) {
    if (again >= 0) ::close(again);
    return make_error(ErrorCode::transient, "the folder cannot be read");
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opened, &::closedir);
  std::vector<Entry> found;
  std::size_t passed = 0;
  while (found.size() < most && passed < kMostPassed) {
    errno = 0;
    const dirent* const entry = ::readdir(directory.get());
    if (entry == nullptr) {
      if (errno != 0) return make_error(ErrorCode::transient, "the folder cannot be read");
      break;
    }
    const std::string name = entry->d_name;
    struct stat about {};
    if (is_temporary(name) || ::fstatat(get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISDIR(about.st_mode)) {
      ++passed;
      continue;
    }
    found.push_back({name, shape_from(about)});
  }
  std::sort(found.begin(), found.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.shape.written_ns, a.name) < std::tie(b.shape.written_ns, b.name);
  });
  return found;
}

Descriptor Folder::read_only(const std::string& name) const {
  return Descriptor(
      ::openat(get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
}

std::string Folder::free_name(std::string_view below, const std::string& name) const {
  std::string free = name;
  for (int i = 2; i < kMostOfOneName; ++i) {
    if (!shape_of(of(below).get(), free)) break;
    free = name + "." + std::to_string(i);
  }
  return free;
}

bool Folder::move(const std::string& name, std::string_view below,
                  const std::string& wanted) const {
  const int to = of(below).get();
  for (int attempt = 0; attempt < 3; ++attempt) {
    const std::string free = free_name(below, wanted);
    if (::renameat2(get(), name.c_str(), to, free.c_str(), RENAME_NOREPLACE) == 0) return true;
    // A file system that cannot promise it: nobody else writes here but gateways with the lock.
    if (errno == EINVAL && ::renameat(get(), name.c_str(), to, free.c_str()) == 0) return true;
    if (errno != EEXIST) return false;
  }
  return false;
}

bool Folder::leave(std::string_view below, const std::string& name, std::string_view bytes,
                   const std::function<void()>& before_name) const {
  const int to = of(below).get();
  const std::string unfinished = "." + name + ".tmp";
  ::unlinkat(to, unfinished.c_str(), 0);
  const Descriptor file(
      ::openat(to, unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file.is_open()) return false;
  const bool written = write_all(file.get(), bytes) && ::fsync(file.get()) == 0;
  if (written) before_name();
  if (!written || ::renameat(to, unfinished.c_str(), to, name.c_str()) != 0) {
    ::unlinkat(to, unfinished.c_str(), 0);
    return false;
  }
  return true;
}

bool Folder::sync(std::string_view below) const {
  return ::fsync(of(below).get()) == 0 && ::fsync(get()) == 0;
}

}  // namespace concord::doors::files::detail
