#pragma once
/// StructureDefinitions of a registry, loaded ones and those of the core.

#include <deque>
#include <unordered_map>

#include "fhir/packages/registry.h"
#include "fhir/snapshot/detail/store.h"

namespace concord::snapshot {

/// What a canonical names: a loaded resource, or a definition of the core.
struct Named {
  const packages::Entry* entry = nullptr;
  const definitions::pack::StructureDefinition* core = nullptr;
  explicit operator bool() const noexcept { return entry != nullptr || core != nullptr; }
};

/// Loaded resources come first, but another release of FHIR never stands in for the core's own.
Named resolve(const packages::Registry& registry, std::string_view canonical,
              const packages::Entry* asked_from);

/// One thread at a time.
class RegistrySource final : public Source {
 public:
  explicit RegistrySource(const packages::Registry& registry) : registry_(registry) {}
  Result<Found> find(std::string_view canonical, const packages::Entry* asked_from) override;

 private:
  const packages::Registry& registry_;
  std::deque<tree::Document> documents_;
  std::unordered_map<const definitions::pack::StructureDefinition*, const tree::Document*> core_;
};

}  // namespace concord::snapshot
