#include "fhir/packages/package_folder.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "fhir/packages/archive.h"
#include "fhir/packages/detail/store.h"
#include "fhir/packages/version.h"

namespace concord::packages {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kManifestBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxPlaces = 20'000;

/// The names in a folder, sorted; nothing when it cannot be read.
std::vector<fs::path> sorted_names(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (found.size() >= kMaxPlaces) break;
    found.push_back(at->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_folder(const fs::path& path) {
  std::error_code failed;
  return fs::is_directory(path, failed);
}
bool is_file(const fs::path& path) {
  std::error_code failed;
  return fs::is_regular_file(path, failed);
}

/// `[cache] version` of packages.ini; empty when it says nothing.
std::string cache_version(const std::string& text) {
  std::string section;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    std::erase_if(line, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
    if (line.starts_with('[')) section = line;
    if (section == "[cache]" && line.starts_with("version=")) return line.substr(8);
  }
  return {};
}

}  // namespace

bool is_archive_name(const fs::path& file) {
  const std::string name = file.filename().string();
  return !name.starts_with('.') && (name.ends_with(".tgz") || name.ends_with(".tar.gz"));
}

std::optional<fs::path> package_root(const fs::path& folder) {
  if (is_file(folder / "package" / "package.json")) return folder / "package";
  if (is_file(folder / "package.json")) return folder;
  return std::nullopt;
}

Result<Manifest> manifest_of_archive(const fs::path& file, const Bounds& bounds,
                                     const tree::Symbols& symbols) {
  std::optional<std::string> bytes;
  CONCORD_TRY(read_archive(
      file, bounds, [](std::string_view path) { return path == "package/package.json"; },
      [&](std::string_view, std::string found) -> Result<bool> {
        bytes = std::move(found);
        return false;
      }));
  if (!bytes) {
    return make_error(ErrorCode::invalid,
                      file.filename().string() + ": no FHIR package (no package/package.json)");
  }
  auto manifest = read_manifest(*std::move(bytes), symbols);
  if (!manifest) {
    for (Issue& issue : manifest.error().issues) {
      issue.text = file.filename().string() + ": package.json: " + issue.text;
    }
  }
  return manifest;
}

PackageFolders::PackageFolders(std::span<const fs::path> folders, const fs::path& cache,
                               const Bounds& bounds, const tree::Symbols& symbols) {
  for (const fs::path& folder : folders) look_into(folder, bounds, symbols);
  if (!cache.empty()) look_into_cache(cache, bounds, symbols);
}

void PackageFolders::problem(std::string text) {
  problems_.push_back({Severity::warning, {}, std::move(text), {}, {}, {}});
}

void PackageFolders::look_into(const fs::path& folder, const Bounds& bounds,
                               const tree::Symbols& symbols) {
  if (!is_folder(folder)) return problem(folder.string() + ": no such folder");
  const auto take = [&](const fs::path& root) {
    auto text = read_file(root / "package.json", kManifestBytes);
    auto manifest =
        text ? read_manifest(*std::move(text), symbols) : Result<Manifest>(text.error());
    if (!manifest) {
      return problem((root / "package.json").string() + ": " + to_string(manifest.error()));
    }
    places_.push_back({*std::move(manifest), root, false, false});
  };
  if (const auto root = package_root(folder)) take(*root);
  for (const fs::path& path : sorted_names(folder)) {
    if (is_folder(path)) {
      if (path.filename() == "package") continue;
      if (const auto root = package_root(path)) take(*root);
    } else if (is_archive_name(path)) {
      auto manifest = manifest_of_archive(path, bounds, symbols);
      if (manifest) {
        places_.push_back({*std::move(manifest), path, true, false});
      } else {
        problem(to_string(manifest.error()));
      }
    }
  }
}

void PackageFolders::look_into_cache(const fs::path& cache, const Bounds&,
                                     const tree::Symbols& symbols) {
  if (!is_folder(cache)) return;  // nobody used it yet
  if (const auto ini = read_file(cache / "packages.ini", kManifestBytes)) {
    const std::string version = cache_version(*ini);
    if (version != "3" && version != "4") {
      return problem(cache.string() + ": packages.ini names a cache version that is not known" +
                     (version.empty() ? "" : ": " + version));
    }
  }
  for (const fs::path& path : sorted_names(cache)) {
    const std::string name = path.filename().string();
    const std::size_t hash = name.find('#');
    if (hash == std::string::npos || !is_package_id(name.substr(0, hash)) || !is_folder(path)) {
      continue;
    }
    std::error_code failed;
    if (fs::exists(path.string() + ".lock", failed)) {
      problem(name + ": left out, another program is writing it to the cache");
      continue;
    }
    const auto root = package_root(path);
    if (!root) continue;
    auto text = read_file(*root / "package.json", kManifestBytes);
    auto manifest =
        text ? read_manifest(*std::move(text), symbols) : Result<Manifest>(text.error());
    if (!manifest) {
      problem(name + ": " + to_string(manifest.error()));
      continue;
    }
    // The folder says which version it is asked for by: "current", "dev" or the published one.
    manifest->id = name.substr(0, hash);
    manifest->version = name.substr(hash + 1);
    places_.push_back({*std::move(manifest), *root, false, true});
  }
}

const Place* PackageFolders::find(std::string_view id, std::string_view version) const {
  const bool moving = version == "current" || version == "dev" || version.starts_with("current$");
  const Place* best = nullptr;
  const auto rank = [&](const Place& place) {
    return std::pair(place.manifest.version == version, !is_prerelease(place.manifest.version));
  };
  for (const Place& place : places_) {
    if (place.manifest.id != id) continue;
    const std::string& own = place.manifest.version;
    if (moving ? !place.cached || own != version
               : own == "current" || own == "dev" || !dependency_fits(version, own)) {
      continue;
    }
    if (best == nullptr || rank(place) > rank(*best) ||
        (rank(place) == rank(*best) && compare_versions(own, best->manifest.version) > 0)) {
      best = &place;
    }
  }
  if (best == nullptr && version == "dev") return find(id, "current");
  return best;
}

}  // namespace concord::packages
