#pragma once
// Every profile met, compiled once. Thread-safe; what it hands out lives as long as it does.

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fhir/snapshot/profiles.h"
#include "fhir/validate/detail/plan.h"
#include "fhir/validate/parts.h"

namespace concord::path {
class EvalContext;
}

namespace concord::validate::detail {

/// The definition of a canonical url, with its snapshot; nothing when it is unknown, or has no
/// snapshot and none can be made (`why`).
std::optional<snapshot::Profile> find_definition(const Parts& parts, std::string_view canonical,
                                                 const packages::Entry* asked_from,
                                                 std::string* why = nullptr);

class Plans {
 public:
  explicit Plans(const Parts& parts);
  ~Plans();
  Plans(const Plans&) = delete;
  Plans& operator=(const Plans&) = delete;

  const Parts& parts() const noexcept { return parts_; }
  Invariants& invariants() const noexcept { return invariants_; }

  /// The plan of a profile by canonical url ("url" or "url|version"); null when there is no such
  /// profile, or it has no snapshot and none can be generated (`why` says which).
  const ProfilePlan* find(std::string_view canonical, const packages::Entry* asked_from,
                          std::string* why = nullptr) const;

  /// Evaluation contexts are kept from run to run: their memory is.
  std::unique_ptr<path::EvalContext> borrow() const;
  void give_back(std::unique_ptr<path::EvalContext> context) const;

 private:
  friend class PlanCompiler;
  struct Key {
    std::string canonical;
    const packages::Entry* asked_from;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string>()(key.canonical) ^
             std::hash<const void*>()(key.asked_from) * 31;
    }
  };

  Parts parts_;
  mutable Invariants invariants_;
  mutable std::shared_mutex reading_;
  mutable std::recursive_mutex compiling_;
  mutable std::unordered_map<Key, const ProfilePlan*, KeyHash> by_name_;
  /// By definition; those under construction are seen by the compiling thread only.
  mutable std::unordered_map<const pack::StructureDefinition*, std::unique_ptr<ProfilePlan>> plans_;
  mutable std::mutex pool_lock_;
  mutable std::vector<std::unique_ptr<path::EvalContext>> pool_;
};

}  // namespace concord::validate::detail
