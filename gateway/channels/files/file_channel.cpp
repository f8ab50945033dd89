#include "gateway/channels/files/file_channel.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "fhir/core/descriptor.h"

namespace concord::channels::files {

namespace {

/// As much of an id as a name takes: two of them, a dot and ".tmp" fit in 255 bytes.
constexpr std::size_t kLongestPart = 100;

/// An id as part of a name: nothing that leads out of the folder or hides a file.
std::string name_part(std::string_view id) {
  std::string part(id.substr(0, kLongestPart));
  std::replace_if(
      part.begin(), part.end(),
      [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return !letter && !(c >= '0' && c <= '9') && c != '-';
      },
      '-');
  return part;
}

enum class Holds : std::uint8_t { these, others, unreadable };

/// Whether a file holds just these bytes. Not through a symbolic link: that is somebody else's
/// file.
Holds what_holds(int folder, const std::string& name, std::string_view bytes) {
  const Descriptor file(
      ::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) return errno == ELOOP ? Holds::others : Holds::unreadable;
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return Holds::unreadable;
  if (!S_ISREG(about.st_mode) || static_cast<std::size_t>(about.st_size) != bytes.size()) {
    return Holds::others;
  }
  std::array<char, 65536> chunk;
  while (!bytes.empty()) {
    const ssize_t count = ::read(file.get(), chunk.data(), std::min(chunk.size(), bytes.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Holds::unreadable;
    const auto size = static_cast<std::size_t>(count);
    if (std::string_view(chunk.data(), size) != bytes.substr(0, size)) return Holds::others;
    bytes.remove_prefix(size);
  }
  return Holds::these;
}

Receipt ended(Carried carried, std::string reason) {
  Receipt receipt;
  receipt.carried = carried;
  receipt.reason = std::move(reason);
  return receipt;
}

/// Public words for why a step failed: no path, no name.
std::string words_for(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "there is no space in the folder of the destination";
    case EACCES:
    case EPERM:
    case EROFS:
      return "the folder of the destination may not be written to";
    case ENOENT:
    case ENOTDIR:
      return "the folder of the destination is not there";
    default:
      return "the folder of the destination cannot be written to (errno " + std::to_string(error) +
             ")";
  }
}

class FileChannel final : public Channel {
 public:
  FileChannel(std::map<std::string, DropFolder> folders, StepHook on_step)
      : folders_(folders.begin(), folders.end()), on_step_(std::move(on_step)) {}

  std::string_view name() const override { return "files"; }
  bool knows(std::string_view destination) const override {
    return folders_.find(destination) != folders_.end();
  }
  Receipt deliver(const Delivery& delivery, std::chrono::milliseconds timeout,
                  std::stop_token stop) override;

 private:
  void step(std::string_view name) const {
    if (on_step_) on_step_(name);
  }
  Receipt leave(const DropFolder& drop, const Delivery& delivery) const;
  Receipt publish(int folder, int file, const std::string& unfinished, const std::string& name,
                  const Delivery& delivery) const;

  std::map<std::string, DropFolder, std::less<>> folders_;
  StepHook on_step_;
};

Receipt FileChannel::deliver(const Delivery& delivery, std::chrono::milliseconds,
                             std::stop_token stop) {
  const auto found = folders_.find(delivery.destination);
  if (found == folders_.end()) {
    return ended(Carried::turned_away, "the destination is not configured for this channel");
  }
  if (stop.stop_requested()) return ended(Carried::not_sent, "stopped");
  return leave(found->second, delivery);
}

Receipt FileChannel::leave(const DropFolder& drop, const Delivery& delivery) const {
  const Descriptor folder(::open(drop.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return ended(Carried::not_sent, words_for(errno));
  const std::string name =
      name_part(delivery.item) + "_" + name_part(delivery.message_id) + drop.suffix;
  // What an earlier life left unfinished goes. Nothing is ever opened for writing twice, and the
  // file gets its name by its descriptor: whoever else is at work here, what is published is what
  // was written and synced by this attempt.
  const std::string unfinished = "." + name + ".tmp";
  step("create");
  ::unlinkat(folder.get(), unfinished.c_str(), 0);
  const Descriptor file(::openat(folder.get(), unfinished.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file.is_open()) return ended(Carried::not_sent, words_for(errno));
  step("write");
  bool written = write_all(file.get(), delivery.bytes);
  step("sync");
  written = written && ::fsync(file.get()) == 0;
  if (!written) {
    const int error = errno;
    ::unlinkat(folder.get(), unfinished.c_str(), 0);  // gives the space back
    return ended(Carried::not_sent, words_for(error));
  }
  return publish(folder.get(), file.get(), unfinished, name, delivery);
}

/// Gives the file its name, which no other file may have.
Receipt FileChannel::publish(int folder, int file, const std::string& unfinished,
                             const std::string& name, const Delivery& delivery) const {
  step("publish");
  const std::string itself = "/proc/self/fd/" + std::to_string(file);
  const bool named =
      ::linkat(AT_FDCWD, itself.c_str(), folder, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  const int error = named ? 0 : errno;
  if (!named && error != EEXIST) {
    ::unlinkat(folder, unfinished.c_str(), 0);
    return ended(Carried::not_sent, words_for(error));
  }
  if (!named) {
    const Holds holds = what_holds(folder, name, delivery.bytes);
    if (holds != Holds::these) {
      ::unlinkat(folder, unfinished.c_str(), 0);
      // Gone between two looks: the receiver took it, and the next attempt leaves it again.
      if (holds == Holds::unreadable) {
        return ended(Carried::unknown, "the file of an earlier attempt cannot be read");
      }
      return ended(Carried::turned_away, "a file of that name holds something else");
    }
  }
  step("remove");
  ::unlinkat(folder, unfinished.c_str(), 0);
  step("sync folder");
  if (::fsync(folder) != 0) {
    return ended(Carried::unknown, "the folder of the destination could not be synced");
  }
  return ended(Carried::answered, "");
}

}  // namespace

Result<std::unique_ptr<Channel>> make_channel(std::map<std::string, DropFolder> folders,
                                              StepHook on_step) {
  for (const auto& [name, drop] : folders) {
    if (drop.folder.empty()) {
      return make_error(ErrorCode::invalid, "files destination \"" + name + "\": no folder");
    }
    if (!drop.suffix.starts_with('.') || drop.suffix.find('/') != std::string::npos ||
        drop.suffix.size() > 16 || drop.suffix == ".tmp") {
      return make_error(ErrorCode::invalid,
                        "files destination \"" + name + "\": the suffix must begin with a dot");
    }
  }
  return std::unique_ptr<Channel>(
      std::make_unique<FileChannel>(std::move(folders), std::move(on_step)));
}

}  // namespace concord::channels::files
