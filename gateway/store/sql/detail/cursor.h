#pragma once
/// Cursors: where a page begins or ends, as an opaque text for links.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/core/result.h"
#include "gateway/store/resources.h"
#include "gateway/store/sql/runner.h"
#include "gateway/store/sql/search_sql.h"

namespace concord::store::sql {

struct Cursor {
  std::int64_t search = 0;         ///< hash of what was asked
  std::int64_t index_version = 0;  ///< of the index the first page was made with
  std::int64_t made_at = 0;        ///< milliseconds
  std::int64_t bound = 0;          ///< later pages hold nothing behind it
  std::int64_t place = 0;          ///< of the row at the edge
  std::vector<Value> sort;         ///< of the row at the edge
};

/// base64url of a version byte, the numbers and the values.
std::string encode(const Cursor& cursor);
/// Errors: invalid (not one of ours, or its values are not of these types).
Result<Cursor> decode(std::string_view text, const std::vector<ColumnType>& types);
/// Errors: gone.
Result<void> check(const Cursor& cursor, std::int64_t search, const CursorRules& rules);

/// A number that stands for what is asked: conditions and order, not count, limit or page.
std::int64_t hash_of(const ResourceSearch& search);
std::int64_t hash_of(const search::Condition& condition);
std::int64_t hash_of(const HistorySearch& search);

}  // namespace concord::store::sql
