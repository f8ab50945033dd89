// Pages of a search.
#include <algorithm>

#include "gateway/store/sql/detail/cursor.h"
#include "gateway/store/sql/detail/streams.h"
#include "gateway/store/sql/search_sql.h"

namespace concord::store::sql {

namespace {

using search::Condition;
using search::SortKey;

/// How the rows of a search are ordered.
enum class Order : std::uint8_t {
  place,    ///< by time of change alone: as the indexes hold them
  columns,  ///< by columns made for each row
};

/// Results that are sorted rather than looked for along the index of values, at most.
constexpr std::size_t kFewFound = 256;

/// A search, taken apart.
struct Plan {
  const ResourceSearch* search = nullptr;
  const Dialect* dialect = nullptr;
  Runner* runner = nullptr;
  Order order = Order::place;
  bool descending = true;           ///< places, of both orders
  std::vector<SortKey> sort;        ///< Order::columns: the keys
  std::vector<ColumnType> columns;  ///< of Cursor::sort and FoundRow::sort
  std::optional<Cursor> from;
  std::int64_t limit = 0;  ///< rows to look for: one more than the page holds

  bool backwards() const { return search->backwards; }
};

ColumnType type_of(const SortKey& key) {
  if (key.by == SortKey::By::id || key.by == SortKey::By::target) return ColumnType::text;
  if (key.by == SortKey::By::updated) return ColumnType::integer;
  switch (key.kind) {
    case search::IndexKind::text:
      return ColumnType::text;
    case search::IndexKind::number:
      return ColumnType::real;
    default:
      return ColumnType::integer;
  }
}

/// Keys behind one that no two resources share decide nothing.
std::vector<SortKey> deciding(const std::vector<SortKey>& sort, bool one_type) {
  std::vector<SortKey> keys;
  for (const SortKey& key : sort) {
    keys.push_back(key);
    if (key.by == SortKey::By::id && one_type) break;
  }
  return keys;
}

Plan plan_of(const ResourceSearch& search, const Dialect& dialect, Runner& runner) {
  Plan plan;
  plan.search = &search;
  plan.dialect = &dialect;
  plan.runner = &runner;
  plan.limit = static_cast<std::int64_t>(search.limit) + 1;
  const std::vector<SortKey> sort = search.parts.empty()
                                        ? std::vector<SortKey>{}
                                        : deciding(search.parts[0].sort, search.parts.size() == 1);
  if (sort.empty()) return plan;
  plan.descending = sort.back().descending;
  if (sort[0].by == SortKey::By::updated) {
    plan.descending = sort[0].descending;  // no two changes share a place
    return plan;
  }
  plan.order = Order::columns;
  plan.sort = sort;
  for (const SortKey& key : sort) {
    const bool maybe = key.by == SortKey::By::value || key.by == SortKey::By::target;
    if (maybe) plan.columns.push_back(ColumnType::integer);  // missing: 1
    plan.columns.push_back(type_of(key));
  }
  return plan;
}

/// A part and what its conditions fall into.
struct Part {
  std::vector<std::string> types;
  std::vector<const Condition*> conditions;
};

bool same_for_every_type(const Condition& where) {
  const auto all = conjuncts(where);
  return std::all_of(all.begin(), all.end(), [](const Condition* one) {
    return std::holds_alternative<search::UpdatedIs>(one->is);
  });
}

/// Parts that ask nothing of their type become one.
std::vector<Part> parts_of(const ResourceSearch& search) {
  std::vector<Part> parts;
  if (search.parts.empty()) return parts;
  const std::int64_t first = hash_of(search.parts[0].where);
  const bool one = search.parts.size() > 1 &&
                   std::all_of(search.parts.begin(), search.parts.end(), [&](const auto& part) {
                     return same_for_every_type(part.where) && hash_of(part.where) == first;
                   });
  for (const ResourceSearch::Part& part : search.parts) {
    if (one && !parts.empty()) {
      parts[0].types.push_back(part.type);
    } else {
      parts.push_back({{part.type}, conjuncts(part.where)});
    }
  }
  return parts;
}

/// Everything the search finds, as streams. `more` are conditions put to each.
Result<std::vector<Stream>> streams_of_parts(Builder& sql, const Plan& plan, bool in_order) {
  std::vector<Stream> streams;
  for (const Part& part : parts_of(*plan.search)) {
    CONCORD_ASSIGN(Start start, choose(part.conditions, part.types, *plan.dialect, *plan.runner,
                                       in_order, false, 0));
    if (!in_order) {
      CONCORD_TRY(narrow(start, part.conditions, part.types, *plan.dialect, *plan.runner));
    }
    CONCORD_ASSIGN(auto own,
                   streams_from(sql, start, part.conditions, part.types, *plan.runner, 0));
    for (Stream& stream : own) streams.push_back(std::move(stream));
  }
  if (streams.empty()) streams.push_back({"resource d", "1 = 0"});
  if (streams.size() > 400) {
    return make_error(ErrorCode::too_costly, "the search asks for too many types at once");
  }
  return streams;
}

const char* direction(bool descending) { return descending ? " DESC" : " ASC"; }

/// The union of streams of which only the first places are wanted, as `page` says it. SQLite merges
/// streams as they come; PostgreSQL would read each to its end, so it is told for each.
std::string first_of(Builder& sql, const std::vector<Stream>& streams, const std::string& more,
                     const std::string& page) {
  if (streams.size() == 1 || !sql.dialect().intersects) return union_of(streams, more);
  std::string text;
  for (const Stream& stream : streams) {
    text += (text.empty() ? "SELECT place FROM (" : " UNION SELECT place FROM (") +
            union_of({stream}, more) + page + ") " + sql.alias();
  }
  return text;
}

Statement resources_at(Builder&& sql, const std::string& places, bool descending) {
  return std::move(sql).finish(
      "SELECT " + std::string(kResourceColumns) + " FROM (" + places +
      ") p CROSS JOIN resource r WHERE r.place = p.place ORDER BY r.place" + direction(descending));
}

/// A page in order of places.
Result<std::vector<FoundRow>> by_place(const Plan& plan) {
  const bool descending = plan.descending != plan.backwards();
  Builder sql(*plan.dialect);
  CONCORD_ASSIGN(const auto streams, streams_of_parts(sql, plan, true));
  std::string more;
  if (plan.from) {
    more = std::string(" AND d.place ") + (descending ? "< " : "> ") + sql.bind(plan.from->place);
    if (!descending) more += " AND d.place <= " + sql.bind(plan.from->bound);
  }
  const std::string page =
      std::string(" ORDER BY place") + direction(descending) + " LIMIT " + sql.bind(plan.limit);
  const std::string places = first_of(sql, streams, more, page) + page;
  std::vector<FoundRow> rows;
  CONCORD_TRY(plan.runner->rows(resources_at(std::move(sql), places, descending), {}, rows));
  return rows;
}

/// The columns of the order, as they are compared, with the direction of each.
struct Column {
  std::string name;
  bool descending = false;
};

/// Rows behind the edge, in the order of the columns: (a > x) or (a = x and (b > y)) …
std::string behind(Builder& sql, const std::vector<Column>& columns,
                   const std::vector<Value>& edge) {
  std::string text;
  for (std::size_t i = columns.size(); i-- > 0;) {
    const std::string value = sql.bind(edge[i]);
    const std::string ahead = columns[i].name + (columns[i].descending ? " < " : " > ") + value;
    text = text.empty()
               ? ahead
               : "(" + ahead + " OR (" + columns[i].name + " = " + value + " AND " + text + "))";
  }
  return text;
}

/// What is compared of a row: its value, or where its code stands among those of the order.
std::string sorted_value(Builder& sql, const SortKey& key, const std::string& row) {
  const std::string value = row + "." + std::string(sort_column(key.kind));
  if (key.codes.empty()) return value;
  std::string place = "CASE " + value;
  for (std::size_t i = 0; i < key.codes.size(); ++i) {
    place += " WHEN " + sql.bind(key.codes[i]) + " THEN " + std::to_string(i);
  }
  return place + " END";
}

/// The position that is asked for, when a key is by the three numbers of one: such resources are
/// ordered by their distance from it.
const search::NearIs* near_of(const Plan& plan, const SortKey& key) {
  if (key.kind != search::IndexKind::number || key.keys.size() != 3) return nullptr;
  for (const Condition* one : conjuncts(plan.search->parts[0].where)) {
    const auto* near = std::get_if<search::NearIs>(&one->is);
    if (near != nullptr && key.keys[0] == near->x_key && key.keys[1] == near->y_key &&
        key.keys[2] == near->z_key) {
      return near;
    }
  }
  return nullptr;
}

/// The least or greatest value of a resource, or null.
std::string value_column(Builder& sql, const Plan& plan, const SortKey& key) {
  if (const auto* near = near_of(plan, key)) return near_order(sql, *near, "c.place");
  const std::string row = sql.alias();
  const std::string best = key.descending ? "max(" : "min(";
  const std::string by(by_place(sql.dialect()));
  if (key.by == SortKey::By::target) {
    const std::string far = sql.alias();
    std::string text = "(SELECT " + best + far + ".type_name || '/' || " + far + ".id) FROM " +
                       std::string(place_table(sql.dialect(), search::IndexKind::link)) + " " +
                       row + " CROSS JOIN resource " + far + " WHERE " + by + row +
                       ".place = c.place AND +" + row + ".key IN (" + sql.bind_all(key.keys) + ")";
    if (!key.types.empty()) text += " AND " + row + ".type IN (" + sql.bind_all(key.types) + ")";
    return text + " AND " + far + ".key = " + row + ".target)";
  }
  const std::string value = sorted_value(sql, key, row);
  return "(SELECT " + best + value + ") FROM " + std::string(place_table(sql.dialect(), key.kind)) +
         " " + row + " WHERE " + by + row + ".place = c.place AND +" + row + ".key IN (" +
         sql.bind_all(key.keys) + "))";
}

/// A page of a search that has few enough results to sort them. `known`: their places, when they
/// have been looked up already.
Result<std::vector<FoundRow>> by_sorting(const Plan& plan, std::vector<std::int64_t> known = {}) {
  Builder sql(*plan.dialect);
  std::vector<Stream> streams;
  if (known.empty()) {
    CONCORD_ASSIGN(streams, streams_of_parts(sql, plan, false));
  } else {
    known.resize(kFewFound, known.back());  // as many as ever: one text, prepared once
    streams.push_back({"resource d", "d.place IN (" + sql.bind_all(known) + ")"});
  }
  const std::string places = union_of(streams);
  std::string made;    // columns as they come
  std::string filled;  // … without nulls
  std::vector<Column> columns;
  std::size_t n = 0;
  for (const SortKey& key : plan.sort) {
    const std::string name = std::to_string(n++);
    const bool descending = key.descending != plan.backwards();
    switch (key.by) {
      case SortKey::By::id:
        made += ", q.id AS x" + name;
        filled += ", x" + name + " AS v" + name;
        break;
      case SortKey::By::updated:
        made += ", c.place AS x" + name;
        filled += ", x" + name + " AS v" + name;
        break;
      case SortKey::By::target:
      case SortKey::By::value: {
        if (key.keys.empty()) return make_error(ErrorCode::internal, "an order by no key");
        made += ", " + value_column(sql, plan, key) + " AS x" + name;
        const char* none = type_of(key) == ColumnType::text ? "''" : "0";
        filled += ", CASE WHEN x" + name + " IS NULL THEN 1 ELSE 0 END AS m" + name +
                  ", coalesce(x" + name + ", " + none + ") AS v" + name;
        columns.push_back({"m" + name, plan.backwards()});
        break;
      }
    }
    columns.push_back({"v" + name, descending});
  }
  std::string bound;
  std::string edge;
  columns.push_back({"place", plan.descending != plan.backwards()});
  if (plan.from) {
    bound = " AND q.created_nr <= " + sql.bind(plan.from->bound);
    std::vector<Value> values = plan.from->sort;
    values.emplace_back(plan.from->place);
    edge = " WHERE " + behind(sql, columns, values);
  }
  std::string order;
  std::string given;
  for (const Column& column : columns) {
    order += (order.empty() ? "" : ", ") + std::string("t.") + column.name +
             direction(column.descending);
    if (column.name != "place") given += ", t." + column.name;
  }
  std::string inner_order = order;
  for (std::size_t at = inner_order.find("t."); at != std::string::npos;
       at = inner_order.find("t.", at)) {
    inner_order.erase(at, 2);
  }
  Statement statement = std::move(sql).finish(
      "WITH c AS MATERIALIZED (" + places + "), k AS MATERIALIZED (SELECT c.place AS place" + made +
      " FROM c CROSS JOIN resource q WHERE q.place = c.place" + bound +
      "), f AS MATERIALIZED (SELECT place" + filled +
      " FROM k), t AS MATERIALIZED (SELECT * FROM f" + edge + " ORDER BY " + inner_order +
      " LIMIT " + std::to_string(plan.limit) + ") SELECT " + std::string(kResourceColumns) + given +
      " FROM t CROSS JOIN resource r WHERE r.place = t.place ORDER BY " + order);
  std::vector<FoundRow> rows;
  CONCORD_TRY(plan.runner->rows(statement, plan.columns, rows));
  return rows;
}

/// Resources with a value, in the order of the index of values.
Result<void> with_value(const Plan& plan, const Part& part, std::vector<FoundRow>& rows) {
  const SortKey& key = plan.sort[0];
  const bool descending = key.descending != plan.backwards();
  const std::string table(index_table(key.kind));
  const std::string column(sort_column(key.kind));
  Builder sql(*plan.dialect);
  const std::string by(by_place(sql.dialect()));
  std::string where =
      "d.key = " + sql.bind(std::int64_t{key.keys[0]}) + " AND NOT EXISTS (SELECT 1 FROM " +
      std::string(place_table(sql.dialect(), key.kind)) + " e WHERE " + by +
      "e.place = d.place AND +e.key = d.key AND e." + column +
      (key.descending ? " > d." : " < d.") + column + std::string(sql.dialect().apart) + ")";
  for (const Condition* one : part.conditions) {
    CONCORD_ASSIGN(const std::string test, holds(sql, *one, "d.place", part.types));
    where += " AND " + test;
  }
  where += " AND q.place = d.place";
  if (plan.from) {
    where += " AND q.created_nr <= " + sql.bind(plan.from->bound);
    if (std::get<std::int64_t>(plan.from->sort[0]) == 0) {
      const std::string value = sql.bind(plan.from->sort[1]);
      const std::string place = sql.bind(plan.from->place);
      const std::string ahead = descending ? " < " : " > ";
      where += " AND d." + column + (descending ? " <= " : " >= ") + value + " AND (d." + column +
               ahead + value + " OR d.place" + ahead + place + ")";
    }
  }
  const std::string order =
      " ORDER BY v0" + std::string(direction(descending)) + ", place" + direction(descending);
  std::string text =
      "SELECT " + std::string(kResourceColumns) + ", 0 AS m0, t.v0 FROM (SELECT DISTINCT d." +
      column + " AS v0, d.place AS place FROM " + table + " d CROSS JOIN resource q WHERE " +
      where + order + " LIMIT " + sql.bind(plan.limit - static_cast<std::int64_t>(rows.size())) +
      ") t CROSS JOIN resource r WHERE r.place = t.place ORDER BY t.v0" + direction(descending) +
      ", t.place" + direction(descending);
  return plan.runner->rows(std::move(sql).finish(std::move(text)), plan.columns, rows);
}

/// Resources without a value, in order of places.
Result<void> without_value(const Plan& plan, const Part& part, const Start& start,
                           std::vector<FoundRow>& rows) {
  const SortKey& key = plan.sort[0];
  const bool descending = plan.descending != plan.backwards();
  Builder sql(*plan.dialect);
  CONCORD_ASSIGN(auto streams,
                 streams_from(sql, start, part.conditions, part.types, *plan.runner, 0));
  const std::string by(by_place(sql.dialect()));
  std::string more = " AND NOT EXISTS (SELECT 1 FROM " +
                     std::string(place_table(sql.dialect(), key.kind)) + " e WHERE " + by +
                     "e.place = d.place AND " + by +
                     "e.key = " + sql.bind(std::int64_t{key.keys[0]}) +
                     std::string(sql.dialect().apart) + ") AND q.place = d.place";
  if (plan.from) {
    more += " AND q.created_nr <= " + sql.bind(plan.from->bound);
    if (std::get<std::int64_t>(plan.from->sort[0]) == 1) {
      more +=
          std::string(" AND d.place ") + (descending ? "< " : "> ") + sql.bind(plan.from->place);
    }
  }
  for (Stream& stream : streams) stream.from += " CROSS JOIN resource q";
  const char* none = key.kind == search::IndexKind::text ? "''" : "0";
  std::string text =
      "SELECT " + std::string(kResourceColumns) + ", 1 AS m0, " + none + " AS v0 FROM (" +
      union_of(streams, more) + " ORDER BY place" + direction(descending) + " LIMIT " +
      sql.bind(plan.limit - static_cast<std::int64_t>(rows.size())) +
      ") p CROSS JOIN resource r WHERE r.place = p.place ORDER BY r.place" + direction(descending);
  return plan.runner->rows(std::move(sql).finish(std::move(text)), plan.columns, rows);
}

/// A page of a search with many results, by one value: along the index of values.
Result<std::vector<FoundRow>> by_walking(const Plan& plan, const Part& part, const Start& start) {
  std::vector<FoundRow> rows;
  // The last page begins behind everything, so among those without a value.
  const bool among_missing =
      plan.from ? std::get<std::int64_t>(plan.from->sort[0]) == 1 : plan.backwards();
  const auto full = [&] { return static_cast<std::int64_t>(rows.size()) >= plan.limit; };
  if (plan.backwards()) {
    if (among_missing) CONCORD_TRY(without_value(plan, part, start, rows));
    if (!full()) CONCORD_TRY(with_value(plan, part, rows));
  } else {
    if (!among_missing) CONCORD_TRY(with_value(plan, part, rows));
    if (!full()) CONCORD_TRY(without_value(plan, part, start, rows));
  }
  return rows;
}

/// The places of everything the search finds; nothing when they are more than kFewFound.
Result<std::optional<std::vector<std::int64_t>>> few_found(const Plan& plan, const Part& part,
                                                           const Start& start) {
  Builder sql(*plan.dialect);
  CONCORD_ASSIGN(const auto streams,
                 streams_from(sql, start, part.conditions, part.types, *plan.runner, 0));
  const std::string most = " LIMIT " + std::to_string(kFewFound + 1);
  CONCORD_ASSIGN(auto places, plan.runner->numbers(
                                  std::move(sql).finish(first_of(sql, streams, "", most) + most)));
  if (places.size() > kFewFound) return std::optional<std::vector<std::int64_t>>();
  return std::optional(std::move(places));
}

/// Few results are sorted. Many are met soon on a walk along the values they are sorted by, few
/// only after nearly all of it.
Result<std::vector<FoundRow>> rows_of(const Plan& plan) {
  if (plan.order == Order::place) return by_place(plan);
  const bool walkable = plan.sort.size() == 1 && plan.sort[0].by == SortKey::By::value &&
                        plan.sort[0].keys.size() == 1 && plan.sort[0].codes.empty() &&
                        plan.sort[0].kind != search::IndexKind::link;
  if (walkable && plan.search->parts.size() == 1) {
    const std::vector<Part> parts = parts_of(*plan.search);
    CONCORD_ASSIGN(Start start, choose(parts[0].conditions, parts[0].types, *plan.dialect,
                                       *plan.runner, true, true, 0));
    if (start.condition == nullptr) return by_walking(plan, parts[0], start);
    if (!start.is_short || start.length > static_cast<std::int64_t>(kFewFound)) {
      CONCORD_TRY(narrow(start, parts[0].conditions, parts[0].types, *plan.dialect, *plan.runner));
      CONCORD_ASSIGN(auto places, few_found(plan, parts[0], start));
      if (!places) return by_walking(plan, parts[0], start);
      if (places->empty()) return std::vector<FoundRow>();
      return by_sorting(plan, std::move(*places));
    }
  }
  return by_sorting(plan);
}

Result<std::int64_t> count_of(const Plan& plan) {
  Builder sql(*plan.dialect);
  CONCORD_ASSIGN(const auto streams, streams_of_parts(sql, plan, false));
  std::string text = "SELECT count(*) FROM (" + union_of(streams) + ") " + sql.alias();
  return plan.runner->number(std::move(sql).finish(std::move(text)));
}

Result<std::int64_t> bound_now(const Plan& plan) {
  const char* column = plan.order == Order::place ? "place" : "created_nr";
  return plan.runner->number(
      {"SELECT coalesce(max(" + std::string(column) + "), 0) FROM resource", {}});
}

}  // namespace

Result<ResourcePage> find_page(const ResourceSearch& search, const Dialect& dialect, Runner& runner,
                               const CursorRules& rules) {
  Plan plan = plan_of(search, dialect, runner);
  ResourcePage page;
  const std::int64_t asked = hash_of(search);
  if (!search.cursor.empty()) {
    CONCORD_ASSIGN(plan.from, decode(search.cursor, plan.columns));
    CONCORD_TRY(check(*plan.from, asked, rules));
  }
  if (search.count) {
    CONCORD_ASSIGN(page.total, count_of(plan));
  }
  if (search.limit == 0) return page;
  CONCORD_ASSIGN(std::vector<FoundRow> rows, rows_of(plan));

  const bool more =
      static_cast<std::int64_t>(rows.size()) > static_cast<std::int64_t>(search.limit);
  if (more) rows.resize(search.limit);
  if (search.backwards) std::reverse(rows.begin(), rows.end());
  const bool is_next = search.backwards ? plan.from && !rows.empty() : more;
  const bool is_previous = search.backwards ? more : plan.from && !rows.empty();
  Cursor edge{asked, rules.index_version, rules.now.time_since_epoch().count(), 0, 0, {}};
  if (plan.from) {
    edge.bound = plan.from->bound;
  } else if (is_next || is_previous) {
    CONCORD_ASSIGN(edge.bound, bound_now(plan));
  }
  const auto cursor_at = [&edge](const FoundRow& row) {
    edge.place = row.place;
    edge.sort = row.sort;
    return encode(edge);
  };
  if (is_next) page.next = cursor_at(rows.back());
  if (is_previous) page.previous = cursor_at(rows.front());
  page.rows.reserve(rows.size());
  for (FoundRow& row : rows) page.rows.push_back(std::move(row.row));
  return page;
}

std::int64_t guard_hash(const Guard& guard) {
  ResourceSearch search;
  search.parts.push_back({guard.type, guard.where, {}});
  return hash_of(search);
}

Result<bool> guard_holds(const Guard& guard, const Dialect& dialect, Runner& runner) {
  ResourceSearch search;
  search.limit = 2;
  search.parts.push_back({guard.type, guard.where, {}});
  if (guard.ids.size() >= 2) {
    // Several were found, of which the guard names two: they must still be among them.
    search.parts[0].where =
        Condition{search::All{{guard.where, Condition{search::IdIs{guard.ids}}}}};
  }
  CONCORD_ASSIGN(const ResourcePage page, find_page(search, dialect, runner, {}));
  if (page.rows.size() != guard.ids.size()) return false;
  return std::all_of(page.rows.begin(), page.rows.end(), [&guard](const ResourceRow& row) {
    return std::find(guard.ids.begin(), guard.ids.end(), row.id) != guard.ids.end();
  });
}

}  // namespace concord::store::sql
