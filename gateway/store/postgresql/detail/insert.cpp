#include "gateway/store/postgresql/detail/insert.h"

namespace concord::store::postgresql {

namespace {

std::string_view array_type(Column::Of type) {
  switch (type) {
    case Column::Of::bigint:
      return "::bigint[]";
    case Column::Of::integer:
      return "::integer[]";
    case Column::Of::text:
      return "::text[]";
    case Column::Of::bytea:
      return "::bytea[]";
    case Column::Of::real:
      return "::double precision[]";
  }
  return "";
}

}  // namespace

Insert::Insert(std::string_view table, std::initializer_list<ColumnOf> columns,
               std::string_view tail) {
  std::string names;
  std::string arrays;
  for (const ColumnOf& column : columns) {
    columns_.emplace_back(column.type);
    names.append(names.empty() ? "" : ", ").append(column.name);
    arrays.append(arrays.empty() ? "" : ", ")
        .append("$" + std::to_string(columns_.size()))
        .append(array_type(column.type));
  }
  sql_.append("INSERT INTO ").append(table).append(" (").append(names);
  sql_.append(") SELECT * FROM unnest(").append(arrays).append(")").append(tail);
}

void Insert::into(Batch& batch) const {
  if (empty()) return;
  Values values;
  for (const Column& column : columns_) values.add(column);
  batch.add_values(sql_, std::move(values));
}

}  // namespace concord::store::postgresql
