#include "gateway/store/sql/detail/conditions.h"

#include <algorithm>
#include <limits>

#include "gateway/store/sql/place.h"

namespace concord::store::sql {

namespace {

using search::Comparison;
using search::Condition;
using search::IndexKind;

/// Codes or targets looked up one by one; more are compared with the values of the place.
constexpr std::size_t kFew = 8;

Error too_much() {
  return make_error(ErrorCode::too_costly, "the search asks for more than can be answered at once");
}

/// The least text greater than every text that begins with `prefix`; empty when there is none.
/// Texts are compared byte by byte, which for UTF-8 is the order of code points.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty()) {
    std::size_t at = prefix.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(prefix[at]) & 0xC0u) == 0x80u) --at;
    // The last code point, read leniently: what is no UTF-8 never stands in the index.
    std::uint32_t point = static_cast<unsigned char>(prefix[at]);
    const std::size_t length = prefix.size() - at;
    if (length > 1) {
      point &= length == 2 ? 0x1Fu : length == 3 ? 0x0Fu : 0x07u;
      for (std::size_t i = at + 1; i < prefix.size(); ++i) {
        point = point << 6 | (static_cast<unsigned char>(prefix[i]) & 0x3Fu);
      }
    }
    prefix.resize(at);
    ++point;
    if (point == 0xD800) point = 0xE000;
    if (point > 0x10FFFF) continue;
    const auto put = [&prefix](std::uint32_t byte) { prefix.push_back(static_cast<char>(byte)); };
    if (point < 0x80) {
      put(point);
    } else if (point < 0x800) {
      put(0xC0u | point >> 6);
      put(0x80u | (point & 0x3Fu));
    } else if (point < 0x10000) {
      put(0xE0u | point >> 12);
      put(0x80u | (point >> 6 & 0x3Fu));
      put(0x80u | (point & 0x3Fu));
    } else {
      put(0xF0u | point >> 18);
      put(0x80u | (point >> 12 & 0x3Fu));
      put(0x80u | (point >> 6 & 0x3Fu));
      put(0x80u | (point & 0x3Fu));
    }
    return prefix;
  }
  return prefix;
}

/// The comparison of two intervals, `below` being how the end of one and the beginning of the next
/// meet: half-open ones may touch.
std::string interval_test(Comparison comparison, const std::string& row, const std::string& low,
                          const std::string& high, bool half_open) {
  const std::string v_low = row + ".low";
  const std::string v_high = row + ".high";
  const std::string eq = low + " <= " + v_low + " AND " + v_high + " <= " + high;
  const std::string touch = half_open ? " >= " : " > ";
  switch (comparison) {
    case Comparison::eq:
      return "(" + eq + ")";
    case Comparison::ne:
      return "NOT (" + eq + ")";
    case Comparison::gt:
      return v_high + " > " + high;
    case Comparison::lt:
      return v_low + " < " + low;
    case Comparison::ge:
      return "(" + v_high + " > " + high + " OR (" + eq + "))";
    case Comparison::le:
      return "(" + v_low + " < " + low + " OR (" + eq + "))";
    case Comparison::sa:
      return v_low + touch + high;
    case Comparison::eb:
      return low + touch + v_high;
    case Comparison::ap:
      return half_open ? "(" + v_low + " < " + high + " AND " + v_high + " > " + low + ")"
                       : "(" + v_low + " <= " + high + " AND " + v_high + " >= " + low + ")";
    case Comparison::co:
      return "(" + v_low + " <= " + low + " AND " + v_high + " >= " + high + ")";
  }
  return "1 = 0";
}

/// Whether the resource at `place` has a value; `test` begins with the key of the row. Rows are
/// looked up by place, which has few, and never by a range of values, which may have as many as
/// there are resources.
std::string exists(const Dialect& dialect, IndexKind kind, const std::string& row,
                   const std::string& place, const std::string& test) {
  const std::string by(by_place(dialect));
  return "EXISTS (SELECT 1 FROM " + std::string(place_table(dialect, kind)) + " " + row +
         " WHERE " + by + row + ".place = " + place + " AND " + by + test +
         std::string(dialect.apart) + ")";
}

/// The same for a value that `test` names whole: with the place it is one entry of the index, and
/// entries of one value lie together however far apart the places are.
std::string exists_whole(const Dialect& dialect, IndexKind kind, const std::string& row,
                         const std::string& place, const std::string& test) {
  return "EXISTS (SELECT 1 FROM " + std::string(index_table(kind)) + " " + row + " WHERE " + test +
         " AND " + row + ".place = " + place + std::string(dialect.apart) + ")";
}

struct Holds {
  Builder& sql;
  const std::string& place;
  const std::vector<std::string>& types;
  int depth;

  Result<std::string> below(const Condition& condition) const {
    return holds(sql, condition, place, types, depth + 1);
  }

  Result<std::string> operator()(const search::All& all) const {
    std::vector<std::string> parts;
    for (const Condition& one : all.of) {
      CONCORD_ASSIGN(parts.emplace_back(), below(one));
    }
    return parts.empty() ? std::string("1 = 1") : joined(std::move(parts), " AND ");
  }

  Result<std::string> operator()(const search::Any& any) const {
    std::vector<std::string> parts;
    std::vector<const Condition*> others;
    for (const TokenGroup& group : token_groups(any, others)) {
      const std::string row = sql.alias();
      const std::string test = group_test(sql, group, row);
      parts.push_back(group.codes.size() > kFew
                          ? exists(sql.dialect(), IndexKind::token, row, place, test)
                          : exists_whole(sql.dialect(), IndexKind::token, row, place, test));
    }
    for (const Condition* one : others) {
      CONCORD_ASSIGN(parts.emplace_back(), below(*one));
    }
    return parts.empty() ? std::string("1 = 0") : joined(std::move(parts), " OR ");
  }

  Result<std::string> operator()(const search::Not& is) const {
    if (is.of.size() != 1) return make_error(ErrorCode::internal, "a Not of one condition");
    CONCORD_ASSIGN(const std::string inner, below(is.of[0]));
    return "NOT (" + inner + ")";
  }

  Result<std::string> operator()(const search::TokenIs& is) const {
    const std::string row = sql.alias();
    const std::string test = token_test(sql, is, row);
    return is.code ? exists_whole(sql.dialect(), IndexKind::token, row, place, test)
                   : exists(sql.dialect(), IndexKind::token, row, place, test);
  }
  Result<std::string> operator()(const search::TextIs& is) const {
    const std::string row = sql.alias();
    return exists(sql.dialect(), IndexKind::text, row, place, text_test(sql, is, row));
  }
  Result<std::string> operator()(const search::PeriodIs& is) const {
    const std::string row = sql.alias();
    return exists(sql.dialect(), IndexKind::period, row, place, period_test(sql, is, row));
  }
  Result<std::string> operator()(const search::NumberIs& is) const {
    const std::string row = sql.alias();
    return exists(sql.dialect(), IndexKind::number, row, place, number_test(sql, is, row));
  }
  Result<std::string> operator()(const search::NearIs& is) const {
    const std::string x = sql.alias(), y = sql.alias(), z = sql.alias();
    const std::string table(place_table(sql.dialect(), IndexKind::number));
    const std::string test = near_test(sql, is, x, y, z);
    const std::string by(by_place(sql.dialect()));
    return "EXISTS (SELECT 1 FROM " + table + " " + z + " CROSS JOIN " + table + " " + x +
           " CROSS JOIN " + table + " " + y + " WHERE " + by + z + ".place = " + place + " AND " +
           by + x + ".place = " + place + " AND " + by + y + ".place = " + place + " AND " + test +
           std::string(sql.dialect().apart) + ")";
  }
  Result<std::string> operator()(const search::LinkIs& is) const {
    const std::string row = sql.alias();
    const std::string test = link_test(sql, is, row);
    return is.targets.empty() || is.targets.size() > kFew
               ? exists(sql.dialect(), IndexKind::link, row, place, test)
               : exists_whole(sql.dialect(), IndexKind::link, row, place, test);
  }
  Result<std::string> operator()(const search::Present& is) const {
    const std::string row = sql.alias();
    return exists(sql.dialect(), is.kind, row, place,
                  row + ".key = " + sql.bind(std::int64_t{is.key}));
  }
  Result<std::string> operator()(const search::IdIs& is) const {
    if (is.ids.empty() || types.empty()) return std::string("1 = 0");
    const std::string row = sql.alias();
    return "EXISTS (SELECT 1 FROM resource " + row + " WHERE " + row + ".place = " + place +
           " AND +" + row + ".key IN (" + sql.bind_all(keys_of(types, is.ids)) + ")" +
           std::string(sql.dialect().apart) + ")";
  }
  Result<std::string> operator()(const search::UpdatedIs& is) const {
    return updated_test(sql, is, place);
  }

  Result<std::string> operator()(const search::Chain& chain) const {
    if (chain.inner.size() != 1) return make_error(ErrorCode::internal, "a Chain of one condition");
    if (chain.keys.empty() || chain.types.empty()) return std::string("1 = 0");
    const std::string link = sql.alias();
    const std::string far = sql.alias();
    const std::string by(by_place(sql.dialect()));
    std::string text = "EXISTS (SELECT 1 FROM " +
                       std::string(place_table(sql.dialect(), IndexKind::link)) + " " + link +
                       " CROSS JOIN resource " + far + " WHERE " + by + link + ".place = " + place +
                       " AND " + by + link + ".key IN (" + sql.bind_all(chain.keys) + ") AND " +
                       far + ".key = " + link + ".target AND " + far + ".deleted = 0 AND " + far +
                       ".type IN (" + sql.bind_all(numbers_of(chain.types)) + ") AND ";
    CONCORD_ASSIGN(const std::string inner,
                   holds(sql, chain.inner[0], far + ".place", chain.types, depth + kChainDepth));
    return text + inner + std::string(sql.dialect().apart) + ")";
  }

  Result<std::string> operator()(const search::Reverse& reverse) const {
    if (reverse.inner.size() != 1) {
      return make_error(ErrorCode::internal, "a Reverse of one condition");
    }
    if (reverse.keys.empty()) return std::string("1 = 0");
    const std::string here = sql.alias();
    const std::string link = sql.alias();
    std::string text = "EXISTS (SELECT 1 FROM resource " + here + " CROSS JOIN index_link " + link +
                       " WHERE " + here + ".place = " + place + " AND " + link +
                       ".target = " + here + ".key AND " + link + ".key IN (" +
                       sql.bind_all(reverse.keys) + ") AND ";
    CONCORD_ASSIGN(const std::string inner, holds(sql, reverse.inner[0], link + ".place",
                                                  {reverse.type}, depth + kChainDepth));
    return text + inner + std::string(sql.dialect().apart) + ")";
  }
};

}  // namespace

Result<std::string> holds(Builder& sql, const Condition& condition, const std::string& place,
                          const std::vector<std::string>& types, int depth) {
  if (depth > kDepth || sql.bound_values() > kValues) return too_much();
  return std::visit(Holds{sql, place, types, depth}, condition.is);
}

std::string token_test(Builder& sql, const search::TokenIs& is, const std::string& row) {
  std::string test = row + ".key = " + sql.bind(std::int64_t{is.key});
  if (is.code) test += " AND " + row + ".code = " + sql.bind(*is.code);
  if (is.system) test += " AND " + row + ".system = " + sql.bind(std::int64_t{*is.system});
  return test;
}

std::string text_test(Builder& sql, const search::TextIs& is, const std::string& row) {
  using Match = search::TextIs::Match;
  const std::string value = row + ".value";
  const std::string test = row + ".key = " + sql.bind(std::int64_t{is.key});
  switch (is.match) {
    case Match::starts: {
      if (is.value.empty()) return test;
      std::string range = test + " AND " + value + " >= " + sql.bind(is.value);
      if (std::string end = after_prefix(is.value); !end.empty()) {
        range += " AND " + value + " < " + sql.bind(std::move(end));
      }
      return range;
    }
    case Match::equals:
      return test + " AND " + value + " = " + sql.bind(is.value);
    case Match::contains:
      if (is.value.empty()) return test;
      return test + " AND " + std::string(sql.dialect().position) + "(" + value + ", " +
             sql.bind(is.value) + ") > 0";
    case Match::exactly: {
      const std::string written = sql.bind(is.value);
      const std::string found =
          is.folded.empty() ? test : test + " AND " + value + " = " + sql.bind(is.folded);
      return found + " AND (" + row + ".exact = " + written + " OR (" + row + ".exact = '' AND " +
             value + " = " + written + "))";
    }
  }
  return "1 = 0";
}

std::string period_test(Builder& sql, const search::PeriodIs& is, const std::string& row) {
  const std::string key = sql.bind(std::int64_t{is.key});
  const bool low_only = is.comparison == Comparison::lt || is.comparison == Comparison::eb;
  const bool high_only = is.comparison == Comparison::gt || is.comparison == Comparison::sa;
  const std::string low = high_only ? std::string() : sql.bind(is.low);
  const std::string high = low_only ? std::string() : sql.bind(is.high);
  return row + ".key = " + key + " AND " + interval_test(is.comparison, row, low, high, true);
}

std::string number_test(Builder& sql, const search::NumberIs& is, const std::string& row) {
  const std::string key = sql.bind(std::int64_t{is.key});
  const bool low_only = is.comparison == Comparison::lt || is.comparison == Comparison::eb;
  const bool high_only = is.comparison == Comparison::gt || is.comparison == Comparison::sa;
  const std::string low = high_only ? std::string() : sql.bind(is.low);
  const std::string high = low_only ? std::string() : sql.bind(is.high);
  std::string test =
      row + ".key = " + key + " AND " + interval_test(is.comparison, row, low, high, false);
  if (is.system) test += " AND " + row + ".system = " + sql.bind(std::int64_t{*is.system});
  if (is.mark) test += " AND " + row + ".mark = " + sql.bind(std::int64_t{*is.mark});
  if (is.code) {
    const std::string code = sql.bind(std::int64_t{*is.code});
    test += is.system ? " AND " + row + ".code = " + code
                      : " AND " + code + " IN (" + row + ".code, " + row + ".unit)";
  }
  return test;
}

namespace {

/// The square of the straight line from three rows of one place to a position.
std::string line_squared(Builder& sql, const search::NearIs& is, const std::string& x,
                         const std::string& y, const std::string& z) {
  const auto squared = [&](const std::string& row, double to) {
    const std::string distance = "(" + row + ".low - " + sql.bind(to) + ")";
    return distance + " * " + distance;
  };
  return squared(x, is.x) + " + " + squared(y, is.y) + " + " + squared(z, is.z);
}

}  // namespace

std::string near_test(Builder& sql, const search::NearIs& is, const std::string& x,
                      const std::string& y, const std::string& z) {
  const std::string by(by_place(sql.dialect()));
  const auto key = [&](const std::string& row, search::IndexKey one, const std::string& how) {
    return how + row + ".key = " + sql.bind(std::int64_t{one});
  };
  return key(z, is.z_key, z == "d" ? "" : by) + " AND " + z + ".low >= " + sql.bind(is.z_low) +
         " AND " + z + ".low <= " + sql.bind(is.z_high) + " AND " + key(x, is.x_key, by) + " AND " +
         key(y, is.y_key, by) + " AND " + line_squared(sql, is, x, y, z) +
         " <= " + sql.bind(is.line_squared);
}

std::string near_order(Builder& sql, const search::NearIs& is, const std::string& place) {
  const std::string table(place_table(sql.dialect(), IndexKind::number));
  const std::string by(by_place(sql.dialect()));
  std::string from;
  std::string where;
  std::vector<std::string> rows;
  for (const search::IndexKey key : {is.x_key, is.y_key, is.z_key}) {
    const std::string row = rows.emplace_back(sql.alias());
    from += (from.empty() ? "" : " CROSS JOIN ") + table + " " + row;
    where += (where.empty() ? "" : " AND ") + by + row + ".place = " + place + " AND " + by + row +
             ".key = " + sql.bind(std::int64_t{key});
  }
  return "(SELECT min(" + line_squared(sql, is, rows[0], rows[1], rows[2]) + ") FROM " + from +
         " WHERE " + where + ")";
}

std::string link_test(Builder& sql, const search::LinkIs& is, const std::string& row) {
  std::string test = row + ".key = " + sql.bind(std::int64_t{is.key});
  if (!is.targets.empty()) test += " AND " + row + ".target IN (" + sql.bind_all(is.targets) + ")";
  if (!is.types.empty()) test += " AND " + row + ".type IN (" + sql.bind_all(is.types) + ")";
  return test;
}

std::string updated_test(Builder& sql, const search::UpdatedIs& is, const std::string& place) {
  // A point t is [t, t + 1 ms).
  const auto from = [&](std::int64_t millis) {
    return millis > kLastMillis ? std::string("1 = 0")
                                : place + " >= " + sql.bind(first_place(millis));
  };
  const auto before = [&](std::int64_t millis) {
    return millis > kLastMillis ? std::string("1 = 1")
                                : place + " < " + sql.bind(first_place(millis));
  };
  switch (is.comparison) {
    case Comparison::eq:
    case Comparison::ap:
      return "(" + from(is.low) + " AND " + before(is.high) + ")";
    case Comparison::ne:
      return "(" + before(is.low) + " OR " + from(is.high) + ")";
    case Comparison::gt:
    case Comparison::sa:
      return from(is.high);
    case Comparison::lt:
    case Comparison::eb:
      return before(is.low);
    case Comparison::ge:
      return from(std::min(is.low, is.high));
    case Comparison::le:
      return before(std::max(is.low, is.high));
    case Comparison::co: {  // a change takes one millisecond
      using Bounds = std::numeric_limits<std::int64_t>;
      const std::int64_t first = is.high == Bounds::min() ? is.high : is.high - 1;
      return "(" + from(first) + " AND " + before(is.low == Bounds::max() ? is.low : is.low + 1) +
             ")";
    }
  }
  return "1 = 0";
}

std::vector<std::int64_t> keys_of(const std::vector<std::string>& types,
                                  const std::vector<std::string>& ids) {
  std::vector<std::int64_t> keys;
  keys.reserve(types.size() * ids.size());
  for (const std::string& type : types) {
    for (const std::string& id : ids) keys.push_back(search::resource_hash(type, id));
  }
  return keys;
}

std::vector<std::int64_t> numbers_of(const std::vector<std::string>& types) {
  std::vector<std::int64_t> numbers;
  numbers.reserve(types.size());
  for (const std::string& type : types) numbers.push_back(search::type_number(type));
  return numbers;
}

std::string_view index_table(IndexKind kind) {
  switch (kind) {
    case IndexKind::token:
      return "index_token";
    case IndexKind::text:
      return "index_text";
    case IndexKind::period:
      return "index_period";
    case IndexKind::number:
      return "index_number";
    case IndexKind::link:
      return "index_link";
  }
  return "index_token";
}

std::string_view place_table(const Dialect& dialect, IndexKind kind) {
  if (!dialect.found_tables) return index_table(kind);
  switch (kind) {
    case IndexKind::token:
      return "found_token";
    case IndexKind::text:
      return "found_text";
    case IndexKind::period:
      return "found_period";
    case IndexKind::number:
      return "found_number";
    case IndexKind::link:
      return "found_link";
  }
  return "found_token";
}

std::string_view by_place(const Dialect& dialect) { return dialect.found_tables ? "" : "+"; }

std::string_view sort_column(IndexKind kind) {
  switch (kind) {
    case IndexKind::token:
      return "code";
    case IndexKind::text:
      return "value";
    case IndexKind::period:
    case IndexKind::number:
      return "low";
    case IndexKind::link:
      return "target";
  }
  return "code";
}

std::string joined(std::vector<std::string> parts, std::string_view word) {
  constexpr std::size_t kSideBySide = 50;
  while (parts.size() > 1) {
    std::vector<std::string> groups;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i % kSideBySide == 0) {
        if (!groups.empty()) groups.back() += ")";
        groups.push_back("(" + parts[i]);
      } else {
        groups.back() += std::string(word) + parts[i];
      }
    }
    groups.back() += ")";
    parts = std::move(groups);
  }
  return parts.empty() ? std::string() : std::move(parts[0]);
}

std::string group_test(Builder& sql, const TokenGroup& group, const std::string& row) {
  std::string test = row + ".key = " + sql.bind(std::int64_t{group.key}) + " AND " + row +
                     ".code IN (" + sql.bind_all(group.codes) + ")";
  if (group.system) test += " AND " + row + ".system = " + sql.bind(std::int64_t{*group.system});
  return test;
}

std::vector<TokenGroup> token_groups(const search::Any& any,
                                     std::vector<const Condition*>& others) {
  std::vector<TokenGroup> groups;
  for (const Condition& one : any.of) {
    const auto* token = std::get_if<search::TokenIs>(&one.is);
    if (token == nullptr || !token->code) {
      others.push_back(&one);
      continue;
    }
    auto group = std::find_if(groups.begin(), groups.end(), [token](const TokenGroup& known) {
      return known.key == token->key && known.system == token->system;
    });
    if (group == groups.end()) group = groups.insert(groups.end(), {token->key, token->system, {}});
    group->codes.push_back(*token->code);
  }
  return groups;
}

}  // namespace concord::store::sql
