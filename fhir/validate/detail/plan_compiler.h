#pragma once
// Turns a snapshot into a ProfilePlan. One thread at a time, under the lock of Plans.

#include "fhir/definitions/r4_generated.h"
#include "fhir/snapshot/profiles.h"
#include "fhir/validate/detail/plan.h"
#include "fhir/validate/detail/plans.h"

namespace concord::validate::detail {

class PlanCompiler {
 public:
  explicit PlanCompiler(const Plans& plans);

  /// The plan of a definition, known or new. Plans of profiles it looks into for discriminators
  /// are made on the way. Null past the bound on profiles within profiles.
  const ProfilePlan* plan(const snapshot::Profile& profile);

 private:
  friend class SlicingCompiler;
  /// One element of the snapshot with those below it.
  struct Row {
    const pack::Element* element;
    std::vector<std::size_t> children;
  };
  using Rows = std::vector<Row>;

  static Rows rows_of(const pack::StructureDefinition& definition);
  std::unique_ptr<ElementPlan> element(const Rows& rows, std::size_t at, ProfilePlan& profile,
                                       const Type* parent, int depth);
  std::unique_ptr<Children> children(const Rows& rows, std::size_t at, ProfilePlan& profile,
                                     const Type* type, int depth);
  void add_types(ElementPlan& plan, const definitions::Element* base);
  void add_value(ElementPlan& plan);
  void add_invariants(ElementPlan& plan, const definitions::Element* base);
  void add_binding(ElementPlan& plan, const definitions::Element* base);
  void add_slicing(Group& group, const pack::Element& element);
  void link(ElementPlan& plan, ProfilePlan& profile);
  void settle(ElementPlan& plan);
  void conditions(Children& children);

  const Plans& plans_;
  const definitions::Definitions& definitions_;
  std::size_t budget_ = 0;  ///< elements left for one profile: backbones shared by reference
};

/// The types of R4 that profiles name; empty when one of them names anything else.
std::vector<const Type*> core_types(const std::vector<std::string_view>& profiles,
                                    const definitions::Definitions& definitions);

/// Splits "code.coding.where" … into steps; nothing when it is no discriminator we know.
/// Source: hl7.org/fhir/R4/profiling.html#discriminator.
bool read_steps(std::string_view path, const definitions::Definitions& definitions,
                std::vector<Step>& steps);

}  // namespace concord::validate::detail
