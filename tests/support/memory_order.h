#pragma once
/// The order of found resources, for MemoryResources: what a SortKey means in C++. Pure functions.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gateway/store/resources.h"

namespace concord::test {

/// A value to sort by; nothing comes last in either direction.
using OrderValue = std::optional<std::variant<std::int64_t, double, std::string>>;

struct OrderedRow {
  std::int64_t row = 0;
  std::uint64_t sequence = 0;  ///< of the last change
  std::vector<OrderValue> values;
};

/// "Patient/123" of the resource a link leads to; nothing when there is none.
using TargetName = std::function<std::optional<std::string>(std::int64_t target)>;

/// The value of each key of `sort`; `where` says from where distances are measured.
std::vector<OrderValue> order_values(const store::ResourceRow& row,
                                     const search::IndexValues& index,
                                     const std::vector<search::SortKey>& sort,
                                     const TargetName& name_of,
                                     const search::Condition& where = {});

/// Whether `a` stands before `b`: by the keys, then by row; without keys the latest change first.
bool comes_before(const OrderedRow& a, const OrderedRow& b,
                  const std::vector<search::SortKey>& sort);

}  // namespace concord::test
