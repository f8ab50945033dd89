#pragma once
// The public validator manifest: its runs, and one run of ours against what is expected.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/validate/validator.h"

namespace concord::validate::test {

struct Expected {
  std::string severity, id, expression, text;
};

struct ManifestRun {
  std::string id, file, module, tier, mode, profile;
  std::vector<std::string> load, extensions, resolvable;
  std::string options;  ///< JSON object
  std::size_t errors = 0;
  std::vector<Expected> issues;
};

/// Every run of `folder`/manifest.json.
std::vector<ManifestRun> read_manifest(const std::filesystem::path& folder);

/// What stays the same over the runs: R4, and the engine of runs without definitions of their own.
class Bench {
 public:
  Bench(std::filesystem::path cases, std::filesystem::path packages);
  ~Bench();
  Report run(const ManifestRun& run);

 private:
  struct Engine;
  Engine& engine_for(const ManifestRun& run);

  std::filesystem::path cases_, packages_;
  tree::Symbols symbols_;
  std::unique_ptr<definitions::Definitions> definitions_;
  std::unique_ptr<Engine> engine_;  ///< of the last run
  std::string loaded_;              ///< what it has loaded
};

}  // namespace concord::validate::test
