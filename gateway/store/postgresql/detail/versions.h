#pragma once
/// New versions of resources, with what they are found by, on their way into one transaction.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/store/postgresql/detail/insert.h"
#include "gateway/store/resources.h"
#include "gateway/store/sql/body.h"

namespace concord::store::postgresql {

/// A version to be added, made ready outside the transaction.
struct NewVersion {
  std::int64_t key = 0;  ///< search::resource_hash()
  std::string_view type;
  std::string_view id;
  std::int64_t version = 1;
  Change change = Change::created;
  Instant updated_at{};
  sql::Packed body;
  const search::IndexValues* index = nullptr;  ///< outlives the transaction
};

/// The resource as it is, its row locked.
struct Current {
  std::int64_t place = 0;
  std::int64_t created = 0;  ///< ResourceRow::row
  std::int64_t version = 0;
};

/// Asks for the rows of these resources and locks them, in the order of their keys.
void ask_current(Batch& batch, const std::vector<std::int64_t>& keys);
/// The answer, by key.
std::unordered_map<std::int64_t, Current> current_of(const Rows& rows);

/// What the index of one place holds.
class IndexRows {
 public:
  IndexRows();
  void add(std::int64_t place, const search::IndexValues& index);
  void into(Batch& batch) const;
  /// Adds the statements that empty the index of these places.
  static void clear(Batch& batch, const std::vector<std::int64_t>& places);

 private:
  Insert tokens_, texts_, periods_, numbers_, links_;
};

class Versions {
 public:
  /// `before` is nothing for a resource that was never there.
  void add(const NewVersion& version, const std::optional<Current>& before);
  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }
  /// Adds the statements. `numbers`: one for each version, taken under the lock of the audit head,
  /// so that they follow the order of commits.
  void into(Batch& batch, std::span<const std::int64_t> numbers) const;

 private:
  struct One {
    const NewVersion* version;
    std::optional<Current> before;
  };
  std::vector<One> all_;
};

}  // namespace concord::store::postgresql
