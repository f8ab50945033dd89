#pragma once
/// Every conformance resource that can be named by a canonical url: those of R4 carried in the
/// binary and those of packages, folders and files loaded at run time.
/// Source: hl7.org/fhir/R4/references.html#canonical; confluence.hl7.org "NPM Package
/// Specification".

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/tree/document.h"

namespace concord::packages {

/// What is known of a loaded resource without reading it again. Texts live as long as the
/// registry. Its address is its identity.
struct Entry {
  std::string_view resource_type;  ///< "StructureDefinition"
  std::string_view url;            ///< canonical, without version; empty when it has none
  std::string_view version;
  std::string_view id;
  std::string_view name;         ///< may be missing when the package's own index spared the reading
  std::string_view kind;         ///< StructureDefinition.kind
  std::string_view type;         ///< StructureDefinition.type
  std::string_view derivation;   ///< "constraint" | "specialization"
  std::string_view supplements;  ///< CodeSystem.supplements
  std::string_view content;      ///< CodeSystem.content
  std::string_view package;      ///< "id#version"; the file for what came without a package
  std::string_view file;         ///< name of the file within its package or folder
  std::string_view
      fhir_version;         ///< of its package, else StructureDefinition.fhirVersion; or empty
  std::uint32_t index = 0;  ///< position in the order of loading
};

/// A table of r4.fbs with the pack it stands in (what Element.constraints counts into).
template <typename T>
struct Found {
  const T* table = nullptr;
  const definitions::pack::Pack* pack = nullptr;
  const Entry* entry = nullptr;  ///< null: from the core carried in the binary
  explicit operator bool() const noexcept { return table != nullptr; }
};

/// A package that was loaded.
struct Package {
  std::string id;
  std::string version;
  std::string canonical;
  std::string fhir_version;               ///< first of fhirVersions; empty when it says none
  std::vector<std::string> dependencies;  ///< "id#version" as written in package.json
  std::vector<std::uint32_t> resolved;    ///< positions in packages() of those that were found
  std::filesystem::path from;             ///< archive or folder
  std::size_t resources = 0;
};

/// Bounds on what is loaded. Past one of them: too_long.
struct Bounds {
  std::size_t max_archive = std::size_t{256} << 20;  ///< bytes of a .tgz
  std::size_t max_total = std::size_t{2} << 30;      ///< bytes unpacked, of one archive or folder
  std::size_t max_file = std::size_t{64} << 20;      ///< bytes of one file
  std::size_t max_entries = 100'000;                 ///< files in one archive or folder
  std::size_t max_ratio = 250;                       ///< unpacked over packed, beyond 16 MiB
  std::size_t max_packages = 500;                    ///< in one registry
};

struct AddOptions {
  /// Folders with .tgz files and unpacked packages, where dependencies are looked for. They are not
  /// read below their first level.
  std::vector<std::filesystem::path> folders;
  /// The user's FHIR cache (~/.fhir/packages); only read. Empty: none.
  std::filesystem::path cache;
  bool dependencies = true;
  /// Also what lies in folders called example, examples or tests.
  bool examples = false;
  Bounds bounds{};
};

/// What one call of add() did.
struct Loaded {
  std::vector<std::string> packages;  ///< "id#version", dependencies before their users
  std::size_t resources = 0;
  /// Dependencies that were not found, files that could not be read; never a reason to fail.
  std::vector<Issue> warnings;
};

/// Order of use: one thread adds, then any number read. Documents and tables are made at first use,
/// under a lock of their own, and kept; memory before that is the compressed text.
class Registry {
 public:
  /// `core` and its symbols must outlive the registry.
  explicit Registry(const definitions::Definitions& core);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Loads what is there: a package (.tgz or .tar.gz, a folder with package/package.json or
  /// package.json), a folder of packages and of loose resources, one JSON or XML resource (of a
  /// Bundle each resource with a url). When no such file exists, `what` may name a package,
  /// "id#version", to be found in the folders and the cache of `options`. Dependencies come first,
  /// each package once; hl7.fhir.rN.core of the core's own release is skipped, since its
  /// definitions are there already.
  ///
  /// Errors: not_found (neither file nor package), malformed (no archive, a damaged one,
  /// package.json that is no JSON), invalid (a path that leaves the package, links, devices; a
  /// single file that is no resource), too_long (a bound of `options`). What was loaded before
  /// stays.
  Result<Loaded> add(const std::filesystem::path& what, const AddOptions& options = {});

  /// One resource already read, JSON or XML. Null for a Bundle, whose resources are added each.
  /// Errors: malformed, invalid, too_long as its reader has them.
  Result<const Entry*> add_text(std::string name, std::string bytes);

  /// The loaded resource of that type with that canonical, "url" or "url|version"; null when there
  /// is none (the core is not looked at). The version may be partial: "4.0" is any 4.0.x, and, as
  /// the reference implementation does, a patch version nobody has gives another of the same major
  /// and minor. Without version the highest. What `asked_from`'s package and its dependencies hold
  /// goes before the rest; of two with the same version the one added last wins.
  const Entry* find(std::string_view resource_type, std::string_view canonical,
                    const Entry* asked_from = nullptr) const;
  /// Every loaded resource of a type, in the order loaded.
  std::span<const Entry* const> all(std::string_view resource_type) const;
  std::span<const Entry* const> all() const;
  std::span<const Package> packages() const;

  /// The annotated tree, read at first use, kept as long as the registry.
  /// Errors: those of the reader; conflict (the file changed since it was loaded).
  Result<const tree::Document*> document(const Entry& entry) const;
  /// The same, read anew for the caller, nothing kept.
  Result<tree::Document> read(const Entry& entry) const;
  /// The text as loaded.
  Result<std::string> text(const Entry& entry) const;
  /// A StructureDefinition of the core written back as an annotated tree: all that its table holds,
  /// no prose but `short`.
  /// Errors: internal (the table holds a value that is no JSON).
  Result<tree::Document> core_document(const definitions::pack::StructureDefinition& from) const;

  /// By canonical, the loaded ones and the core together. With a version: the loaded one, else the
  /// core's when its version fits. Without: the higher version, but definitions of another release
  /// of FHIR never come before the core's. As published: it may lack a snapshot. Nothing when
  /// unknown; one that is loaded but cannot be read counts as unknown (tables() says why).
  Found<definitions::pack::StructureDefinition> structure(std::string_view canonical,
                                                          const Entry* asked_from = nullptr) const;
  Found<definitions::pack::ValueSet> value_set(std::string_view canonical,
                                               const Entry* asked_from = nullptr) const;
  Found<definitions::pack::CodeSystem> code_system(std::string_view canonical,
                                                   const Entry* asked_from = nullptr) const;
  Found<definitions::pack::ConceptMap> concept_map(std::string_view canonical,
                                                   const Entry* asked_from = nullptr) const;

  /// The tables of one loaded resource, made at first use; the pack holds nothing else.
  /// Errors: those of document(); invalid (it cannot be told in tables).
  Result<const definitions::pack::Pack*> tables(const Entry& entry) const;

  const definitions::Definitions& core() const noexcept;

 private:
  struct Store;
  friend class Loader;
  std::unique_ptr<Store> store_;
};

}  // namespace concord::packages
