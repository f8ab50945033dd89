#pragma once
/// Every profile the engine can check against, with its snapshot.

#include <memory>
#include <span>
#include <string_view>

#include "fhir/core/result.h"
#include "fhir/definitions/definitions.h"
#include "fhir/snapshot/generator.h"

namespace concord::packages {
class Registry;
struct Entry;
}  // namespace concord::packages

namespace concord::snapshot {

/// A StructureDefinition with its whole snapshot. What it points to lives as long as its Profiles.
struct Profile {
  const definitions::pack::StructureDefinition* definition = nullptr;  ///< has_snapshot
  const definitions::pack::Pack* pack = nullptr;  ///< where the numbers of constraints point to
  const packages::Entry* entry = nullptr;         ///< null: from R4 as carried in the binary
  std::span<const Issue> messages;                ///< what generating the snapshot found
};

/// Snapshots by canonical url: generated at first use, once, then kept. The definitions of R4 are
/// used as carried, without any work. Safe from any thread: finding what is there takes a shared
/// lock, generating an exclusive one.
class Profiles {
 public:
  /// The registry, and the Definitions it stands on, must outlive it.
  explicit Profiles(const packages::Registry& registry, const Limits& limits = {});
  ~Profiles();
  Profiles(const Profiles&) = delete;
  Profiles& operator=(const Profiles&) = delete;

  /// The profile of `canonical` ("url" or "url|version"); `asked_from` is the resource that names
  /// it, whose package is searched first. Extensions of other FHIR versions
  /// (http://hl7.org/fhir/5.0/StructureDefinition/extension-…) that nobody defines are answered
  /// with a permissive definition and one message. The same answer, or error, every time.
  /// Errors: not_found (unknown); those of generate().
  Result<Profile> find(std::string_view canonical,
                       const packages::Entry* asked_from = nullptr) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::snapshot
