#pragma once
// Adds packages, folders and files to a registry.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fhir/packages/detail/store.h"
#include "fhir/packages/manifest.h"
#include "fhir/packages/package_folder.h"
#include "fhir/packages/registry.h"

namespace concord::packages {

/// One call of add(). Used once.
class Loader {
 public:
  Loader(Registry::Store& store, const AddOptions& options)
      : store_(store), options_(options), symbols_(store.core->symbols()) {}

  Result<Loaded> add(const std::filesystem::path& what);
  Result<const Entry*> add_text(std::string name, std::string bytes);

 private:
  struct File {
    std::string name;  ///< within its package or folder
    Stored stored;
    std::string shown;  ///< for messages and Entry::file, when not the name
  };
  /// Resources in files outside any package, or those of one package.
  struct Source {
    std::uint32_t package = Item::kNoPackage;
    std::string label;  ///< Entry::package; empty: the file itself
    std::string fhir_version;
  };

  Result<void> add_archive(const std::filesystem::path& file);
  Result<void> add_folder(const std::filesystem::path& folder);
  Result<void> add_package_folder(const std::filesystem::path& folder);
  Result<void> add_named(std::string_view id, std::string_view version);
  Result<void> add_place(const Place& place);

  /// Registers the package; nothing when it is there already or is the core itself.
  std::optional<std::uint32_t> open_package(const Manifest& manifest,
                                            const std::filesystem::path& from);
  void add_dependencies(std::uint32_t package, const Manifest& manifest);
  bool is_core(std::string_view id, std::string_view version) const;
  std::optional<std::uint32_t> loaded(std::string_view id, std::string_view version) const;

  /// The files of a folder and of the folders below it that may hold definitions.
  Result<std::vector<std::filesystem::path>> files_below(const std::filesystem::path& folder,
                                                         bool deep);
  void add_files(std::uint32_t package, std::vector<File> files, const std::string* index,
                 std::filesystem::file_time_type index_written);
  bool add_by_index(const Source& source, File& file, const IndexRow& row,
                    std::filesystem::file_time_type index_written);
  void add_scanned(const Source& source, File& file);
  const Entry* add_resource(const Source& source, const std::string& name, Stored stored,
                            const tree::Document& document, const tree::Node& resource);
  Result<void> add_bundle(const Source& source, const std::string& name, tree::Document document);
  bool is_resource_file(std::string_view path) const;
  const PackageFolders& folders();
  void warn(std::string text);

  Registry::Store& store_;
  const AddOptions& options_;
  const tree::Symbols& symbols_;
  std::optional<PackageFolders> folders_;
  Loaded done_;
  std::size_t depth_ = 0;  ///< above 0: not what the caller named, but what that needs
  std::size_t read_ = 0;   ///< bytes scanned
};

}  // namespace concord::packages
