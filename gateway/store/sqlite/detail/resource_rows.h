#pragma once
/// Resources inside a transaction: looking up, adding a version, its index rows. What
/// Resources::write and the Tasks of exchanges have in common. For the writer's thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/store/resources.h"
#include "gateway/store/sql/body.h"
#include "gateway/store/sqlite/detail/connection.h"
#include "gateway/store/sqlite/detail/writer.h"

namespace concord::store::sqlite {

/// A version made ready outside the transaction. Points into what it was made from.
struct PackedVersion {
  std::int64_t key = 0;  ///< resource_hash()
  std::int32_t type_number = 0;
  std::string_view type;
  std::string_view id;
  std::int64_t expected_version = 0;
  Change change = Change::created;
  Instant updated_at{};
  sql::Packed body;
  const search::IndexValues* index = nullptr;
};

PackedVersion pack_version(std::string_view type, std::string_view id,
                           std::int64_t expected_version, Change change, Instant updated_at,
                           std::string_view body, const search::IndexValues& index);

/// Where a resource stands; version 0: it was never there.
struct CurrentVersion {
  std::int64_t place = 0;
  std::int64_t created_nr = 0;
  std::int64_t version = 0;
  bool deleted = false;
};

/// Errors: internal (another resource has the same key).
Result<CurrentVersion> current_version(Connection& db, const PackedVersion& of);

/// Adds a version over `current`, which was just looked up.
Result<void> add_version(Transaction& tx, const PackedVersion& version,
                         const CurrentVersion& current);

Result<void> insert_index(Connection& db, std::int64_t place, const search::IndexValues& values);
Result<void> remove_index(Connection& db, std::int64_t place);

/// Columns every query for whole resources begins with, read by resource_row().
inline constexpr int kResourceColumns = 8;
Result<ResourceRow> resource_row(const Query& row);

}  // namespace concord::store::sqlite
