#pragma once
/// Messages a change of a Task brings, on their way into the transaction of that change. Those of
/// resources and new exchanges go with their group (group.h).

#include <cstdint>
#include <vector>

#include "gateway/store/postgresql/detail/transaction.h"
#include "gateway/store/sql/body.h"
#include "gateway/store/store.h"

namespace concord::store::postgresql {

/// A notice made ready outside the transaction: an exchange without a Task, keys and lineage.
/// Points into what it was made from.
struct PackedNotice {
  const NewExchange* asked = nullptr;
  sql::Packed payload;
  std::vector<sql::Packed> items;
};

std::vector<PackedNotice> pack_notices(const std::vector<NewExchange>& notices);

/// The turns that must be held before insert(): of the items' subjects, and of the numbers of their
/// destinations.
std::vector<std::int64_t> turns_of(const std::vector<PackedNotice>& notices);

/// Adds the statements. Numbers and places in the queue are found when they run, behind everybody
/// who had the turn before.
void insert(Transaction& tx, const std::vector<PackedNotice>& notices);

}  // namespace concord::store::postgresql
