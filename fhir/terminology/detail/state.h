#pragma once
/// What a Terminology keeps, and how value sets are compiled. Internal to the room.

#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fhir/packages/registry.h"
#include "fhir/terminology/detail/code_table.h"
#include "fhir/terminology/detail/extent.h"
#include "fhir/terminology/terminology.h"

namespace concord::definitions::pack {
struct CodeSystem;
struct Include;
struct ValueSet;
}  // namespace concord::definitions::pack

namespace concord::terminology {

namespace detail {

/// A canonical, and who asks.
struct Asked {
  std::string canonical;
  const packages::Entry* from = nullptr;
};
struct AskedView {
  std::string_view canonical;
  const packages::Entry* from = nullptr;
};
struct AskedHash {
  using is_transparent = void;
  std::size_t operator()(const AskedView& at) const noexcept {
    return std::hash<std::string_view>{}(at.canonical) ^ (std::hash<const void*>{}(at.from) * 31);
  }
  std::size_t operator()(const Asked& at) const noexcept {
    return (*this)(AskedView{at.canonical, at.from});
  }
};
struct AskedEqual {
  using is_transparent = void;
  static AskedView view(const Asked& at) noexcept { return {at.canonical, at.from}; }
  static AskedView view(const AskedView& at) noexcept { return at; }
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const noexcept {
    return view(a).from == view(b).from && view(a).canonical == view(b).canonical;
  }
};
template <typename T>
using ByCanonical = std::unordered_map<Asked, T, AskedHash, AskedEqual>;

/// Versions of code systems a caller asks for, system → version.
struct VersionRules {
  std::map<std::string, std::string, std::less<>> where_unsaid, always;
};

}  // namespace detail

struct Terminology::State {
  explicit State(const packages::Registry& from, Limits bounds) : registry(from), limits(bounds) {}

  const packages::Registry& registry;
  const Limits limits;
  std::vector<std::unique_ptr<LargeCodeSystem>> plugged;

  // Guarded by `names`.
  mutable std::shared_mutex names;
  mutable detail::ByCanonical<std::shared_ptr<const ValueSet>> value_sets;
  mutable detail::ByCanonical<const CodeSystem*> code_systems;

  // Guarded by `compiling`, which is taken before `names`.
  mutable std::mutex compiling;
  mutable std::unordered_map<const definitions::pack::ValueSet*, std::shared_ptr<const ValueSet>>
      compiled;
  mutable std::unordered_map<const definitions::pack::CodeSystem*,
                             std::unique_ptr<const CodeSystem>>
      tables;
  mutable std::map<std::string, std::unique_ptr<const CodeSystem>, std::less<>> built_in;
  mutable std::map<std::string, std::vector<const definitions::pack::CodeSystem*>, std::less<>>
      supplements;
  mutable bool supplements_known = false;

  // Each needs `compiling`.
  const CodeSystem* resolve(std::string_view canonical, const packages::Entry* from) const;
  const CodeSystem* table(const definitions::pack::CodeSystem& system) const;
  void find_supplements() const;

  // Each takes the locks itself.
  const CodeSystem* code_system(std::string_view canonical, const packages::Entry* from) const;
  std::shared_ptr<const ValueSet> value_set(std::string_view canonical,
                                            const packages::Entry* from) const;
};

namespace detail {

/// Compiles value sets and what they import. Needs `compiling` as long as it lives.
class Compiler {
 public:
  explicit Compiler(const Terminology::State& state, const VersionRules* versions = nullptr)
      : state_(state), versions_(versions) {}

  std::shared_ptr<const ValueSet> run(const definitions::pack::ValueSet& table,
                                      const packages::Entry* entry,
                                      std::shared_ptr<const std::string> owned = nullptr);

 private:
  NodePtr composed(const definitions::pack::ValueSet& table, const packages::Entry* entry);
  NodePtr part(const definitions::pack::Include& include, const packages::Entry* entry);
  NodePtr of_system(const definitions::pack::Include& include, const packages::Entry* entry);
  NodePtr filtered(const definitions::pack::Include& include, const CodeSystem& system,
                   std::string_view url);
  NodePtr imported(std::string_view canonical, const packages::Entry* entry);
  NodePtr listed_expansion(const definitions::pack::ValueSet& table, const packages::Entry* entry);
  NodePtr without_inactive(NodePtr root);
  NodePtr gap(Gap why, std::string_view system, std::string subject, std::string text,
              const CodeSystem* in = nullptr);

  const Terminology::State& state_;
  const VersionRules* versions_;
  std::vector<const definitions::pack::ValueSet*> open_;  // what is being compiled, outermost first
  std::vector<GapNote> gaps_;
  std::size_t parts_ = 0;
  std::size_t listed_ = 0;
};

}  // namespace detail
}  // namespace concord::terminology
