#include "gateway/doors/files/file_door.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "fhir/core/digest.h"
#include "gateway/doors/files/detail/folder.h"
#include "gateway/doors/files/detail/suspects.h"

namespace concord::doors::files {

using std::chrono::milliseconds;

namespace {

/// Seen and not taken yet.
struct Waiting {
  detail::Shape shape;
  Instant same_since{};
  Instant not_before{};
  int failures = 0;
};

std::string hash_of(std::string_view name) { return to_hex(sha256(name)).substr(0, 16); }

milliseconds doubled(milliseconds base, milliseconds cap, int failures) {
  milliseconds wait = base;
  for (int i = 1; i < failures && wait < cap; ++i) wait *= 2;
  return std::min(wait, cap);
}

std::string_view content_type_of(std::string_view name) {
  if (name.ends_with(".json")) return "application/fhir+json";
  if (name.ends_with(".xml")) return "application/fhir+xml";
  return {};
}

/// Looks again under the lock: another gateway may have taken it, or somebody may be writing to it.
bool is_still(int folder, const std::string& name, int file, const detail::Shape& shape) {
  const auto by_name = detail::shape_of(folder, name);
  const auto opened = detail::shape_of(file);
  return by_name && opened && *by_name == shape && *opened == shape;
}

}  // namespace

std::string_view notice_name(Notice::Kind kind) {
  constexpr std::array<std::string_view, 6> kNames{"accepted", "replayed",    "refused",
                                                   "retried",  "folder_lost", "folder_back"};
  static_assert(kNames.size() == static_cast<std::size_t>(Notice::Kind::folder_back) + 1);
  return kNames[static_cast<std::size_t>(kind)];
}

struct FileDoor::Impl {
  Impl(Parts the_parts, Settings chosen)
      : parts(std::move(the_parts)),
        settings(std::move(chosen)),
        suspects(settings.folder / detail::kRefused / (".concord-" + settings.node + ".taking")) {}

  /// What one file came to.
  enum class End : std::uint8_t {
    done,   ///< moved away
    later,  ///< it stays; another look will tell
    wait,   ///< it stays, and the door should leave the store alone for a while
  };

  milliseconds look();
  void follow(const std::vector<detail::Entry>& entries, Instant now);
  End take(const detail::Folder& in, const std::string& name, const detail::Shape& shape);
  End submit(const detail::Folder& in, const std::string& name, Letter letter);
  End accept(const detail::Folder& in, const std::string& name, const Taken& taken);
  End refuse(const detail::Folder& in, const std::string& name, const Error& error);
  void failed(const std::string& name, std::string_view code);
  void usable(bool now);
  void run(const std::stop_token& stop);
  void wait(milliseconds time);
  void step(std::string_view name) const {
    if (parts.on_step) parts.on_step(name);
  }
  void tell(Notice::Kind kind, std::string_view name, std::string_view exchange,
            std::string_view code) const {
    if (!parts.observe) return;
    const std::string hash = name.empty() ? std::string() : hash_of(name);
    parts.observe({kind, settings.name, hash, exchange, code});
  }

  const Parts parts;
  const Settings settings;
  detail::Suspects suspects;
  std::map<std::string, Waiting> waiting;
  int failures = 0;  ///< of the store, in a row
  Instant not_before{};
  Descriptor changes;  ///< of inotify; none: looks come by time only
  Descriptor bell;
  std::atomic<bool> stopping{false};
  mutable std::mutex mutex;
  State state;  ///< guarded
  std::jthread thread;
};

FileDoor::FileDoor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FileDoor::~FileDoor() { stop(); }

Result<std::unique_ptr<FileDoor>> FileDoor::open(Parts parts, Settings settings) {
  const std::string door = "door \"" + settings.name + "\": ";
  if (settings.name.empty()) return make_error(ErrorCode::invalid, "a door needs a name");
  const auto folder = detail::Folder::open(settings.folder);
  if (!folder) return make_error(ErrorCode::invalid, door + folder.error().issues.front().text);
  auto impl = std::make_unique<Impl>(std::move(parts), std::move(settings));
  CONCORD_TRY(impl->suspects.load());
  impl->state.name = impl->settings.name;
  impl->bell = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  impl->changes = Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (impl->changes.is_open()) {
    ::inotify_add_watch(impl->changes.get(), impl->settings.folder.c_str(),
                        IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_ATTRIB | IN_ONLYDIR);
  }
  return std::unique_ptr<FileDoor>(new FileDoor(std::move(impl)));
}

void FileDoor::start() {
  impl_->thread = std::jthread([this](const std::stop_token& stop) { impl_->run(stop); });
}

void FileDoor::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->stopping = true;
  impl_->thread.request_stop();
  ::eventfd_write(impl_->bell.get(), 1);
  impl_->thread.join();
}

State FileDoor::state() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->state;
}

milliseconds FileDoor::look() { return impl_->look(); }

void FileDoor::Impl::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) wait(look());
}

/// Until the folder changed, the door is stopped, or `time` has passed.
void FileDoor::Impl::wait(milliseconds time) {
  std::array<pollfd, 2> watched{pollfd{bell.get(), POLLIN, 0}, pollfd{changes.get(), POLLIN, 0}};
  ::poll(watched.data(), changes.is_open() ? 2 : 1, static_cast<int>(time.count()));
  if (!changes.is_open()) return;
  // That something changed is all that counts; what, the look will see.
  alignas(inotify_event) std::array<char, 4096> events;
  while (::read(changes.get(), events.data(), events.size()) > 0) {
  }
}

void FileDoor::Impl::usable(bool now) {
  bool before = now;
  {
    const std::scoped_lock lock(mutex);
    std::swap(before, state.folder_usable);
    state.folder_usable = now;
  }
  if (before != now) {
    tell(now ? Notice::Kind::folder_back : Notice::Kind::folder_lost, "", "", "");
  }
}

/// What is new begins to be watched, what changed begins anew, what is gone is forgotten.
void FileDoor::Impl::follow(const std::vector<detail::Entry>& entries, Instant now) {
  std::map<std::string, Waiting> next;
  for (const detail::Entry& entry : entries) {
    const auto known = waiting.find(entry.name);
    if (known != waiting.end() && known->second.shape == entry.shape) {
      next.insert(waiting.extract(known));
    } else {
      next.emplace(entry.name, Waiting{entry.shape, now, now, 0});
    }
  }
  waiting = std::move(next);
}

milliseconds FileDoor::Impl::look() {
  const Instant now = parts.clock();
  if (now < not_before) return std::min(settings.poll, milliseconds(not_before - now));
  auto folder = detail::Folder::open(settings.folder);
  auto entries = folder ? folder->entries(settings.most_files)
                        : Result<std::vector<detail::Entry>>(folder.error());
  usable(entries.has_value());
  if (!entries) return settings.poll;
  follow(*entries, now);
  milliseconds next = settings.poll;
  std::size_t left = entries->size();
  std::optional<Instant> oldest;
  bool held = false;
  for (const detail::Entry& entry : *entries) {
    Waiting& one = waiting.at(entry.name);
    const Instant ready = std::max(one.same_since + settings.settle, one.not_before);
    End end = End::later;
    if (ready <= parts.clock()) {
      held =
          held || stopping || parts.clock() < not_before || (parts.may_take && !parts.may_take());
    }
    if (!held && ready <= parts.clock()) {
      end = take(*folder, entry.name, entry.shape);
    } else if (ready > now) {
      next = std::min(next, milliseconds(ready - now));
    }
    if (end == End::done) {
      --left;
      waiting.erase(entry.name);
      continue;
    }
    oldest = std::min(oldest.value_or(entry.shape.written), entry.shape.written);
    if (end == End::wait) {
      ++failures;
      not_before = parts.clock() + doubled(settings.retry_base, settings.retry_cap, failures);
    }
  }
  const std::scoped_lock lock(mutex);
  state.waiting = left;
  state.oldest = oldest;
  return std::max(next, milliseconds{1});
}

FileDoor::Impl::End FileDoor::Impl::take(const detail::Folder& in, const std::string& name,
                                         const detail::Shape& shape) {
  if (!shape.regular) {
    return refuse(in, name, make_error(ErrorCode::forbidden, "it is not a regular file"));
  }
  const Descriptor file = in.read_only(name);
  if (!file.is_open()) {
    if (errno != ENOENT) failed(name, "forbidden");
    return End::later;
  }
  if (!detail::lock(file) || !is_still(in.get(), name, file.get(), shape)) return End::later;
  if (shape.others_write) {
    return refuse(in, name, make_error(ErrorCode::forbidden, "others may write to the file"));
  }
  if (!detail::is_good_name(name)) {
    return refuse(in, name,
                  make_error(ErrorCode::invalid,
                             "the name is longer than 200 bytes, or holds other characters than "
                             "letters, digits, hyphen, underscore, dot and space"));
  }
  const std::string_view content_type = content_type_of(name);
  if (content_type.empty()) {
    return refuse(in, name,
                  make_error(ErrorCode::unsupported, "the name ends with neither .json nor .xml"));
  }
  if (shape.size > settings.max_bytes) {
    return refuse(
        in, name,
        make_error(ErrorCode::too_long,
                   "the file is longer than " + std::to_string(settings.max_bytes) + " bytes"));
  }
  Letter letter;
  letter.received_at = parts.clock();
  letter.content_type = content_type;
  auto bytes = detail::read_whole(file, shape.size);
  if (!bytes || !is_still(in.get(), name, file.get(), shape)) {
    failed(name, "transient");
    return End::later;
  }
  letter.bytes = *std::move(bytes);
  const std::string digest = to_hex(sha256(letter.bytes));
  letter.key = "file-" + to_hex(sha256(settings.name + "\n" + name + "\n" + digest));
  return submit(in, name, std::move(letter));
}

FileDoor::Impl::End FileDoor::Impl::submit(const detail::Folder& in, const std::string& name,
                                           Letter letter) {
  const std::string key = letter.key;
  if (const std::int32_t ends = suspects.ends(key); ends >= settings.poison) {
    const Error poison =
        make_error(ErrorCode::too_costly, "the gateway ended " + std::to_string(ends) +
                                              " times while it worked on this message");
    // Once: should the process end with it again, it does harm that the trial does not see.
    const bool harmless = ends == settings.poison && parts.trial && parts.trial(letter).has_value();
    if (!harmless) {
      const End end = refuse(in, name, poison);
      if (end == End::done) suspects.clear(key);
      return end;
    }
  }
  step("mark");
  if (!suspects.mark(key)) {
    failed(name, "transient");
    return End::wait;
  }
  step("submit");
  const Result<Taken> taken = parts.submit(std::move(letter));
  step("unmark");
  suspects.clear(key);
  if (taken) {
    failures = 0;
    return accept(in, name, *taken);
  }
  const ErrorCode code = taken.error().code;
  if (error_row(code).retryable || code == ErrorCode::internal) {
    failed(name, error_row(code).name);
    return End::wait;
  }
  failures = 0;
  return refuse(in, name, taken.error());
}

/// It stays, and is left alone for a while.
void FileDoor::Impl::failed(const std::string& name, std::string_view code) {
  Waiting& one = waiting.at(name);
  ++one.failures;
  one.not_before = parts.clock() + doubled(settings.retry_base, settings.retry_cap, one.failures);
  tell(Notice::Kind::retried, name, "", code);
}

FileDoor::Impl::End FileDoor::Impl::accept(const detail::Folder& in, const std::string& name,
                                           const Taken& taken) {
  step("move");
  const auto moved = in.move(name, detail::kAccepted, name);
  step("sync");
  // Committed it is; should the move not hold, the key will say so.
  if (!moved || !in.sync(detail::kAccepted)) {
    failed(name, "transient");
    return End::later;
  }
  tell(taken.replayed ? Notice::Kind::replayed : Notice::Kind::accepted, name, taken.exchange, "");
  return End::done;
}

FileDoor::Impl::End FileDoor::Impl::refuse(const detail::Folder& in, const std::string& name,
                                           const Error& error) {
  // A name that should not be stays out of the names here.
  const std::string wanted = detail::is_good_name(name) ? name : "unnamed-" + hash_of(name);
  const std::string free = in.free_name(detail::kRefused, wanted);
  step("write outcome");
  bool left = in.leave(detail::kRefused, free + ".outcome.json", parts.outcome(error),
                       [this] { step("name outcome"); });
  step("move");
  left = left && in.move(name, detail::kRefused, free);
  step("sync");
  if (!left || !in.sync(detail::kRefused)) {
    failed(name, "transient");
    return End::later;
  }
  tell(Notice::Kind::refused, name, "", error_row(error.code).name);
  return End::done;
}

}  // namespace concord::doors::files
