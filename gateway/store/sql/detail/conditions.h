#pragma once
/// Conditions as SQL: whether a resource meets one. Every condition becomes a look at the index
/// rows of one place; places are what the outer query walks over.

#include <string>
#include <vector>

#include "fhir/core/result.h"
#include "fhir/search/criteria.h"
#include "gateway/store/sql/statement.h"

namespace concord::store::sql {

/// Of all conditions of a statement. Past one of them: too_costly.
inline constexpr int kDepth = 16;
inline constexpr int kChainDepth = 3;  ///< what a chain counts: SQLite's parser has 100 places
inline constexpr std::size_t kValues = 10'000;

/// Periods longer than this have an index of their own, by their end; all others begin less than
/// this before they end.
inline constexpr std::int64_t kLongPeriod = 93'600'000;  // 26 hours: a day of any time zone
/// As the partial indexes say it.
inline constexpr std::string_view kIsLong = "d.low < d.high - 93600000";
inline constexpr std::string_view kIsRange = "d.high > d.low";  ///< a number that is no point

/// Whether the resource at `place` (an SQL expression), of one of `types`, meets the condition.
/// Errors: too_costly, internal (a condition that cannot be).
Result<std::string> holds(Builder& sql, const search::Condition& condition,
                          const std::string& place, const std::vector<std::string>& types,
                          int depth = 0);

// ---- tests of one index row, by alias ----

std::string token_test(Builder& sql, const search::TokenIs& is, const std::string& row);
std::string text_test(Builder& sql, const search::TextIs& is, const std::string& row);
std::string period_test(Builder& sql, const search::PeriodIs& is, const std::string& row);
std::string number_test(Builder& sql, const search::NumberIs& is, const std::string& row);
/// Of three rows of one place.
std::string near_test(Builder& sql, const search::NearIs& is, const std::string& x,
                      const std::string& y, const std::string& z);
/// What orders resources by how near they are: the square of a straight line, or null.
std::string near_order(Builder& sql, const search::NearIs& is, const std::string& place);
std::string link_test(Builder& sql, const search::LinkIs& is, const std::string& row);
std::string updated_test(Builder& sql, const search::UpdatedIs& is, const std::string& place);

/// resource_hash() of every id as each of the types.
std::vector<std::int64_t> keys_of(const std::vector<std::string>& types,
                                  const std::vector<std::string>& ids);
std::vector<std::int64_t> numbers_of(const std::vector<std::string>& types);

/// The table of a kind that goes from values to places, the one from a place to its values, and the
/// column values are sorted by.
std::string_view index_table(search::IndexKind kind);
std::string_view place_table(const Dialect& dialect, search::IndexKind kind);
std::string_view sort_column(search::IndexKind kind);
/// What stands before the columns place and key where a row of place_table() is looked up by them:
/// "<by>row.place = …  AND <by>row.key …". PostgreSQL's indexes of places are over +place and +key,
/// those of values over the columns as they are, so a statement says which one it is answered from.
std::string_view by_place(const Dialect& dialect);

/// "(a OR b OR c)", in groups of groups when there are many, since databases bound the depth.
std::string joined(std::vector<std::string> parts, std::string_view word);

/// Code tokens of one key, put together: what an Any of them asks for.
struct TokenGroup {
  search::IndexKey key = 0;
  std::optional<std::int32_t> system;
  std::vector<std::int64_t> codes;
};
std::string group_test(Builder& sql, const TokenGroup& group, const std::string& row);
/// The token conditions of an Any in groups; what is none goes to `others`.
std::vector<TokenGroup> token_groups(const search::Any& any,
                                     std::vector<const search::Condition*>& others);

}  // namespace concord::store::sql
