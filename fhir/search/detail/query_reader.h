#pragma once
/// Understands queries. One per query.
/// Source: hl7.org/fhir/R4/search.html.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/search/detail/compiled.h"
#include "fhir/search/parameters.h"

namespace concord::search::detail {

class QueryReader {
 public:
  QueryReader(const Parameters::Compiled& compiled, const Parameters::Reading& reading)
      : compiled_(compiled), catalogue_(compiled.catalogue), reading_(reading) {}

  Result<Query> read(std::string_view type, const QueryParameters& parameters);

  /// What one parameter of a type, with its modifiers and chain, asks for. Nothing when the type
  /// has no such parameter. `depth`: links followed so far.
  Result<std::optional<Condition>> condition(const TypePlan& plan, std::string_view name,
                                             std::string_view value, std::size_t depth);

 private:
  Result<void> choose_types(std::string_view type, const QueryParameters& parameters,
                            Query& query) const;
  /// `_count`, `_sort` and the like; false when `name` is none of them.
  Result<bool> control(std::string_view name, const std::string& value, Query& query);
  Result<void> sort(std::string_view value, Query& query);
  /// The keys of one word of `_sort` for one type, or what is wrong with it.
  std::vector<SortKey> order_of(const TypePlan& plan, std::string_view code,
                                std::string& problem) const;
  std::vector<SortKey> order_of_tokens(const Parameter& parameter) const;
  /// Takes orders by distance out again when the query does not say from where.
  Result<void> settle_positions(Query& query) const;
  Result<void> include(std::string_view name, std::string_view value, Query& query) const;
  Result<void> filter(const std::string& name, const std::string& value, Query& query);
  Result<void> compartment(Query& query) const;
  /// Passes over with a warning, or refuses: as the handling has it.
  Result<void> pass_over(std::string text, Query& query) const;

  Result<std::optional<Condition>> chain(const TypePlan& plan, std::string_view link,
                                         std::string_view rest, std::string_view value,
                                         std::size_t depth);
  Result<std::optional<Condition>> has(const TypePlan& plan, std::string_view name,
                                       std::string_view value, std::size_t depth);
  Result<Condition> list(std::string_view value) const;

  const Parameters::Compiled& compiled_;
  const Catalogue& catalogue_;
  const Parameters::Reading& reading_;
  std::vector<std::vector<IndexKey>> positions_;  ///< keys of the sorts by distance
};

/// The name of a parameter for an error text: as written when it can be one, else without it.
std::string shown(std::string_view name);
/// malformed: "search parameter 'date': …".
Error bad(std::string_view name, std::string_view why);
/// Types a reference parameter leads to; every type when it says none.
std::vector<std::string> targets_of(const Catalogue& catalogue, const Parameter& parameter);
/// Keys of its links.
std::vector<IndexKey> link_keys(const Parameter& parameter);
/// Types all its links are narrowed to; empty: not narrowed.
std::vector<std::string> narrowed_types(const Parameter& parameter);

}  // namespace concord::search::detail
