#pragma once
/// Many rows of one table in one statement.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/postgresql/detail/connection.h"

namespace concord::store::postgresql {

/// Rows on their way into one `INSERT … SELECT * FROM unnest(…)`. Column names come from this
/// room's own text, values are bound.
class Insert {
 public:
  struct ColumnOf {
    std::string_view name;
    Column::Of type;
  };
  Insert(std::string_view table, std::initializer_list<ColumnOf> columns,
         std::string_view tail = {});

  template <typename... Each>
  void row(const Each&... each) {
    std::size_t at = 0;
    (columns_[at++].add(each), ...);
  }
  bool empty() const { return columns_.front().empty(); }
  std::size_t size() const { return columns_.front().size(); }
  /// Adds the statement, when there are rows.
  void into(Batch& batch) const;

 private:
  std::string sql_;
  std::vector<Column> columns_;
};

}  // namespace concord::store::postgresql
