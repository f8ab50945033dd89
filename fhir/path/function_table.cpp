#include "fhir/path/function_table.h"

#include <algorithm>

#include "fhir/path/functions/registry.h"

namespace concord::path {

FunctionTable FunctionTable::standard() {
  FunctionTable table;
  register_functions(table);
  return table;
}

void FunctionTable::add(std::span<const FunctionRow> rows) {
  for (const FunctionRow& row : rows) {
    const auto place = std::lower_bound(
        rows_.begin(), rows_.end(), row.name,
        [](const FunctionRow& other, std::string_view name) { return other.name < name; });
    if (place != rows_.end() && place->name == row.name) {
      *place = row;
    } else {
      rows_.insert(place, row);
    }
  }
}

const FunctionRow* FunctionTable::find(std::string_view name) const noexcept {
  const auto place = std::lower_bound(
      rows_.begin(), rows_.end(), name,
      [](const FunctionRow& row, std::string_view wanted) { return row.name < wanted; });
  return place != rows_.end() && place->name == name ? &*place : nullptr;
}

std::vector<const FunctionRow*> FunctionTable::rows() const {
  std::vector<const FunctionRow*> rows;
  for (const FunctionRow& row : rows_) rows.push_back(&row);
  return rows;
}

}  // namespace concord::path
