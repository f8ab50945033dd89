#include "tests/support/memory_order.h"

#include <algorithm>

namespace concord::test {
namespace {

using search::IndexKind;
using search::SortKey;

void take(OrderValue& best, OrderValue value, bool descending) {
  if (!best || (descending ? *best < *value : *value < *best)) best = std::move(value);
}

OrderValue value_of(const search::IndexValues& index, const SortKey& key) {
  OrderValue best;
  const auto over = [&](const auto& list, auto&& value) {
    for (const auto& one : list) {
      if (std::find(key.keys.begin(), key.keys.end(), one.key) != key.keys.end()) {
        take(best, OrderValue(value(one)), key.descending);
      }
    }
  };
  switch (key.kind) {
    case IndexKind::token:
      over(index.tokens, [](const search::Token& v) { return v.code; });
      break;
    case IndexKind::text:
      over(index.texts, [](const search::Text& v) { return v.value; });
      break;
    case IndexKind::period:
      over(index.periods, [](const search::Period& v) { return v.low; });
      break;
    case IndexKind::number:
      over(index.numbers, [](const search::Number& v) { return v.low; });
      break;
    case IndexKind::link:
      over(index.links, [](const search::Link& v) { return v.target; });
      break;
  }
  return best;
}

}  // namespace

std::vector<OrderValue> order_values(const store::ResourceRow& row,
                                     const search::IndexValues& index,
                                     const std::vector<SortKey>& sort) {
  std::vector<OrderValue> values;
  for (const SortKey& key : sort) {
    switch (key.by) {
      case SortKey::By::id:
        values.emplace_back(row.id);
        break;
      case SortKey::By::updated:
        values.emplace_back(std::int64_t{row.updated_at.time_since_epoch().count()});
        break;
      case SortKey::By::value:
        values.push_back(value_of(index, key));
        break;
    }
  }
  return values;
}

bool comes_before(const OrderedRow& a, const OrderedRow& b, const std::vector<SortKey>& sort) {
  if (sort.empty()) return a.sequence > b.sequence;
  for (std::size_t i = 0; i < sort.size(); ++i) {
    const OrderValue& left = a.values[i];
    const OrderValue& right = b.values[i];
    if (left.has_value() != right.has_value()) return left.has_value();
    if (!left || *left == *right) continue;
    return sort[i].descending ? *right < *left : *left < *right;
  }
  return a.row < b.row;
}

}  // namespace concord::test
