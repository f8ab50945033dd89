#pragma once
/// The question whether the counters are right, for `watch()` and for inspections.

#include <string_view>

namespace concord::store::postgresql {

/// How many counters are not what counting the rows gives. Counts are the sum of `tally` and
/// `tally_change`.
inline constexpr std::string_view kWrongCounters =
    "SELECT count(*) FROM (SELECT destination, state, sum(n) AS n FROM ("
    "SELECT destination, state, -count(*) AS n FROM outbox GROUP BY destination, state "
    "UNION ALL SELECT '', -1, -coalesce(sum(items), 0) FROM inbox "
    "UNION ALL SELECT '', -2, -count(*) FROM unmatched "
    "UNION ALL SELECT destination, state, n FROM tally WHERE state > -3 "
    "UNION ALL SELECT destination, state, n FROM tally_change"
    ") counted GROUP BY destination, state HAVING sum(n) <> 0) wrong";

}  // namespace concord::store::postgresql
