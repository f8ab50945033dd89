#include "gateway/store/inspection.h"

#include <algorithm>
#include <tuple>

namespace concord::store {

search::IndexValues in_order(search::IndexValues values) {
  const auto sort = [](auto& list, auto&& as_tuple) {
    std::sort(list.begin(), list.end(),
              [&](const auto& a, const auto& b) { return as_tuple(a) < as_tuple(b); });
    list.erase(std::unique(list.begin(), list.end()), list.end());
  };
  sort(values.tokens, [](const auto& v) { return std::tie(v.key, v.code, v.system); });
  sort(values.texts, [](const auto& v) { return std::tie(v.key, v.value, v.exact); });
  sort(values.periods, [](const auto& v) { return std::tie(v.key, v.low, v.high); });
  sort(values.numbers, [](const auto& v) {
    return std::tie(v.key, v.low, v.high, v.system, v.code, v.unit, v.mark);
  });
  sort(values.links, [](const auto& v) { return std::tie(v.key, v.target, v.type); });
  return values;
}

}  // namespace concord::store
