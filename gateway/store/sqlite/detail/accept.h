#pragma once
/// Exchanges inside a transaction: those that are accepted, and the notices changes of resources
/// bring.

#include <optional>
#include <vector>

#include "gateway/store/sqlite/detail/payloads.h"
#include "gateway/store/sqlite/detail/resource_rows.h"
#include "gateway/store/sqlite/detail/writer.h"
#include "gateway/store/store.h"

namespace concord::store::sqlite {

/// An exchange made ready outside the transaction. Points into what it was made from.
struct PackedExchange {
  const NewExchange* exchange = nullptr;
  Packed payload;
  Packed lineage;
  std::vector<Packed> items;
  std::optional<PackedVersion> task;
  std::vector<PackedExchange> notices;
};

PackedExchange pack_exchange(const NewExchange& exchange);
std::vector<PackedExchange> pack_exchanges(const std::vector<NewExchange>& exchanges);

/// Stores the exchange, or finds the earlier one with the same keys and content.
/// Errors: conflict (a key is known with other content; nothing was written).
Result<Committed> insert_unless_known(Transaction& tx, const PackedExchange& packed);

}  // namespace concord::store::sqlite
