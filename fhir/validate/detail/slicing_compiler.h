#pragma once
// Finds what tells slices apart: for each discriminator of each slice the element that fixes it.
// Source: hl7.org/fhir/R4/profiling.html#discriminator.

#include "fhir/validate/detail/plan_compiler.h"

namespace concord::validate::detail {

class SlicingCompiler {
 public:
  SlicingCompiler(PlanCompiler& compiler, const ProfilePlan& profile)
      : compiler_(compiler), profile_(profile) {}

  /// Fills the conditions of every slice below `plan`.
  void fill(ElementPlan& plan);

 private:
  /// The element a discriminator leads to: in a profile, or only in R4.
  struct Criteria {
    const ElementPlan* plan = nullptr;
    const definitions::Element* base = nullptr;
    const Type* only_type = nullptr;                         ///< chosen by ofType()
    const std::vector<std::string_view>* targets = nullptr;  ///< behind resolve()
    explicit operator bool() const {
      return plan != nullptr || base != nullptr || targets != nullptr;
    }
  };

  void fill(Group& group);
  void fill(Group& group, Slice& slice, std::size_t number);
  bool add(const Group& group, const Discriminator& discriminator, Slice& slice,
           std::size_t number);
  bool add_value(const Discriminator& discriminator, const Criteria& criteria, Slice& slice);
  bool add_type(const Discriminator& discriminator, const Criteria& criteria, Slice& slice);
  bool add_profile(const Discriminator& discriminator, const Criteria& criteria, Slice& slice);
  bool add_position(const Group& group, const Discriminator& discriminator, Slice& slice,
                    std::size_t number);
  Criteria walk(Criteria from, const std::vector<Step>& steps, std::size_t begin, std::size_t end,
                int depth);
  bool is_named(const ElementPlan& plan, std::string_view name) const;
  Criteria child(const Criteria& from, const Step& step, int depth);
  const ProfilePlan* profile(std::string_view canonical);
  const ElementPlan* profiled(std::string_view canonical);

  PlanCompiler& compiler_;
  const ProfilePlan& profile_;
};

}  // namespace concord::validate::detail
