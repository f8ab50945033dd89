#include "gateway/app/trust_files.h"

#include <algorithm>
#include <array>

#include "gateway/app/engine.h"

namespace concord::app {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> kExtensions{".pem", ".crt", ".cer", ".der", ".crl"};

/// The files a path stands for. Errors: not_found.
Result<std::vector<fs::path>> files_of(const std::string& path) {
  std::error_code failed;
  if (!fs::is_directory(path, failed)) return std::vector<fs::path>{path};
  std::vector<fs::path> files;
  for (fs::directory_iterator at(path, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string extension = at->path().extension().string();
    if (std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end()) {
      files.push_back(at->path());
    }
  }
  if (failed) return make_error(ErrorCode::not_found, "cannot read the folder " + path);
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::vector<eps::TrustFile>> read_all(const std::vector<std::string>& paths) {
  std::vector<eps::TrustFile> read;
  for (const std::string& path : paths) {
    CONCORD_ASSIGN(const std::vector<fs::path> files, files_of(path));
    for (const fs::path& file : files) {
      if (read.size() == eps::TrustStore::kMostCertificates) {
        return make_error(ErrorCode::too_long, "more than 1000 files of certificates or lists");
      }
      CONCORD_ASSIGN(std::string bytes, read_whole(file, eps::TrustStore::kMostBytes));
      read.push_back({file.string(), std::move(bytes)});
    }
  }
  return read;
}

/// Names, sizes and times of every file: what changes when one does.
std::string stamp_of(const TrustPaths& paths) {
  std::string stamp;
  for (const auto* list : {&paths.anchors, &paths.authorities, &paths.revocation_lists}) {
    for (const std::string& path : *list) {
      const auto files = files_of(path);
      if (!files) continue;
      for (const fs::path& file : *files) {
        std::error_code failed;
        stamp += file.string() + '|' + std::to_string(fs::file_size(file, failed)) + '|';
        const auto changed = fs::last_write_time(file, failed);
        stamp += std::to_string(failed ? 0 : changed.time_since_epoch().count()) + '\n';
      }
    }
  }
  return stamp;
}

}  // namespace

TrustPaths trust_paths(const Config::Eps::Trust& config) {
  TrustPaths paths;
  paths.anchors = config.anchors;
  paths.authorities = config.authorities;
  paths.revocation_lists = config.revocation_lists;
  paths.rules.unreachable =
      config.unreachable == "warn" ? eps::Unreachable::warn : eps::Unreachable::refuse;
  paths.rules.least_key_bits = config.least_key_bits;
  if (const auto until = parse_instant(config.sha1_until + "T00:00:00Z")) {
    paths.rules.sha1_until = *until;
  }
  return paths;
}

Result<std::shared_ptr<const eps::TrustStore>> load_trust(const TrustPaths& paths) {
  eps::TrustPolicy policy = paths.rules;
  CONCORD_ASSIGN(policy.anchors, read_all(paths.anchors));
  CONCORD_ASSIGN(policy.authorities, read_all(paths.authorities));
  CONCORD_ASSIGN(policy.revocation_lists, read_all(paths.revocation_lists));
  return eps::TrustStore::compile(policy);
}

Result<std::unique_ptr<TrustKeeper>> TrustKeeper::load(TrustPaths paths) {
  std::unique_ptr<TrustKeeper> keeper(new TrustKeeper(std::move(paths)));
  CONCORD_TRY(keeper->reload());
  return keeper;
}

std::shared_ptr<const eps::TrustStore> TrustKeeper::current() const {
  const std::scoped_lock lock(guard_);
  return store_;
}

Result<void> TrustKeeper::reload() {
  const std::scoped_lock reading(reading_);
  // Before the files: one that changes while it is read is read again next time.
  std::string stamp = stamp_of(paths_);
  CONCORD_ASSIGN(auto store, load_trust(paths_));
  stamp_ = std::move(stamp);
  const std::scoped_lock lock(guard_);
  store_ = std::move(store);
  return {};
}

Result<bool> TrustKeeper::refresh() {
  {
    const std::scoped_lock reading(reading_);
    if (stamp_of(paths_) == stamp_) return false;
  }
  CONCORD_TRY(reload());
  return true;
}

}  // namespace concord::app
