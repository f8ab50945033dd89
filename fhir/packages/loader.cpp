#include "fhir/packages/detail/loader.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <unordered_map>

#include "fhir/packages/archive.h"
#include "fhir/packages/version.h"

namespace concord::packages {

namespace fs = std::filesystem;

namespace {

/// Folders beside the definitions of a package or a repository.
constexpr std::array<std::string_view, 3> kExampleFolders{"example", "examples", "tests"};
constexpr std::array<std::string_view, 4> kSideFolders{"other", "openapi", "node_modules", "rdf"};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

/// hl7.fhir.r4.core is that of 4.0.
std::string_view core_package_of(std::string_view fhir_version) {
  if (same_minor(fhir_version, "3.0.0")) return "hl7.fhir.r3.core";
  if (same_minor(fhir_version, "4.0.0")) return "hl7.fhir.r4.core";
  if (same_minor(fhir_version, "4.3.0")) return "hl7.fhir.r4b.core";
  if (same_minor(fhir_version, "5.0.0")) return "hl7.fhir.r5.core";
  return {};
}

}  // namespace

void Loader::warn(std::string text) {
  done_.warnings.push_back({Severity::warning, {}, std::move(text), {}, {}, {}});
}

const PackageFolders& Loader::folders() {
  if (!folders_) {
    folders_.emplace(options_.folders, options_.cache, options_.bounds, symbols_);
    for (const Issue& problem : folders_->problems()) done_.warnings.push_back(problem);
  }
  return *folders_;
}

Result<Loaded> Loader::add(const fs::path& what) {
  std::error_code failed;
  const std::size_t before = store_.items.size();
  Result<void> added;
  if (fs::is_directory(what, failed)) {
    added = add_folder(what);
  } else if (fs::is_regular_file(what, failed)) {
    if (is_archive_name(what)) {
      added = add_archive(what);
    } else {
      auto bytes = read_file(what, options_.bounds.max_file);
      if (!bytes) return std::move(bytes).error();
      if (is_gzip(*bytes)) {
        added = add_archive(what);
      } else if (auto one = add_text(what.string(), *std::move(bytes)); !one) {
        added = std::move(one).error();
      }
    }
  } else {
    const std::string name = what.string();
    const std::size_t mark = name.find_first_of("#@");
    if (!is_package_id(name.substr(0, mark))) {
      return make_error(ErrorCode::not_found, name + ": no such file, folder or package");
    }
    added = add_named(name.substr(0, mark), mark == std::string::npos ? "" : name.substr(mark + 1));
  }
  store_.close_packages();
  if (!added) return std::move(added).error();
  done_.resources = store_.items.size() - before;
  return std::move(done_);
}

Result<const Entry*> Loader::add_text(std::string name, std::string bytes) {
  auto read = read_resource(bytes, symbols_);
  if (!read) {
    for (Issue& issue : read.error().issues) issue.text = name + ": " + issue.text;
    return std::move(read).error();
  }
  if (read->mistake) warn(name + ": " + to_string(*read->mistake));
  tree::Document* document = &read->document;
  const Source source;
  if (document->text(document->root().type()) == "Bundle") {
    CONCORD_TRY(add_bundle(source, name, std::move(*document)));
    return nullptr;
  }
  return add_resource(source, name, {pack_text(bytes), {}, bytes.size()}, *document,
                      document->root());
}

// ---- packages ----------------------------------------------------------------------------------

bool Loader::is_core(std::string_view id, std::string_view version) const {
  const std::string_view own = store_.core->fhir_version();
  return id == core_package_of(own) || (id == "hl7.fhir.core" && same_minor(version, own));
}

std::optional<std::uint32_t> Loader::loaded(std::string_view id, std::string_view version) const {
  for (std::uint32_t i = 0; i < store_.packages.size(); ++i) {
    if (store_.packages[i].id == id && store_.packages[i].version == version) return i;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Loader::open_package(const Manifest& manifest, const fs::path& from) {
  if (depth_ > 0 && is_core(manifest.id, manifest.version)) return std::nullopt;
  if (loaded(manifest.id, manifest.version)) return std::nullopt;
  Package package;
  package.id = manifest.id;
  package.version = manifest.version;
  package.canonical = manifest.canonical;
  package.from = from;
  if (!manifest.fhir_versions.empty()) package.fhir_version = manifest.fhir_versions.front();
  for (const auto& [id, version] : manifest.dependencies) {
    package.dependencies.push_back(id + '#' + version);
  }
  store_.packages.push_back(std::move(package));
  return static_cast<std::uint32_t>(store_.packages.size() - 1);
}

/// Depth first; each package was registered before its dependencies, so circles end.
void Loader::add_dependencies(std::uint32_t package, const Manifest& manifest) {
  if (!options_.dependencies) return;
  for (const auto& [id, version] : manifest.dependencies) {
    if (is_core(id, version) || id == manifest.id) continue;
    std::optional<std::uint32_t> found;
    const Place* place = folders().find(id, version);
    if (place != nullptr) found = loaded(place->manifest.id, place->manifest.version);
    for (std::uint32_t i = 0; !found && place == nullptr && i < store_.packages.size(); ++i) {
      const Package& other = store_.packages[i];
      if (other.id == id && dependency_fits(version, other.version)) found = i;
    }
    const std::string needs = "package " + manifest.label() + " depends on " + id + '#' + version;
    if (!found && place != nullptr) {
      ++depth_;
      const auto added = add_place(*place);
      --depth_;
      found = loaded(place->manifest.id, place->manifest.version);
      if (!added) warn(needs + ", which cannot be loaded: " + to_string(added.error()));
    }
    if (found) {
      store_.packages[package].resolved.push_back(*found);
    } else if (place == nullptr) {
      warn(needs + ", which was not found");
    }
  }
}

Result<void> Loader::add_place(const Place& place) {
  return place.archive ? add_archive(place.path) : add_package_folder(place.path);
}

Result<void> Loader::add_named(std::string_view id, std::string_view version) {
  const Place* place = folders().find(id, version);
  if (place == nullptr) {
    std::string named(id);
    if (!version.empty()) named.append("#").append(version);
    return make_error(ErrorCode::not_found,
                      named + ": no such file or folder, nor a package in the package folders");
  }
  return add_place(*place);
}

Result<void> Loader::add_archive(const fs::path& file) {
  if (store_.packages.size() >= options_.bounds.max_packages) {
    return make_error(ErrorCode::too_long, "more packages than allowed");
  }
  std::optional<std::string> manifest_text, index;
  std::unordered_map<std::string, std::size_t> positions;
  std::vector<File> files;
  const auto wanted = [&](std::string_view path) {
    return path == "package/package.json" || path == "package/.index.json" ||
           is_resource_file(path);
  };
  CONCORD_TRY(read_archive(
      file, options_.bounds, wanted, [&](std::string_view path, std::string bytes) -> Result<bool> {
        if (path == "package/package.json") {
          manifest_text = std::move(bytes);
        } else if (path == "package/.index.json") {
          index = std::move(bytes);
        } else if (!bytes.empty()) {
          if (path.starts_with("package/")) path.remove_prefix(8);
          const auto [at, is_new] = positions.try_emplace(std::string(path), files.size());
          if (is_new) files.emplace_back();
          // A name written twice: the last one counts, as for tar.
          if (!is_new) warn(file.filename().string() + ": holds twice: " + std::string(path));
          files[at->second] = {std::string(path), {pack_text(bytes), {}, bytes.size()}, {}};
        }
        return true;
      }));
  const std::string name = file.filename().string();
  if (!manifest_text) {
    return make_error(ErrorCode::invalid, name + ": no FHIR package (no package/package.json)");
  }
  auto manifest = read_manifest(*std::move(manifest_text), symbols_);
  if (!manifest) {
    for (Issue& issue : manifest.error().issues) issue.text = name + ": " + issue.text;
    return std::move(manifest).error();
  }
  const auto package = open_package(*manifest, file);
  if (!package) return {};
  add_dependencies(*package, *manifest);
  add_files(*package, std::move(files), index ? &*index : nullptr, {});
  return {};
}

Result<void> Loader::add_package_folder(const fs::path& root) {
  if (store_.packages.size() >= options_.bounds.max_packages) {
    return make_error(ErrorCode::too_long, "more packages than allowed");
  }
  CONCORD_ASSIGN(std::string text, read_file(root / "package.json", options_.bounds.max_file));
  auto manifest = read_manifest(std::move(text), symbols_);
  if (!manifest) {
    for (Issue& issue : manifest.error().issues) {
      issue.text = (root / "package.json").string() + ": " + issue.text;
    }
    return std::move(manifest).error();
  }
  // A folder called "package" is an unpacked archive; any other may be a repository with folders.
  const bool unpacked = root.filename() == "package";
  if (unpacked) {
    // The cache calls what moves "current" or "dev"; that is what others ask for.
    const std::string folder = root.parent_path().filename().string();
    if (folder == manifest->id + "#current" || folder == manifest->id + "#dev") {
      manifest->version = folder.substr(manifest->id.size() + 1);
    }
  }
  CONCORD_ASSIGN(const std::vector<fs::path> found, files_below(root, !unpacked));
  const auto package = open_package(*manifest, root);
  if (!package) return {};
  add_dependencies(*package, *manifest);
  std::vector<File> files;
  for (const fs::path& path : found) {
    files.push_back({path.lexically_relative(root).generic_string(), {{}, path, 0}, {}});
  }
  std::error_code none;
  const auto index = read_file(root / ".index.json", options_.bounds.max_file);
  const auto written = fs::last_write_time(root / ".index.json", none);
  add_files(*package, std::move(files), index ? &*index : nullptr, written);
  return {};
}

// ---- folders -----------------------------------------------------------------------------------

Result<void> Loader::add_folder(const fs::path& folder) {
  if (const auto root = package_root(folder)) return add_package_folder(*root);
  CONCORD_ASSIGN(const std::vector<fs::path> found, files_below(folder, true));
  // Packages within, each with what it needs from the same folder.
  std::vector<fs::path> all(options_.folders);
  all.push_back(folder);
  folders_.emplace(all, options_.cache, options_.bounds, symbols_);
  for (const Issue& problem : folders_->problems()) done_.warnings.push_back(problem);
  ++depth_;  // the core's own package may lie here; its definitions are there already
  for (const Place& place : folders_->places()) {
    const fs::path above = place.path.parent_path();
    if (place.cached || (above != folder && above.parent_path() != folder)) continue;
    if (loaded(place.manifest.id, place.manifest.version)) continue;
    if (const auto added = add_place(place); !added) {
      warn(place.path.string() + ": cannot be loaded: " + to_string(added.error()));
    }
  }
  --depth_;
  const Source source;
  for (const fs::path& path : found) {
    File file{path.lexically_relative(folder).generic_string(), {{}, path, 0}, {}};
    file.shown = path.string();
    add_scanned(source, file);
  }
  return {};
}

bool Loader::is_resource_file(std::string_view path) const {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = path.substr(slash + 1);
  if (name.empty() || name[0] == '.' || name == "package.json" ||
      (!name.ends_with(".json") && !name.ends_with(".xml"))) {
    return false;
  }
  if (slash == std::string_view::npos || path.substr(0, slash) == "package") return true;
  const bool example = path.starts_with("example/") || path.starts_with("package/example");
  return options_.examples && example;
}

Result<std::vector<fs::path>> Loader::files_below(const fs::path& folder, bool deep) {
  std::vector<fs::path> found, open{folder};
  std::size_t seen = 0;
  while (!open.empty()) {
    const fs::path at = std::move(open.back());
    open.pop_back();
    std::error_code failed;
    for (fs::directory_iterator entry(at, failed), end; !failed && entry != end;
         entry.increment(failed)) {
      if (++seen > options_.bounds.max_entries) {
        return make_error(ErrorCode::too_long, folder.string() + ": more files than allowed");
      }
      const fs::path& path = entry->path();
      const std::string name = path.filename().string();
      std::error_code none;
      if (fs::is_directory(fs::symlink_status(path, none))) {
        const bool example = is_one_of(name, kExampleFolders);
        if (name.starts_with('.') || is_one_of(name, kSideFolders) ||
            (example && !options_.examples) || (!deep && !example) || package_root(path)) {
          continue;
        }
        open.push_back(path);
      } else if (fs::is_regular_file(path, none) && is_resource_file(name)) {
        found.push_back(path);
      }
    }
    if (failed) warn(at.string() + ": cannot be read");
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace concord::packages
