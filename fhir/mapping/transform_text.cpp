// What the transforms share: finding them, arguments as text.
#include <algorithm>

#include "fhir/mapping/transforms/registry.h"
#include "fhir/path/context.h"

namespace concord::mapping {
namespace transforms {

const Row* Table::find(std::string_view name, std::string_view field) const noexcept {
  const Row* first = nullptr;
  for (const Row& row : rows_) {
    if (row.name != name) continue;
    if (first == nullptr) first = &row;
    for (std::string_view known = row.fields; !field.empty() && !known.empty();) {
      const std::size_t end = std::min(known.find(' '), known.size());
      if (known.substr(0, end) == field) return &row;
      known.remove_prefix(std::min(end + 1, known.size()));
    }
  }
  return first;
}

Result<std::optional<std::string_view>> text_of(Host& host, const path::Collection& argument) {
  if (argument.empty()) return std::optional<std::string_view>();
  if (argument.size() > 1) {
    return make_error(ErrorCode::invalid, "several values for one argument of a transform");
  }
  const path::Value& item = argument.front();
  if (item.is_node()) {
    if (!item.node().has_value()) return std::optional<std::string_view>();
    return std::optional<std::string_view>(item.node().text());
  }
  return host.evaluation().text_of(item);
}

}  // namespace transforms
}  // namespace concord::mapping
