#pragma once
/// Everything validation stands on, loaded once: packages, snapshots, terminology, the validator.
/// Shared by `concord validate` and, in the gateway, by the intake of messages and $validate.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/packages/registry.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/validator.h"

namespace concord::app {

/// What is loaded beside R4.
struct CheckingSources {
  std::vector<std::string> packages;     ///< .tgz files, folders, or "id#version" in folders, cache
  std::vector<std::string> definitions;  ///< resources and folders of them
  std::vector<std::filesystem::path> folders;  ///< where dependencies are looked for
  std::filesystem::path cache;                 ///< the FHIR cache; empty: none
};

/// Immutable once loaded; safe from any thread.
class Checking {
 public:
  /// Errors: those of packages::Registry::add, naming what was to be loaded. `definitions` must
  /// outlive it.
  static Result<std::unique_ptr<Checking>> load(const definitions::Definitions& definitions,
                                                const CheckingSources& sources);

  const packages::Registry& registry() const noexcept { return registry_; }
  const terminology::Terminology& terminology() const noexcept { return terminology_; }
  const validate::Validator& validator() const noexcept { return *validator_; }
  const snapshot::Profiles& profiles() const noexcept { return profiles_; }
  /// What loading had to say: dependencies that are missing, files passed over.
  const std::vector<Issue>& warnings() const noexcept { return warnings_; }

 private:
  explicit Checking(const definitions::Definitions& definitions)
      : registry_(definitions), profiles_(registry_), terminology_(registry_) {}

  packages::Registry registry_;
  snapshot::Profiles profiles_;
  terminology::Terminology terminology_;
  std::unique_ptr<validate::Validator> validator_;
  std::vector<Issue> warnings_;
};

}  // namespace concord::app
