// Single resources: reading, and versions that come together.
#include "gateway/store/sqlite/detail/resources.h"

#include <charconv>

#include "gateway/store/sqlite/detail/accept.h"
#include "gateway/store/sqlite/detail/resource_rows.h"
#include "gateway/store/sqlite/detail/search.h"

namespace concord::store::sqlite {

namespace {

constexpr const char* kCurrent =
    "SELECT place, created_nr, type_name, id, version, change, encoding, body FROM resource "
    "WHERE key = ?";
constexpr const char* kOlder =
    "SELECT v.place, v.created_nr, v.type_name, v.id, v.version, v.change, v.encoding, v.body "
    "FROM resource r CROSS JOIN resource_version v ON v.created_nr = r.created_nr "
    "WHERE r.key = ? AND v.version = ?";

Result<std::optional<ResourceRow>> one(Query row, std::string_view type, std::string_view id) {
  CONCORD_ASSIGN(const bool found, row.next());
  if (!found || row.view(2) != type || row.view(3) != id) return std::optional<ResourceRow>{};
  CONCORD_ASSIGN(ResourceRow read, resource_row(row));
  return std::optional<ResourceRow>{std::move(read)};
}

/// Everything write() needs, made ready before the transaction.
struct PackedChanges {
  std::vector<PackedVersion> versions;
  std::vector<PackedExchange> notices;
};

/// Looks first, so that a conflict leaves the transaction as it was.
Result<ResourcesWritten> write_in(Transaction& tx, const ResourceChanges& changes,
                                  const PackedChanges& packed) {
  using End = ResourcesWritten::End;
  tx.step("look");
  std::vector<CurrentVersion> before;
  before.reserve(packed.versions.size());
  for (std::size_t i = 0; i < packed.versions.size(); ++i) {
    CONCORD_ASSIGN(before.emplace_back(), current_version(tx.db(), packed.versions[i]));
    if (before.back().version != packed.versions[i].expected_version) {
      return ResourcesWritten{End::version_conflict, i};
    }
  }
  for (std::size_t i = 0; i < changes.guards.size(); ++i) {
    CONCORD_ASSIGN(const bool holds, guard_holds(tx.db(), changes.guards[i]));
    if (!holds) return ResourcesWritten{End::guard_conflict, i};
  }
  for (std::size_t i = 0; i < packed.versions.size(); ++i) {
    CONCORD_TRY(add_version(tx, packed.versions[i], before[i]));
  }
  for (const PackedExchange& notice : packed.notices) {
    CONCORD_TRY(insert_unless_known(tx, notice));
  }
  CONCORD_TRY(tx.append(changes.audit));
  return ResourcesWritten{};
}

}  // namespace

Result<std::optional<ResourceRow>> SqliteResources::read(std::string_view type,
                                                         std::string_view id) {
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  CONCORD_ASSIGN(Query row, db->query(kCurrent, search::resource_hash(type, id)));
  return one(std::move(row), type, id);
}

Result<std::optional<ResourceRow>> SqliteResources::read_version(std::string_view type,
                                                                 std::string_view id,
                                                                 std::int64_t version) {
  const std::int64_t key = search::resource_hash(type, id);
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  // The older version first: what is current now may be older by the second look, never the other
  // way about.
  {
    CONCORD_ASSIGN(Query row, db->query(kCurrent, key));
    CONCORD_ASSIGN(auto current, one(std::move(row), type, id));
    if (!current || current->version == version) return current;
    if (version < 1 || version > current->version) return std::optional<ResourceRow>{};
  }
  CONCORD_ASSIGN(Query row, db->query(kOlder, key, version));
  return one(std::move(row), type, id);
}

Result<std::vector<ResourceRow>> SqliteResources::read_all(
    const std::vector<std::pair<std::string, std::string>>& types_and_ids) {
  std::vector<ResourceRow> rows;
  rows.reserve(types_and_ids.size());
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  for (const auto& [type, id] : types_and_ids) {
    CONCORD_ASSIGN(Query row, db->query(kCurrent, search::resource_hash(type, id)));
    CONCORD_ASSIGN(auto found, one(std::move(row), type, id));
    if (found) rows.push_back(std::move(*found));
  }
  return rows;
}

Result<ResourcesWritten> SqliteResources::write(ResourceChanges changes) {
  PackedChanges packed;
  packed.versions.reserve(changes.writes.size());
  for (const ResourceWrite& write : changes.writes) {
    packed.versions.push_back(pack_version(write.type, write.id, write.expected_version,
                                           write.change, write.updated_at, write.body,
                                           write.index));
  }
  packed.notices = pack_exchanges(changes.notices);
  ResourcesWritten written;
  CONCORD_TRY(write_([&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(written, write_in(tx, changes, packed));
    return {};
  }));
  return written;
}

Result<ResourcePage> SqliteResources::changed(const std::string& cursor,
                                              const std::vector<std::string>& types,
                                              std::size_t limit) {
  ResourcePage page;
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  CONCORD_ASSIGN(ReadTransaction moment, ReadTransaction::begin(*db));
  CONCORD_ASSIGN(const auto last, db->number("SELECT max(changed_nr) FROM resource"));
  std::int64_t from = last.value_or(0);
  if (!cursor.empty()) {
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), from);
    if (error != std::errc{} || end != cursor.data() + cursor.size() || from < 0) {
      return make_error(ErrorCode::invalid, "this is not a place in the stream of changes");
    }
  }
  std::int64_t reached = std::max(from, last.value_or(0));
  {
    CONCORD_ASSIGN(
        Query row,
        db->query("SELECT place, created_nr, type_name, id, version, change, encoding, body, "
                  "changed_nr FROM resource WHERE changed_nr > ? ORDER BY changed_nr",
                  from));
    for (;;) {
      CONCORD_ASSIGN(const bool more, row.next());
      if (!more) break;
      if (!types.empty() && std::find(types.begin(), types.end(), row.view(2)) == types.end()) {
        continue;
      }
      if (page.rows.size() >= limit) break;
      CONCORD_ASSIGN(page.rows.emplace_back(), resource_row(row));
      if (page.rows.size() == limit) reached = row.integer(8);
    }
  }
  page.next = std::to_string(reached);
  return page;
}

Result<std::vector<ResourceCounts>> SqliteResources::resource_counts() {
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  std::vector<ResourceCounts> counts;
  // Names stand in the rows alone, so one row of each type is looked up.
  CONCORD_ASSIGN(
      Query row,
      db->query("SELECT (SELECT n.type_name FROM resource n WHERE n.type = c.type LIMIT 1), "
                "c.current, c.gone, c.current + c.gone + "
                "(SELECT count(*) FROM resource_version v WHERE v.type = c.type) "
                "FROM (SELECT type, sum(deleted = 0) AS current, sum(deleted) AS gone "
                "FROM resource GROUP BY type) c ORDER BY 1"));
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return counts;
    counts.push_back({row.text(0), row.integer(1), row.integer(2), row.integer(3)});
  }
}

Result<std::int64_t> SqliteResources::index_version() {
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  CONCORD_ASSIGN(const auto version,
                 db->number("SELECT version FROM resource_index WHERE one = 1"));
  return version.value_or(0);
}

Result<void> SqliteResources::set_index_version(std::int64_t version) {
  return write_([&](Transaction& tx) {
    return tx.db().run("UPDATE resource_index SET version = ? WHERE one = 1", version);
  });
}

Result<std::vector<ResourceRow>> SqliteResources::rows_after(std::int64_t row, std::size_t limit) {
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  std::vector<ResourceRow> rows;
  CONCORD_ASSIGN(
      Query found,
      db->query("SELECT place, created_nr, type_name, id, version, change, encoding, body "
                "FROM resource WHERE created_nr > ? AND deleted = 0 ORDER BY created_nr LIMIT ?",
                row, static_cast<std::int64_t>(limit)));
  for (;;) {
    CONCORD_ASSIGN(const bool more, found.next());
    if (!more) return rows;
    CONCORD_ASSIGN(rows.emplace_back(), resource_row(found));
  }
}

Result<void> SqliteResources::reindex(std::vector<Reindexed> values) {
  return write_([&](Transaction& tx) -> Result<void> {
    Connection& db = tx.db();
    for (const Reindexed& value : values) {
      CONCORD_ASSIGN(const auto place, db.number("SELECT place FROM resource WHERE created_nr = ? "
                                                 "AND version = ? AND deleted = 0",
                                                 value.row, value.version));
      if (!place) continue;
      tx.step("index");
      CONCORD_TRY(remove_index(db, *place));
      CONCORD_TRY(insert_index(db, *place, value.index));
    }
    return {};
  });
}

}  // namespace concord::store::sqlite
