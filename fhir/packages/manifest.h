#pragma once
/// package.json and .index.json of FHIR packages. Pure functions, safe from any thread.
/// Source: confluence.hl7.org "NPM Package Specification".

#include <string>
#include <utility>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/tree/symbols.h"

namespace concord::packages {

/// What package.json says, as far as it is used.
struct Manifest {
  std::string id;  ///< "name"; upper case and dots are usual
  std::string version;
  std::string canonical;
  std::string type;                        ///< "fhir.core", "IG", …
  std::string title;                       ///< title, else description
  std::vector<std::string> fhir_versions;  ///< of a core package without any: its own version
  std::vector<std::pair<std::string, std::string>> dependencies;  ///< id, version as written

  std::string label() const { return version.empty() ? id : id + '#' + version; }
};

/// Errors: malformed (no JSON object), invalid (no name, or one that is no package id), too_long.
Result<Manifest> read_manifest(std::string bytes, const tree::Symbols& symbols);

/// A letter first, then letters, digits, dots, hyphens and underscores, 128 at most: what may
/// become the name of a folder.
bool is_package_id(std::string_view text);

/// One row of .index.json.
struct IndexRow {
  std::string file;
  std::string resource_type, id, url, version, kind, type, derivation, supplements, content;
};

/// The rows of .index.json, those without file name or type left out.
/// Errors: malformed (no JSON), unsupported (no index-version 1 or 2), too_long.
Result<std::vector<IndexRow>> read_index(std::string bytes, const tree::Symbols& symbols);

}  // namespace concord::packages
