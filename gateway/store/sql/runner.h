#pragma once
/// What a store does for the shared searches: run a statement and read its rows.

#include <vector>

#include "fhir/core/result.h"
#include "gateway/store/resources.h"
#include "gateway/store/sql/statement.h"

namespace concord::store::sql {

/// A resource as a statement gave it.
struct FoundRow {
  ResourceRow row;
  std::int64_t place = 0;
  std::vector<Value> sort;  ///< the columns behind those of the resource
};

/// The columns of every statement for rows(), in this order, the body packed: place, created_nr,
/// type_name, id, version, change, encoding, body; then the sort columns. Qualified with "r.".
inline constexpr std::string_view kResourceColumns =
    "r.place, r.created_nr, r.type_name, r.id, r.version, r.change, r.encoding, r.body";
inline constexpr int kResourceColumnCount = 8;

/// What a sort column holds.
enum class ColumnType : std::uint8_t { integer, real, text };

/// Runs statements in one read transaction, so that all of them see the same moment. One thread at
/// a time. Errors: those of the store; too_costly when the deadline passed.
class Runner {
 public:
  virtual ~Runner() = default;
  /// The first column of the only row, a bigint.
  virtual Result<std::int64_t> number(const Statement& statement) = 0;
  /// The first column of every row, bigints.
  virtual Result<std::vector<std::int64_t>> numbers(const Statement& statement) = 0;
  /// Appends the rows to `found`.
  virtual Result<void> rows(const Statement& statement, const std::vector<ColumnType>& sort,
                            std::vector<FoundRow>& found) = 0;

 protected:
  Runner() = default;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
};

}  // namespace concord::store::sql
