#include "tests/disk_faults/disk_faults.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <new>
#include <set>
#include <vector>

#include "tests/disk_faults/control.h"

namespace concord::disk_faults {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSector = 512;

std::uint64_t draw(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t x = seed + number * 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

/// A write that was not synced, with what stood there before.
struct Unsynced {
  Undo head;
  std::string before;
};

std::vector<Unsynced> read_journal(const fs::path& journal) {
  std::vector<Unsynced> all;
  std::ifstream in(journal, std::ios::binary);
  Unsynced one;
  while (in.read(static_cast<char*>(static_cast<void*>(&one.head)), sizeof one.head)) {
    one.before.resize(one.head.kept);
    if (!in.read(one.before.data(), static_cast<std::streamsize>(one.before.size()))) break;
    all.push_back(one);
  }
  return all;  // an entry cut short belongs to a write that never began
}

bool put(int file, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return true;
}

/// Changes one file back.
class Rollback {
 public:
  Rollback(int file, std::uint64_t seed, Cut& cut) : file_(file), seed_(seed), cut_(cut) {}

  bool run(std::vector<Unsynced>& writes, Loss loss) {
    struct stat is {};
    if (writes.empty()) return true;
    if (::fstat(file_, &is) != 0) return false;
    size_ = static_cast<std::uint64_t>(is.st_size);
    std::size_t from = 0;
    if (loss == Loss::prefix) from = draw(seed_, writes.size()) % (writes.size() + 1);
    bool done = true;
    for (std::size_t i = writes.size(); done && i-- > from;) {
      done = loss == Loss::torn ? back_in_part(writes[i], i) : back(writes[i]);
    }
    return done && ::fsync(file_) == 0;
  }

 private:
  bool back(const Unsynced& write) {
    ++cut_.writes;
    cut_.bytes += write.head.planned;
    return put(file_, write.before, write.head.offset) &&
           ::ftruncate(file_, static_cast<off_t>(write.head.old_size)) == 0;
  }

  /// Sector by sector: it arrived, and what an earlier write left there does not matter any more;
  /// or it did not, and what stood there before is there again.
  bool back_in_part(const Unsynced& write, std::uint64_t number) {
    ++cut_.writes;
    const std::uint64_t begin = write.head.offset, end = begin + write.head.planned;
    for (std::uint64_t sector = begin / kSector; sector * kSector < end; ++sector) {
      const std::uint64_t low = std::max(begin, sector * kSector);
      const std::uint64_t high = std::min(end, (sector + 1) * kSector);
      if (arrived_.contains(sector)) continue;
      if (draw(draw(seed_, number), sector) % 2 == 0 && high <= size_) {
        arrived_.insert(sector);
        last_ = std::max(last_, high);
        continue;
      }
      cut_.bytes += high - low;
      // Behind the old end of the file there was nothing: zeros, until the size says otherwise.
      std::string old(high - low, '\0');
      for (std::uint64_t at = low; at < high && at - begin < write.before.size(); ++at) {
        old[at - low] = write.before[at - begin];
      }
      if (!put(file_, old, low)) return false;
    }
    const std::uint64_t size = std::max(write.head.old_size, last_);
    return ::ftruncate(file_, static_cast<off_t>(size)) == 0;
  }

  int file_;
  std::uint64_t seed_;
  Cut& cut_;
  std::uint64_t size_ = 0;
  std::set<std::uint64_t> arrived_;
  std::uint64_t last_ = 0;  ///< end of the last sector that arrived
};

/// The name of a file's journal, as the preloaded library makes it.
std::string journal_of(const fs::path& file) {
  struct statx is {};
  if (::statx(AT_FDCWD, file.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BTIME | STATX_INO, &is) != 0) {
    return {};
  }
  return std::to_string(is.stx_ino) + "-" + std::to_string(is.stx_btime.tv_sec) + "." +
         std::to_string(is.stx_btime.tv_nsec);
}

Error not_a_rule(std::string_view word) {
  return make_error(ErrorCode::invalid, "not of a rule: " + std::string(word));
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, number);
  if (text.empty() || failed != std::errc{} || at != end) return std::nullopt;
  return number;
}

/// What a rule's text says.
struct Wanted {
  Act act = Act::none;
  std::uint32_t calls = kWrite | kSync | kTruncate | kRename | kAllocate;
  std::int32_t error = 0;
  std::uint64_t delay_us = 0, nth = 0, permille = 1000, seed = 0;
  std::string suffix;
};

Result<void> take_word(std::string_view word, Wanted& wanted) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return not_a_rule(word);
  const std::string_view name = word.substr(0, equals), value = word.substr(equals + 1);
  static constexpr std::pair<std::string_view, std::uint32_t> kCalls[] = {
      {"write", kWrite},       {"sync", kSync},
      {"truncate", kTruncate}, {"rename", kRename},
      {"allocate", kAllocate}, {"any", kWrite | kSync | kTruncate | kRename | kAllocate}};
  static constexpr std::pair<std::string_view, std::int32_t> kErrors[] = {
      {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EINTR", EINTR}};
  if (name == "call") {
    for (const auto& [known, bit] : kCalls) {
      if (value == known) return void(wanted.calls = bit), Result<void>{};
    }
    return not_a_rule(word);
  }
  if (name == "error") {
    for (const auto& [known, code] : kErrors) {
      if (value != known) continue;
      wanted.act = Act::fail;
      wanted.error = code;
      return {};
    }
    return not_a_rule(word);
  }
  if (name == "file") {
    if (value.size() >= sizeof(Rule::suffix)) return not_a_rule(word);
    wanted.suffix = value;
    return {};
  }
  const auto number = number_of(value);
  if (!number) return not_a_rule(word);
  if (name == "short") {
    wanted.act = Act::short_write;
  } else if (name == "delay_us" && *number <= 60'000'000) {
    wanted.act = Act::delay;
    wanted.delay_us = *number;
  } else if (name == "nth") {
    wanted.nth = *number;
  } else if (name == "permille" && *number <= 1000) {
    wanted.permille = *number;
  } else if (name == "seed") {
    wanted.seed = *number;
  } else {
    return not_a_rule(word);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Disk>> Disk::open(const fs::path& state, const fs::path& root) {
  std::error_code failed;
  const fs::path whole_root = fs::canonical(root, failed);
  const auto cannot = [](const fs::path& what) {
    return make_error(ErrorCode::transient, "cannot make " + what.string());
  };
  if (failed) return cannot(root);
  fs::remove_all(state, failed);
  fs::create_directories(state / "undo", failed);
  if (failed) return cannot(state);
  // Programs of another user have to be able to write there.
  const auto everybody = fs::perms::all;
  fs::permissions(state, everybody, failed);
  fs::permissions(state / "undo", everybody, failed);
  const fs::path whole_state = fs::canonical(state, failed);
  if (whole_root.string().size() + 12 >= kPathSize ||
      whole_state.string().size() + 12 >= kPathSize) {
    return make_error(ErrorCode::too_long, "the path is too long");
  }
  const fs::path name = whole_state / "control";
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return cannot(name);
  ::fchmod(file, 0666);
  void* mapped = MAP_FAILED;
  if (::ftruncate(file, sizeof(Control)) == 0) {
    mapped = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  ::close(file);
  if (mapped == MAP_FAILED) return cannot(name);
  auto* const control = new (mapped) Control();
  const std::string below = whole_root.string() + "/";
  std::memcpy(control->root.data(), below.c_str(), below.size() + 1);
  std::memcpy(control->state.data(), whole_state.c_str(), whole_state.string().size() + 1);
  pthread_mutexattr_t how;
  pthread_mutexattr_init(&how);
  pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&control->lock, &how);
  pthread_mutexattr_destroy(&how);
  return std::unique_ptr<Disk>(new Disk(whole_state, whole_root, control));
}

Disk::~Disk() {
  ::munmap(control_, sizeof(Control));
  std::error_code none;
  fs::remove_all(state_, none);
}

std::map<std::string, std::string> Disk::environment() const {
  return {{"LD_PRELOAD", fs::path(CONCORD_DISK_FAULTS_LIBRARY).string()},
          {"CONCORD_DISK_FAULTS", state_.string()},
          // An instrumented program wants its own library to be the first.
          {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
}

Result<std::size_t> Disk::add(std::string_view rule) {
  Wanted wanted;
  for (std::size_t at = 0; at < rule.size();) {
    const auto end = std::min(rule.find(' ', at), rule.size());
    if (end > at) CONCORD_TRY(take_word(rule.substr(at, end - at), wanted));
    at = end + 1;
  }
  if (wanted.act == Act::none) return not_a_rule("nothing is to happen");
  for (std::size_t i = 0; i < control_->rules.size(); ++i) {
    Rule& free = control_->rules[i];
    if (free.act.load() != Act::none) continue;
    free.calls = wanted.calls;
    free.error = wanted.error;
    free.delay_us = static_cast<std::uint32_t>(wanted.delay_us);
    free.nth = wanted.nth;
    free.permille = static_cast<std::uint32_t>(wanted.permille);
    free.seed = wanted.seed;
    free.suffix.fill('\0');
    std::copy(wanted.suffix.begin(), wanted.suffix.end(), free.suffix.begin());
    free.seen = 0;
    free.hit = 0;
    free.act.store(wanted.act, std::memory_order_release);
    return i;
  }
  return make_error(ErrorCode::too_costly, "there are eight rules already");
}

Hits Disk::hits(std::size_t rule) const {
  const Rule& one = control_->rules.at(rule);
  return {one.seen.load(), one.hit.load()};
}

void Disk::clear() {
  for (Rule& rule : control_->rules) rule.act = Act::none;
}

std::uint64_t Disk::syncs() const { return control_->syncs.load(); }

void Disk::prepare_cut() { control_->keep_undo = 1; }

void Disk::power_off() {
  // In the lock, so that no write is half noted.
  if (pthread_mutex_lock(&control_->lock) == EOWNERDEAD) pthread_mutex_consistent(&control_->lock);
  control_->off = 1;
  pthread_mutex_unlock(&control_->lock);
}

Result<Cut> Disk::take_back(Loss loss, std::uint64_t seed) {
  Cut cut;
  std::error_code failed;
  for (fs::recursive_directory_iterator at(root_, failed), end; at != end; at.increment(failed)) {
    if (failed) break;
    if (!at->is_regular_file(failed) || at->is_symlink(failed)) continue;
    const fs::path journal = state_ / "undo" / journal_of(at->path());
    if (!fs::exists(journal, failed)) continue;
    std::vector<Unsynced> writes = read_journal(journal);
    if (writes.empty()) continue;
    ++cut.files;
    const int file = ::open(at->path().c_str(), O_RDWR | O_CLOEXEC);
    const bool done = file >= 0 && Rollback(file, seed, cut).run(writes, loss);
    if (file >= 0) ::close(file);
    if (!done) {
      return make_error(ErrorCode::transient, "cannot be changed back: " + at->path().string());
    }
  }
  fs::remove_all(state_ / "undo", failed);
  fs::create_directories(state_ / "undo", failed);
  fs::permissions(state_ / "undo", fs::perms::all, failed);
  control_->off = 0;
  return cut;
}

}  // namespace concord::disk_faults
