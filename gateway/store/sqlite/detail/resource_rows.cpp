#include "gateway/store/sqlite/detail/resource_rows.h"

#include "gateway/store/sql/place.h"
#include "gateway/store/sqlite/detail/found.h"

namespace concord::store::sqlite {

PackedVersion pack_version(std::string_view type, std::string_view id,
                           std::int64_t expected_version, Change change, Instant updated_at,
                           std::string_view body, const search::IndexValues& index) {
  PackedVersion packed;
  packed.key = search::resource_hash(type, id);
  packed.type_number = search::type_number(type);
  packed.type = type;
  packed.id = id;
  packed.expected_version = expected_version;
  packed.change = change;
  packed.updated_at = updated_at;
  packed.body = sql::pack(body);
  packed.index = &index;
  return packed;
}

Result<CurrentVersion> current_version(Connection& db, const PackedVersion& of) {
  CONCORD_ASSIGN(Query row, db.query("SELECT place, created_nr, version, deleted, type_name, id "
                                     "FROM resource WHERE key = ?",
                                     of.key));
  CONCORD_ASSIGN(const bool found, row.next());
  if (!found) return CurrentVersion{};
  if (row.view(4) != of.type || row.view(5) != of.id) {
    return make_error(ErrorCode::internal,
                      "the id of this resource cannot be stored: choose another");
  }
  return CurrentVersion{row.integer(0), row.integer(1), row.integer(2), row.integer(3) != 0};
}

Result<void> insert_index(Connection& db, std::int64_t place, const search::IndexValues& values) {
  for (const search::Token& token : values.tokens) {
    CONCORD_TRY(
        db.run("INSERT OR IGNORE INTO index_token (key, code, place, system) VALUES (?, ?, ?, ?)",
               token.key, token.code, place, token.system));
  }
  for (const search::Link& link : values.links) {
    CONCORD_TRY(
        db.run("INSERT OR IGNORE INTO index_link (target, key, place, type) VALUES (?, ?, ?, ?)",
               link.target, link.key, place, link.type));
  }
  for (const search::Period& period : values.periods) {
    CONCORD_TRY(
        db.run("INSERT OR IGNORE INTO index_period (key, low, place, high) VALUES (?, ?, ?, ?)",
               period.key, period.low, place, period.high));
  }
  std::int64_t n = 0;
  for (const search::Text& text : values.texts) {
    CONCORD_TRY(
        db.run("INSERT INTO index_text (key, value, place, n, exact) VALUES (?, ?, ?, ?, ?)",
               text.key, text.value, place, n++, text.exact));
  }
  n = 0;
  for (const search::Number& number : values.numbers) {
    CONCORD_TRY(
        db.run("INSERT INTO index_number (key, low, place, n, high, system, code, unit, mark) "
               "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
               number.key, number.low, place, n++, number.high, number.system, number.code,
               number.unit, number.mark));
  }
  return db.run("INSERT INTO resource_found (place, found) VALUES (?, ?)", place,
                Blob(encode_found(values)));
}

Result<void> remove_index(Connection& db, std::int64_t place) {
  search::IndexValues values;
  {
    CONCORD_ASSIGN(Query row, db.query("SELECT found FROM resource_found WHERE place = ?", place));
    CONCORD_ASSIGN(const bool found, row.next());
    if (!found) return {};  // it was never indexed
    CONCORD_ASSIGN(values, decode_found(row.view(0)));
  }
  for (const search::Token& token : values.tokens) {
    CONCORD_TRY(
        db.run("DELETE FROM index_token WHERE key = ? AND code = ? AND place = ? AND system = ?",
               token.key, token.code, place, token.system));
  }
  for (const search::Link& link : values.links) {
    CONCORD_TRY(
        db.run("DELETE FROM index_link WHERE target = ? AND key = ? AND place = ? AND type = ?",
               link.target, link.key, place, link.type));
  }
  for (const search::Period& period : values.periods) {
    CONCORD_TRY(
        db.run("DELETE FROM index_period WHERE key = ? AND low = ? AND place = ? AND high = ?",
               period.key, period.low, place, period.high));
  }
  for (const search::Text& text : values.texts) {
    CONCORD_TRY(db.run("DELETE FROM index_text WHERE key = ? AND value = ? AND place = ?", text.key,
                       text.value, place));
  }
  for (const search::Number& number : values.numbers) {
    CONCORD_TRY(db.run("DELETE FROM index_number WHERE key = ? AND low = ? AND place = ?",
                       number.key, number.low, place));
  }
  return db.run("DELETE FROM resource_found WHERE place = ?", place);
}

Result<void> add_version(Transaction& tx, const PackedVersion& version,
                         const CurrentVersion& current) {
  Connection& db = tx.db();
  const std::int64_t number = tx.next_number();
  const std::int64_t place = sql::place_of(version.updated_at, number);
  const bool deleted = version.change == Change::deleted;
  if (current.version != 0) {
    tx.step("old version");
    CONCORD_TRY(
        db.run("INSERT INTO resource_version (place, created_nr, type, type_name, id, version, "
               "change, encoding, body) SELECT place, created_nr, type, type_name, id, version, "
               "change, encoding, body FROM resource WHERE place = ?",
               current.place));
    CONCORD_TRY(db.run("DELETE FROM resource WHERE place = ?", current.place));
    if (!current.deleted) CONCORD_TRY(remove_index(db, current.place));
  }
  tx.step("resource");
  CONCORD_TRY(
      db.run("INSERT INTO resource (place, created_nr, changed_nr, key, type, deleted, type_name, "
             "id, version, change, encoding, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             place, current.version == 0 ? number : current.created_nr, number, version.key,
             version.type_number, deleted ? 1 : 0, version.type, version.id, current.version + 1,
             static_cast<int>(version.change), version.body.encoding, Blob(version.body.bytes)));
  if (deleted) return {};
  tx.step("index");
  return insert_index(db, place, *version.index);
}

Result<ResourceRow> resource_row(const Query& row) {
  ResourceRow read;
  read.updated_at = sql::changed_at(row.integer(0));
  read.row = row.integer(1);
  read.type = row.text(2);
  read.id = row.text(3);
  read.version = row.integer(4);
  read.change = static_cast<Change>(row.integer(5));
  CONCORD_ASSIGN(read.body, sql::unpack(static_cast<int>(row.integer(6)), row.view(7)));
  return read;
}

}  // namespace concord::store::sqlite
