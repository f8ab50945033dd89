// History, and resources at the other end of links.
#include <algorithm>

#include "gateway/store/sql/detail/conditions.h"
#include "gateway/store/sql/detail/cursor.h"
#include "gateway/store/sql/place.h"
#include "gateway/store/sql/search_sql.h"

namespace concord::store::sql {

namespace {

/// Which versions are asked for: a select for each list the tables hold in order.
struct Versions {
  std::string from;  ///< of "r"
  std::string where;
};

std::vector<Versions> versions_of(Builder& sql, const HistorySearch& search) {
  if (!search.id.empty()) {
    const std::string key = sql.bind(search::resource_hash(search.type, search.id));
    return {{"resource r", "r.key = " + key},
            {"resource_version r",
             "r.created_nr = (SELECT n.created_nr FROM resource n WHERE n.key = " + key + ")"}};
  }
  if (!search.type.empty()) {
    const std::string type = sql.bind(std::int64_t{search::type_number(search.type)});
    return {{"resource r", "r.type = " + type + " AND r.deleted = 0"},
            {"resource r", "r.type = " + type + " AND r.deleted = 1"},
            {"resource_version r", "r.type = " + type}};
  }
  return {{"resource r", "1 = 1"}, {"resource_version r", "1 = 1"}};
}

std::string times(Builder& sql, const HistorySearch& search) {
  std::string text;
  if (search.since) {
    text += " AND r.place >= " + sql.bind(first_place(search.since->time_since_epoch().count()));
  }
  if (search.before) {
    text += " AND r.place < " + sql.bind(first_place(search.before->time_since_epoch().count()));
  }
  return text;
}

}  // namespace

Result<ResourcePage> find_history(const HistorySearch& search, const Dialect& dialect,
                                  Runner& runner, const CursorRules& rules) {
  ResourcePage page;
  const std::int64_t asked = hash_of(search);
  // Versions do not depend on the index, so a new one leaves their pages as they are.
  CursorRules own = rules;
  own.index_version = 0;
  std::optional<Cursor> from;
  if (!search.cursor.empty()) {
    CONCORD_ASSIGN(from, decode(search.cursor, {}));
    CONCORD_TRY(check(*from, asked, own));
  }
  // The versions of one resource follow each other; those of many are in order of their times.
  const std::string column = search.id.empty() ? "place" : "version";
  if (search.count) {
    Builder sql(dialect);
    std::string text = "SELECT 0";
    const auto all = versions_of(sql, search);
    const std::string time = times(sql, search);
    for (const Versions& one : all) {
      text += " + (SELECT count(*) FROM " + one.from + " WHERE " + one.where + time + ")";
    }
    CONCORD_ASSIGN(page.total, runner.number(std::move(sql).finish(std::move(text))));
  }
  if (search.limit == 0) return page;

  Builder sql(dialect);
  const auto all = versions_of(sql, search);
  std::string more = times(sql, search);
  if (from) {
    more += " AND r." + column + (search.ascending ? " > " : " < ") + sql.bind(from->place);
  }
  std::string text;
  for (const Versions& one : all) {
    if (!text.empty()) text += " UNION ALL ";
    text += "SELECT " + std::string(kResourceColumns) + " FROM " + one.from + " WHERE " +
            one.where + more;
  }
  text += " ORDER BY " + column + (search.ascending ? " ASC" : " DESC") + " LIMIT " +
          sql.bind(static_cast<std::int64_t>(search.limit) + 1);
  std::vector<FoundRow> rows;
  CONCORD_TRY(runner.rows(std::move(sql).finish(std::move(text)), {}, rows));
  const auto cursor_at = [&](const FoundRow& row) {
    return encode({asked,
                   0,
                   rules.now.time_since_epoch().count(),
                   0,
                   search.id.empty() ? row.place : row.row.version,
                   {}});
  };
  if (rows.size() > search.limit) {
    rows.resize(search.limit);
    page.next = cursor_at(rows.back());
  }
  if (from && !rows.empty()) page.previous = cursor_at(rows.front());
  page.rows.reserve(rows.size());
  for (FoundRow& row : rows) {
    // Two ids share a hash once in the life of a universe; a history of both would be a leak.
    if (!search.id.empty() && (row.row.id != search.id || row.row.type != search.type)) continue;
    page.rows.push_back(std::move(row.row));
  }
  return page;
}

Result<std::vector<ResourceRow>> find_linked(const LinkedSearch& search, const Dialect& dialect,
                                             Runner& runner) {
  std::vector<ResourceRow> found;
  if (search.rows.empty() || search.limit == 0) return found;
  Builder sql(dialect);
  const std::string near = "n.created_nr IN (" + sql.bind_all(search.rows) + ")";
  const std::string by(search.reverse ? std::string_view() : by_place(dialect));
  std::string list = "SELECT DISTINCT l." + std::string(search.reverse ? "place" : "target") +
                     " FROM resource n CROSS JOIN " +
                     std::string(search.reverse ? index_table(search::IndexKind::link)
                                                : place_table(dialect, search::IndexKind::link)) +
                     " l WHERE " + near + " AND " +
                     (search.reverse ? "l.target = n.key" : by + "l.place = n.place");
  if (!search.keys.empty()) list += " AND " + by + "l.key IN (" + sql.bind_all(search.keys) + ")";
  std::string text = "SELECT " + std::string(kResourceColumns) + " FROM resource r WHERE r." +
                     (search.reverse ? "place" : "key") + " IN (" + list + ") AND r.deleted = 0";
  if (!search.types.empty()) {
    text += " AND +r.type IN (" + sql.bind_all(numbers_of(search.types)) + ")";
  }
  text += " ORDER BY r.created_nr LIMIT " + sql.bind(static_cast<std::int64_t>(search.limit));
  std::vector<FoundRow> rows;
  CONCORD_TRY(runner.rows(std::move(sql).finish(std::move(text)), {}, rows));
  found.reserve(rows.size());
  for (FoundRow& row : rows) found.push_back(std::move(row.row));
  return found;
}

}  // namespace concord::store::sql
