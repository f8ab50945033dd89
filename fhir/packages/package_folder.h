#pragma once
/// Where packages are kept: folders with archives and unpacked packages, and the user's FHIR cache.
/// Built once, then any number of threads may ask. Nothing is ever written.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/packages/manifest.h"
#include "fhir/packages/registry.h"

namespace concord::packages {

/// One package somewhere on disk.
struct Place {
  Manifest manifest;
  std::filesystem::path path;  ///< the .tgz, or the folder that holds package.json
  bool archive = false;
  bool cached = false;  ///< in the FHIR cache
};

class PackageFolders {
 public:
  /// Looks at the first level of each folder. The cache has its own layout, `id#version/package`,
  /// and packages.ini whose `[cache] version` must be 3 or 4. What cannot be read is in problems().
  PackageFolders(std::span<const std::filesystem::path> folders, const std::filesystem::path& cache,
                 const Bounds& bounds, const tree::Symbols& symbols);

  std::span<const Place> places() const noexcept { return places_; }
  std::span<const Issue> problems() const noexcept { return problems_; }

  /// The best package for a dependency: exact, a partial version or x wildcards; "current" and
  /// "dev" in the cache only; without version or "latest" the highest, releases before
  /// pre-releases. Null when there is none.
  const Place* find(std::string_view id, std::string_view version) const;

 private:
  void look_into(const std::filesystem::path& folder, const Bounds& bounds,
                 const tree::Symbols& symbols);
  void look_into_cache(const std::filesystem::path& cache, const Bounds& bounds,
                       const tree::Symbols& symbols);
  void problem(std::string text);

  std::vector<Place> places_;
  std::vector<Issue> problems_;
};

/// The folder within `folder` that holds package.json: "package", or itself; nothing otherwise.
std::optional<std::filesystem::path> package_root(const std::filesystem::path& folder);

/// package.json of an archive.
/// Errors: those of read_archive and read_manifest; invalid (no package.json).
Result<Manifest> manifest_of_archive(const std::filesystem::path& file, const Bounds& bounds,
                                     const tree::Symbols& symbols);

bool is_archive_name(const std::filesystem::path& file);

}  // namespace concord::packages
