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
      if (key.codes.empty()) {
        over(index.tokens, [](const search::Token& v) { return v.code; });
        break;
      }
      for (const search::Token& one : index.tokens) {
        const auto at = std::find(key.codes.begin(), key.codes.end(), one.code);
        if (at == key.codes.end() ||
            std::find(key.keys.begin(), key.keys.end(), one.key) == key.keys.end()) {
          continue;
        }
        take(best, OrderValue(std::int64_t{at - key.codes.begin()}), key.descending);
      }
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

/// The position of the condition, or of one of several, that has these three keys.
const search::NearIs* near_in(const search::Condition& where, const SortKey& key) {
  if (const auto* near = std::get_if<search::NearIs>(&where.is)) {
    return key.keys == std::vector<search::IndexKey>{near->x_key, near->y_key, near->z_key}
               ? near
               : nullptr;
  }
  const auto* all = std::get_if<search::All>(&where.is);
  if (all == nullptr) return nullptr;
  for (const search::Condition& one : all->of) {
    if (const auto* near = near_in(one, key)) return near;
  }
  return nullptr;
}

OrderValue distance_of(const search::IndexValues& index, const search::NearIs& near) {
  OrderValue best;
  const auto each = [&](search::IndexKey key, auto&& then) {
    for (const search::Number& one : index.numbers) {
      if (one.key == key) then(one.low);
    }
  };
  each(near.x_key, [&](double x) {
    each(near.y_key, [&](double y) {
      each(near.z_key, [&](double z) {
        const double line =
            (x - near.x) * (x - near.x) + (y - near.y) * (y - near.y) + (z - near.z) * (z - near.z);
        take(best, OrderValue(line), false);
      });
    });
  });
  return best;
}

OrderValue target_of(const search::IndexValues& index, const SortKey& key,
                     const TargetName& name_of) {
  OrderValue best;
  for (const search::Link& link : index.links) {
    if (std::find(key.keys.begin(), key.keys.end(), link.key) == key.keys.end()) continue;
    if (!key.types.empty() &&
        std::find(key.types.begin(), key.types.end(), link.type) == key.types.end()) {
      continue;
    }
    if (auto name = name_of(link.target)) take(best, OrderValue(*std::move(name)), key.descending);
  }
  return best;
}

}  // namespace

std::vector<OrderValue> order_values(const store::ResourceRow& row,
                                     const search::IndexValues& index,
                                     const std::vector<SortKey>& sort, const TargetName& name_of,
                                     const search::Condition& where) {
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
        if (const auto* near = near_in(where, key)) {
          values.push_back(distance_of(index, *near));
        } else {
          values.push_back(value_of(index, key));
        }
        break;
      case SortKey::By::target:
        values.push_back(target_of(index, key, name_of));
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
