#pragma once
/// Compiles the parameters of one resource type. Used while a Catalogue is built, by one thread.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/search/detail/catalogue.h"

namespace concord::search::detail {

class PlanBuilder {
 public:
  PlanBuilder(Catalogue& catalogue, TypePlan& plan) : catalogue_(catalogue), plan_(plan) {}
  void build();

 private:
  /// Where a path leads: one end for each type a choice leaves open.
  struct End {
    std::vector<Walk::Edge> edges;  ///< `to` unused
    const definitions::Type* type = nullptr;
    std::string_view value_set;  ///< required binding of a code
  };
  struct Found {
    std::vector<End> ends;
    std::string text;  ///< ".valueQuantity"
    bool single = true;
    std::string problem;  ///< why there is none
  };

  void add(const Definition& definition);
  void add_composite(const Definition& definition, Parameter& parameter);
  std::string add_composite_part(const Definition& definition, const PartText& base,
                                 Parameter& parameter);
  Found find(const definitions::Type& from, const std::vector<Step>& steps, Kind kind,
             bool any_kind) const;
  /// The use of one part; sets `problem` when it is none.
  std::optional<Use> use(const PartText& part, Kind kind, std::string& problem);
  const Part* path_part(const PartText& part, const Found& found, Kind kind);
  const Part* expression_part(const PartText& part, Kind kind, std::string& problem);
  Part& make_part(const std::string& text, Kind kind, bool lean);
  void insert(Walk& walk, const Found& found, Kind kind, Part& part) const;
  /// The steps of a component below the repeating element.
  std::vector<PartText> component_parts(const Definition& definition, std::size_t index,
                                        const PartText& base, const definitions::Type& type,
                                        Kind kind) const;
  bool applies(const PartText& part) const;
  std::vector<std::string> implied_systems(std::string_view value_set) const;

  Catalogue& catalogue_;
  TypePlan& plan_;
};

}  // namespace concord::search::detail
