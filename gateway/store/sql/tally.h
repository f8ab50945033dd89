#pragma once
/// The counters both stores keep in table `tally`: what they mean and how they are proven. Pure,
/// safe from any thread.

#include <cstdint>

#include "gateway/store/store.h"

namespace concord::store::sql {

/// States of table `tally` that are none of an outbox item's.
inline constexpr std::int64_t kTallyAccepted = -1;
inline constexpr std::int64_t kTallyUnmatched = -2;
inline constexpr std::int64_t kTallyDifference = -3;  ///< the difference last told of

/// How many counters are not what counting the rows gives, where `tally` holds all of them
/// (SQLite).
inline constexpr const char* kWrongCounters =
    "SELECT count(*) FROM (SELECT destination, state, sum(n) AS n FROM ("
    "SELECT destination, state, -count(*) AS n FROM outbox GROUP BY destination, state "
    "UNION ALL SELECT '', -1, -coalesce(sum(items), 0) FROM inbox "
    "UNION ALL SELECT '', -2, -count(*) FROM unmatched "
    "UNION ALL SELECT destination, state, n FROM tally WHERE state > -3"
    ") counted GROUP BY destination, state HAVING sum(n) <> 0) wrong";

/// Adds one counter to the sum it belongs to.
inline void add_count(Counts& counts, std::int64_t state, std::int64_t n) {
  if (state == kTallyAccepted) counts.accepted += n;
  if (state == kTallyUnmatched) counts.unmatched += n;
  if (state < 0) return;
  switch (static_cast<ItemState>(state)) {
    case ItemState::pending:
      counts.pending += n;
      break;
    case ItemState::acked_transport:
    case ItemState::acked_infrastructure:
    case ItemState::acked_business:
      counts.delivered += n;
      break;
    case ItemState::nacked:
      counts.rejected += n;
      break;
    case ItemState::dead:
      counts.dead += n;
      break;
    case ItemState::cancelled:
      counts.cancelled += n;
      break;
  }
}

}  // namespace concord::store::sql
