// Single resources: reading, and versions that come together.
#include "gateway/store/postgresql/detail/resources.h"

#include <algorithm>
#include <charconv>

#include "fhir/search/index.h"
#include "gateway/store/sql/place.h"

namespace concord::store::postgresql {

namespace {

using Of = Column::Of;

constexpr std::string_view kCurrent =
    "SELECT r.place, r.created_nr, r.type_name, r.id, r.version, r.change, r.encoding, r.body "
    "FROM resource r WHERE r.key = $1";

constexpr std::string_view kOlder =
    "SELECT r.place, r.created_nr, r.type_name, r.id, r.version, r.change, r.encoding, r.body "
    "FROM resource_version r WHERE r.created_nr = (SELECT created_nr FROM resource WHERE key = $1) "
    "AND r.version = $2";

constexpr std::string_view kSeveral =
    "SELECT r.place, r.created_nr, r.type_name, r.id, r.version, r.change, r.encoding, r.body "
    "FROM resource r WHERE r.key = ANY($1::bigint[])";

constexpr std::string_view kChanged =
    "SELECT r.place, r.created_nr, r.type_name, r.id, r.version, r.change, r.encoding, r.body, "
    "r.changed_nr FROM resource r WHERE r.changed_nr > $1 AND r.changed_nr <= $2 "
    "AND (cardinality($3::integer[]) = 0 OR r.type = ANY($3::integer[])) "
    "ORDER BY r.changed_nr LIMIT $4";

// Names stand in the rows alone, so one row of each type is looked up.
constexpr std::string_view kCounts =
    "SELECT (SELECT n.type_name FROM resource n WHERE n.type = c.type LIMIT 1), c.here, c.gone, "
    "c.here + c.gone + (SELECT count(*) FROM resource_version v WHERE v.type = c.type) "
    "FROM (SELECT type, count(*) FILTER (WHERE deleted = 0) AS here, "
    "count(*) FILTER (WHERE deleted = 1) AS gone FROM resource GROUP BY type) c ORDER BY 1";

constexpr std::string_view kAfter =
    "SELECT r.place, r.created_nr, r.type_name, r.id, r.version, r.change, r.encoding, r.body "
    "FROM resource r WHERE r.created_nr > $1 AND r.deleted = 0 ORDER BY r.created_nr LIMIT $2";

/// The row that is meant; two ids share a hash once in the life of a universe.
Result<std::optional<ResourceRow>> one(const Rows& rows, std::string_view type,
                                       std::string_view id) {
  if (rows.empty() || rows.view(0, 2) != type || rows.view(0, 3) != id) {
    return std::optional<ResourceRow>{};
  }
  CONCORD_ASSIGN(ResourceRow row, resource_at(rows, 0));
  return std::optional<ResourceRow>{std::move(row)};
}

}  // namespace

Result<ResourceRow> resource_at(const Rows& rows, int at) {
  ResourceRow row;
  row.updated_at = sql::changed_at(rows.integer(at, 0));
  row.row = rows.integer(at, 1);
  row.type = rows.text(at, 2);
  row.id = rows.text(at, 3);
  row.version = rows.integer(at, 4);
  row.change = static_cast<Change>(rows.integer(at, 5));
  CONCORD_ASSIGN(row.body, sql::unpack(static_cast<int>(rows.integer(at, 6)), rows.view(at, 7)));
  return row;
}

Result<std::optional<ResourceRow>> PostgresqlResources::read(std::string_view type,
                                                             std::string_view id) {
  CONCORD_ASSIGN(const Rows rows, readers_->query(kCurrent, search::resource_hash(type, id)));
  return one(rows, type, id);
}

Result<std::optional<ResourceRow>> PostgresqlResources::read_version(std::string_view type,
                                                                     std::string_view id,
                                                                     std::int64_t version) {
  const std::int64_t key = search::resource_hash(type, id);
  // What is current now may be older by the second look, never the other way about; both go to the
  // server together.
  Batch batch;
  batch.add(kCurrent, key);
  batch.add(kOlder, key, version);
  CONCORD_ASSIGN(const std::vector<Rows> rows, readers_->read(batch));
  CONCORD_ASSIGN(auto current, one(rows[0], type, id));
  if (!current || current->version == version) return current;
  return one(rows[1], type, id);
}

Result<std::vector<ResourceRow>> PostgresqlResources::read_all(
    const std::vector<std::pair<std::string, std::string>>& types_and_ids) {
  std::vector<ResourceRow> all;
  if (types_and_ids.empty()) return all;
  Column keys(Of::bigint);
  for (const auto& [type, id] : types_and_ids) keys.add(search::resource_hash(type, id));
  CONCORD_ASSIGN(const Rows rows, readers_->query(kSeveral, keys));
  std::unordered_map<std::string, int> by_name;
  for (int row = 0; row < rows.size(); ++row) {
    by_name.emplace(rows.text(row, 2) + "/" + rows.text(row, 3), row);
  }
  for (const auto& [type, id] : types_and_ids) {
    const auto found = by_name.find(type + "/" + id);
    if (found == by_name.end()) continue;
    CONCORD_ASSIGN(all.emplace_back(), resource_at(rows, found->second));
  }
  return all;
}

Result<ResourcesWritten> PostgresqlResources::write(ResourceChanges changes) {
  Call call;
  prepare(call, changes);
  CONCORD_TRY(together_(call));
  return call.written;
}

Result<ResourcePage> PostgresqlResources::changed(const std::string& cursor,
                                                  const std::vector<std::string>& types,
                                                  std::size_t limit) {
  // Numbers are taken under the lock of the audit head, which is kept until the commit. So whoever
  // sees a number sees all smaller ones: nothing commits later behind a place once reached.
  CONCORD_ASSIGN(const Rows last,
                 readers_->query("SELECT coalesce(max(changed_nr), 0) FROM resource"));
  const std::int64_t reached = last.integer(0, 0);
  ResourcePage page;
  page.next = std::to_string(reached);
  if (cursor.empty()) return page;
  std::int64_t from = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), from);
  if (error != std::errc{} || end != cursor.data() + cursor.size() || from < 0) {
    return make_error(ErrorCode::invalid, "this is not a place in the stream of changes");
  }
  page.next = std::to_string(std::max(from, reached));
  if (from >= reached) return page;
  Column numbers(Of::integer);
  for (const std::string& type : types) numbers.add(std::int64_t{search::type_number(type)});
  CONCORD_ASSIGN(const Rows rows, readers_->query(kChanged, from, reached, numbers, limit));
  for (int row = 0; row < rows.size(); ++row) {
    CONCORD_ASSIGN(page.rows.emplace_back(), resource_at(rows, row));
  }
  if (page.rows.size() == limit) {
    page.next = limit == 0 ? cursor : std::to_string(rows.integer(rows.size() - 1, 8));
  }
  return page;
}

Result<std::vector<ResourceCounts>> PostgresqlResources::resource_counts() {
  CONCORD_ASSIGN(const Rows rows, readers_->query(kCounts));
  std::vector<ResourceCounts> counts;
  for (int row = 0; row < rows.size(); ++row) {
    counts.push_back(
        {rows.text(row, 0), rows.integer(row, 1), rows.integer(row, 2), rows.integer(row, 3)});
  }
  return counts;
}

Result<std::int64_t> PostgresqlResources::index_version() {
  CONCORD_ASSIGN(const Rows rows,
                 readers_->query("SELECT version FROM resource_index WHERE one = 1"));
  return rows.empty() ? std::int64_t{0} : rows.integer(0, 0);
}

Result<void> PostgresqlResources::set_index_version(std::int64_t version) {
  return alone_([version](Transaction& tx) -> Result<void> {
    CONCORD_TRY(tx.query("UPDATE resource_index SET version = $1 WHERE one = 1", version));
    return {};
  });
}

Result<std::vector<ResourceRow>> PostgresqlResources::rows_after(std::int64_t row,
                                                                 std::size_t limit) {
  CONCORD_ASSIGN(const Rows rows, readers_->query(kAfter, row, limit));
  std::vector<ResourceRow> all;
  for (int at = 0; at < rows.size(); ++at) {
    CONCORD_ASSIGN(all.emplace_back(), resource_at(rows, at));
  }
  return all;
}

Result<void> PostgresqlResources::reindex(std::vector<Reindexed> values) {
  return alone_([&values](Transaction& tx) -> Result<void> {
    Column created(Of::bigint), versions(Of::bigint);
    std::unordered_map<std::int64_t, const Reindexed*> by_row;
    for (const Reindexed& value : values) {
      created.add(value.row);
      versions.add(value.version);
      by_row[value.row] = &value;
    }
    tx.step("index");
    // Locked, so that a new version comes before or after, with its own index.
    CONCORD_ASSIGN(const Rows rows,
                   tx.query("SELECT r.created_nr, r.place FROM unnest($1::bigint[], $2::bigint[]) "
                            "AS n (created_nr, version) JOIN resource r "
                            "ON r.created_nr = n.created_nr AND r.version = n.version "
                            "WHERE r.deleted = 0 ORDER BY r.key FOR UPDATE OF r",
                            created, versions));
    IndexRows index;
    std::vector<std::int64_t> places;
    for (int row = 0; row < rows.size(); ++row) {
      places.push_back(rows.integer(row, 1));
      index.add(rows.integer(row, 1), by_row[rows.integer(row, 0)]->index);
    }
    IndexRows::clear(tx.last(), places);
    index.into(tx.last());
    return {};
  });
}

}  // namespace concord::store::postgresql
