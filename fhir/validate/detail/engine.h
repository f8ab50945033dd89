#pragma once
// One run in depth full, beside its Context: what the base pass noted, then profiles. One thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fhir/path/context.h"
#include "fhir/validate/context.h"
#include "fhir/validate/detail/plan.h"
#include "fhir/validate/detail/plans.h"

namespace concord::validate {

/// Bounds of one run, whatever profiles and documents say.
inline constexpr int kDeepestProfiles = 24;              ///< profiles within profiles
inline constexpr std::uint64_t kMostSteps = 20'000'000;  ///< elements looked at

class Engine {
 public:
  /// Runs the base pass over another document; for references that lead there.
  using BasePass = std::function<std::size_t(const tree::Document&)>;

  Engine(Context& context, const detail::Plans& plans, BasePass base_pass);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // ---- during the base pass ----
  void note_resource(const tree::Node& node) { resources_.push_back(&node); }
  void note_extension(const tree::Node& node) { extensions_.push_back(&node); }

  /// Evaluates an invariant and reports when it does not hold.
  void invariant(const detail::CompiledInvariant& invariant, const tree::Node& node);

  /// Checks a Reference. `by`: the profile that says so, empty for R4 itself.
  void reference(const detail::TargetRule& rule, const tree::Node& node, std::string_view by);

  // ---- after it ----
  /// Profiles the resources claim, extensions, and those the caller asked for.
  void run(std::span<const std::string> profiles);

  // ---- for Context ----
  bool validate_against(const tree::Node& node, std::string_view profile);
  Conformance conforms(const tree::Document& document, const tree::Node& node,
                       std::string_view profile, const packages::Entry* asked_from);
  path::EvalContext& evaluation() noexcept { return *evaluation_; }

 private:
  using Node = tree::Node;
  using ProfilePlan = detail::ProfilePlan;
  using ElementPlan = detail::ElementPlan;

  // engine.cpp
  void mark_bad_nodes();
  void claimed_profiles(const Node& resource);
  void resource_profile(const ProfilePlan& profile, const Node& resource);
  void drop_counted_twice();
  void profile(const ProfilePlan& profile, const Node& node, const ElementPlan* part = nullptr);
  bool conforms_to(const ProfilePlan& profile, const tree::Document& document, const Node& node,
                   std::size_t* errors = nullptr);
  std::vector<Context::Finding> trial(const std::function<void()>& run);
  bool spend();

  // walk.cpp
  void element(const ElementPlan& plan, const Node& node, const ProfilePlan& profile);
  bool type_of(const ElementPlan& plan, const Node& node, const detail::TypePlan*& found);
  void type_profiles(const ElementPlan& plan, const detail::TypePlan& type, const Node& node);
  void contained_resource(const ElementPlan& plan, const Node& node);
  void children(const ElementPlan& plan, const detail::Children& children, const Node& node);
  void cardinality(const ElementPlan& plan, std::uint32_t count, const Node& node, bool slice,
                   bool problem);
  void value_rule(const ElementPlan& plan, const Node& node);
  void quantity_rule(const ElementPlan& plan, std::string_view bound, bool least, const Node& node);

  // slices.cpp
  std::size_t choose(const detail::Group& group, const Node& node, std::size_t position,
                     const ProfilePlan& profile, bool& problem);
  bool matches(const detail::Condition& condition, const Node& node, std::size_t position);
  using Found = std::vector<std::pair<const tree::Document*, const Node*>>;
  void follow(const std::vector<detail::Step>& path, const Node& node, Found& found);

  // fixed.cpp
  void fixed(const ElementPlan& plan, const detail::Exemplar& exemplar, const Node& node);
  bool equals(const tree::Document& document, const Node& node, const detail::Exemplar& exemplar);

  // extensions.cpp
  void extension(const Node& node);
  bool context_allows(const ProfilePlan& definition, const Node& node, std::string& here);
  const tree::Node* container_of(const Node& extension) const;

  // references.cpp
  std::vector<const ProfilePlan*> target_plans(const detail::TargetRule& rule, const Node& node,
                                               bool report);

  Context& context_;
  const detail::Plans& plans_;
  BasePass base_pass_;
  const definitions::Definitions& definitions_;
  std::unique_ptr<path::EvalContext> evaluation_;

  std::vector<const Node*> resources_, extensions_;
  std::unordered_set<const Node*> bad_;  ///< has an error of the base pass at or below it
  struct Pair {
    const void* plan;
    const Node* node;
    bool operator==(const Pair&) const = default;
  };
  struct PairHash {
    std::size_t operator()(const Pair& pair) const noexcept {
      return std::hash<const void*>()(pair.plan) * 31 ^ std::hash<const void*>()(pair.node);
    }
  };
  std::unordered_set<Pair, PairHash> done_, running_;
  std::unordered_map<Pair, bool, PairHash> conformed_;
  std::unordered_map<const tree::Document*, bool>
      other_documents_;                ///< whether the base pass is clean
  std::vector<std::uint32_t> counts_;  ///< stack of counts
  int depth_ = 0;
  int trials_ = 0;
  std::uint64_t steps_ = kMostSteps;

  tree::Symbol meta_, profile_, url_, extension_, modifier_extension_, reference_, type_, id_,
      contained_, identifier_, display_, system_, value_, entry_, full_url_;
};

}  // namespace concord::validate
