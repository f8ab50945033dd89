#include "gateway/store/postgresql/detail/versions.h"

#include "fhir/search/index.h"
#include "gateway/store/sql/place.h"

namespace concord::store::postgresql {

namespace {

using Of = Column::Of;

constexpr std::string_view kMoveToVersions =
    "INSERT INTO resource_version (place, created_nr, type, type_name, id, version, change, "
    "encoding, body) SELECT place, created_nr, type, type_name, id, version, change, encoding, "
    "body "
    "FROM resource WHERE key = ANY($1::bigint[])";

constexpr std::string_view kUpdate =
    "UPDATE resource r SET place = n.place, changed_nr = n.changed_nr, deleted = n.deleted, "
    "version = n.version, change = n.change, encoding = n.encoding, body = n.body "
    "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[], $5::bigint[], "
    "$6::integer[], $7::integer[], $8::bytea[]) "
    "AS n (key, place, changed_nr, deleted, version, change, encoding, body) WHERE r.key = n.key";

}  // namespace

void ask_current(Batch& batch, const std::vector<std::int64_t>& keys) {
  Column column(Of::bigint);
  for (const std::int64_t key : keys) column.add(key);
  batch.add(
      "SELECT key, place, created_nr, version FROM resource WHERE key = ANY($1::bigint[]) "
      "ORDER BY key FOR UPDATE",
      column);
}

std::unordered_map<std::int64_t, Current> current_of(const Rows& rows) {
  std::unordered_map<std::int64_t, Current> current;
  for (int row = 0; row < rows.size(); ++row) {
    current[rows.integer(row, 0)] = {rows.integer(row, 1), rows.integer(row, 2),
                                     rows.integer(row, 3)};
  }
  return current;
}

IndexRows::IndexRows()
    : tokens_("index_token", {{"place", Of::bigint},
                              {"key", Of::integer},
                              {"code", Of::bigint},
                              {"system", Of::integer}}),
      texts_("index_text", {{"place", Of::bigint},
                            {"key", Of::integer},
                            {"n", Of::integer},
                            {"value", Of::text},
                            {"exact", Of::text}}),
      periods_(
          "index_period",
          {{"place", Of::bigint}, {"key", Of::integer}, {"low", Of::bigint}, {"high", Of::bigint}}),
      numbers_("index_number", {{"place", Of::bigint},
                                {"key", Of::integer},
                                {"n", Of::integer},
                                {"low", Of::real},
                                {"high", Of::real},
                                {"system", Of::integer},
                                {"code", Of::integer},
                                {"unit", Of::integer},
                                {"mark", Of::integer}}),
      links_("index_link", {{"place", Of::bigint},
                            {"key", Of::integer},
                            {"target", Of::bigint},
                            {"type", Of::integer}}) {}

void IndexRows::add(std::int64_t place, const search::IndexValues& index) {
  const auto wide = [](std::int32_t value) { return std::int64_t{value}; };
  for (const search::Token& one : index.tokens) {
    tokens_.row(place, wide(one.key), one.code, wide(one.system));
  }
  std::int64_t n = 0;
  for (const search::Text& one : index.texts) {
    texts_.row(place, wide(one.key), n++, std::string_view(one.value), std::string_view(one.exact));
  }
  for (const search::Period& one : index.periods) {
    periods_.row(place, wide(one.key), one.low, one.high);
  }
  n = 0;
  for (const search::Number& one : index.numbers) {
    numbers_.row(place, wide(one.key), n++, one.low, one.high, wide(one.system), wide(one.code),
                 wide(one.unit), wide(one.mark));
  }
  for (const search::Link& one : index.links) {
    links_.row(place, wide(one.key), one.target, wide(one.type));
  }
}

void IndexRows::into(Batch& batch) const {
  tokens_.into(batch);
  texts_.into(batch);
  periods_.into(batch);
  numbers_.into(batch);
  links_.into(batch);
}

void IndexRows::clear(Batch& batch, const std::vector<std::int64_t>& places) {
  if (places.empty()) return;
  Column column(Of::bigint);
  for (const std::int64_t place : places) column.add(place);
  batch.add("DELETE FROM index_token WHERE +place = ANY($1::bigint[])", column);
  batch.add("DELETE FROM index_text WHERE +place = ANY($1::bigint[])", column);
  batch.add("DELETE FROM index_period WHERE +place = ANY($1::bigint[])", column);
  batch.add("DELETE FROM index_number WHERE +place = ANY($1::bigint[])", column);
  batch.add("DELETE FROM index_link WHERE +place = ANY($1::bigint[])", column);
}

void Versions::add(const NewVersion& version, const std::optional<Current>& before) {
  all_.push_back({&version, before});
}

void Versions::into(Batch& batch, std::span<const std::int64_t> numbers) const {
  if (all_.empty()) return;
  Insert created("resource", {{"place", Of::bigint},
                              {"created_nr", Of::bigint},
                              {"changed_nr", Of::bigint},
                              {"key", Of::bigint},
                              {"type", Of::integer},
                              {"deleted", Of::integer},
                              {"type_name", Of::text},
                              {"id", Of::text},
                              {"version", Of::bigint},
                              {"change", Of::integer},
                              {"encoding", Of::integer},
                              {"body", Of::bytea}});
  std::vector<std::int64_t> places;
  Column keys(Of::bigint), new_places(Of::bigint), changed(Of::bigint), deleted(Of::integer),
      versions(Of::bigint), changes(Of::integer), encodings(Of::integer), bodies(Of::bytea);
  IndexRows index;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const NewVersion& one = *all_[i].version;
    const std::int64_t number = numbers[i];
    const std::int64_t place = sql::place_of(one.updated_at, number);
    const bool gone = one.change == Change::deleted;
    const auto change = static_cast<std::int64_t>(one.change);
    if (const auto& before = all_[i].before) {
      places.push_back(before->place);
      keys.add(one.key);
      new_places.add(place);
      changed.add(number);
      deleted.add(std::int64_t{gone});
      versions.add(one.version);
      changes.add(change);
      encodings.add(std::int64_t{one.body.encoding});
      bodies.add(std::string_view(one.body.bytes));
    } else {
      created.row(place, number, number, one.key, std::int64_t{search::type_number(one.type)},
                  std::int64_t{gone}, one.type, one.id, one.version, change,
                  std::int64_t{one.body.encoding}, Blob(one.body.bytes));
    }
    if (!gone && one.index != nullptr) index.add(place, *one.index);
  }
  if (!places.empty()) {
    batch.add(kMoveToVersions, keys);
    IndexRows::clear(batch, places);
    batch.add(kUpdate, keys, new_places, changed, deleted, versions, changes, encodings, bodies);
  }
  created.into(batch);
  index.into(batch);
}

}  // namespace concord::store::postgresql
