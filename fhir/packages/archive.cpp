#include "fhir/packages/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>
#include <system_error>

namespace concord::packages {

namespace {

constexpr std::size_t kRatioFrom = std::size_t{16} << 20;  // small files may be all alike

struct Freed {
  void operator()(::archive* at) const { archive_read_free(at); }
};
using Archive = std::unique_ptr<::archive, Freed>;

/// What is wrong with a path, or nothing.
std::string_view fault_of(std::string_view path) {
  if (path.empty()) return "an entry without a name";
  if (path.size() > 1000) return "a path of more than 1,000 bytes";
  if (path.find('\0') != std::string_view::npos) return "a path with a zero byte";
  if (path.front() == '/' || path.find('\\') != std::string_view::npos ||
      (path.size() > 1 && path[1] == ':')) {
    return "an absolute path";
  }
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (path.substr(at, end - at) == "..") return "a path that leaves the archive";
    at = end + 1;
  }
  return {};
}

std::string_view kind_of(::archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return "a hard link";
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
    case AE_IFDIR:
      return {};
    case AE_IFLNK:
      return "a symbolic link";
    case AE_IFIFO:
      return "a pipe";
    case AE_IFSOCK:
      return "a socket";
    default:
      return "a device";
  }
}

class Reading {
 public:
  Reading(std::string_view name, const Bounds& bounds) : name_(name), bounds_(bounds) {
    archive_.reset(archive_read_new());
    if (archive_ == nullptr) return;
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_format_tar(archive_.get());
    archive_read_set_option(archive_.get(), "tar", "mac-ext", nullptr);  // "._x" are files
  }

  ::archive* archive() { return archive_.get(); }

  Result<void> run(std::size_t packed, const Wanted& wanted, const TakeFile& take) {
    std::size_t entries = 0;
    while (true) {
      ::archive_entry* entry = nullptr;
      const int status = archive_read_next_header(archive(), &entry);
      if (status == ARCHIVE_EOF) break;
      if (status < ARCHIVE_WARN) return damaged();
      if (++entries > bounds_.max_entries) return too_long("more files than allowed");
      const char* written = archive_entry_pathname(entry);
      std::string path = written == nullptr ? "" : written;
      while (path.starts_with("./")) path.erase(0, 2);
      if (path.empty() || path == ".") path = archive_entry_filetype(entry) == AE_IFDIR ? "." : "";
      if (const auto fault = fault_of(path); !fault.empty()) return refused(fault);
      if (const auto kind = kind_of(entry); !kind.empty()) return refused(kind);
      if (archive_entry_filetype(entry) == AE_IFDIR || !wanted(path)) {
        CONCORD_TRY(skip(packed));
        continue;
      }
      CONCORD_ASSIGN(std::string bytes, content(packed));
      CONCORD_ASSIGN(const bool more, take(path, std::move(bytes)));
      if (!more) return {};
    }
    if (entries == 0) return make_error(ErrorCode::malformed, name_ + ": the archive is empty");
    return {};
  }

  Error damaged() const {
    const char* why = archive_ == nullptr ? nullptr : archive_error_string(archive_.get());
    return make_error(ErrorCode::malformed, name_ + ": not a readable .tgz archive" +
                                                (why == nullptr ? "" : std::string(": ") + why));
  }

 private:
  Error refused(std::string_view why) const {
    return make_error(ErrorCode::invalid, name_ + ": the archive holds " + std::string(why));
  }
  Error too_long(std::string_view why) const {
    return make_error(ErrorCode::too_long, name_ + ": " + std::string(why));
  }

  /// Counts what the entry unpacks to; sizes in headers are not believed.
  Result<void> count(std::size_t bytes, std::size_t& of_file, std::size_t packed) {
    of_file += bytes;
    total_ += bytes;
    if (of_file > bounds_.max_file) return too_long("a file in it is longer than allowed");
    if (total_ > bounds_.max_total) return too_long("it unpacks to more than allowed");
    if (total_ > kRatioFrom && total_ / bounds_.max_ratio > packed) {
      return too_long("it unpacks to far more than its size");
    }
    return {};
  }

  Result<std::string> content(std::size_t packed) {
    std::string bytes;
    std::array<char, 16384> block;
    std::size_t of_file = 0;
    while (true) {
      const auto got = archive_read_data(archive(), block.data(), block.size());
      if (got < 0) return damaged();
      if (got == 0) return bytes;
      CONCORD_TRY(count(static_cast<std::size_t>(got), of_file, packed));
      bytes.append(block.data(), static_cast<std::size_t>(got));
    }
  }

  Result<void> skip(std::size_t packed) {
    std::array<char, 16384> block;
    std::size_t of_file = 0;
    while (true) {
      const auto got = archive_read_data(archive(), block.data(), block.size());
      if (got < 0) return damaged();
      if (got == 0) return {};
      CONCORD_TRY(count(static_cast<std::size_t>(got), of_file, packed));
    }
  }

  std::string name_;
  const Bounds& bounds_;
  Archive archive_;
  std::size_t total_ = 0;
};

}  // namespace

Result<void> read_archive(const std::filesystem::path& file, const Bounds& bounds,
                          const Wanted& wanted, const TakeFile& take) {
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(file, failed);
  const std::string name = file.filename().string();
  if (failed) return make_error(ErrorCode::not_found, name + ": cannot be read");
  if (size > bounds.max_archive) {
    return make_error(ErrorCode::too_long, name + ": the archive is longer than allowed");
  }
  Reading reading(name, bounds);
  if (reading.archive() == nullptr ||
      archive_read_open_filename(reading.archive(), file.c_str(), 65536) != ARCHIVE_OK) {
    return reading.damaged();
  }
  return reading.run(size, wanted, take);
}

Result<void> read_archive(std::string_view bytes, std::string_view name, const Bounds& bounds,
                          const Wanted& wanted, const TakeFile& take) {
  if (bytes.size() > bounds.max_archive) {
    return make_error(ErrorCode::too_long,
                      std::string(name) + ": the archive is longer than allowed");
  }
  Reading reading(name, bounds);
  if (reading.archive() == nullptr ||
      archive_read_open_memory(reading.archive(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return reading.damaged();
  }
  return reading.run(bytes.size(), wanted, take);
}

}  // namespace concord::packages
