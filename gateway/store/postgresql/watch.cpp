// Watching: counters against rows, acknowledgements that are late, bytes on disk.
#include "gateway/store/postgresql/detail/counters.h"
#include "gateway/store/postgresql/detail/postgresql_store.h"
#include "gateway/store/sql/tally.h"

namespace concord::store::postgresql {

namespace {

/// Who finds this row taken leaves the work to who has it.
constexpr std::string_view kTurnToSumUp =
    "SELECT 1 FROM tally WHERE destination = '' AND state = -1 FOR UPDATE SKIP LOCKED";

constexpr std::string_view kSumUp =
    "WITH gone AS (DELETE FROM tally_change WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM tally_change LIMIT $1)) RETURNING destination, state, n), "
    "added AS (INSERT INTO tally SELECT destination, state, sum(n) FROM gone "
    "GROUP BY destination, state "
    "ON CONFLICT (destination, state) DO UPDATE SET n = tally.n + excluded.n) "
    "SELECT count(*) FROM gone";

constexpr std::string_view kNote =
    "UPDATE tally SET n = $1 WHERE destination = '' AND state = -3 AND n <> $1";

constexpr std::string_view kOverdue =
    "SELECT o.id, e.layer, e.due_at, e.next_at, e.step FROM ack_expect e "
    "JOIN outbox o ON o.seq = e.item WHERE e.next_at <= $1 ORDER BY e.next_at LIMIT $2";

constexpr std::string_view kAwaited =
    "SELECT o.destination, count(*), count(*) FILTER (WHERE e.step > 0) FROM ack_expect e "
    "JOIN outbox o ON o.seq = e.item GROUP BY o.destination ORDER BY o.destination";

}  // namespace

Result<std::int64_t> PostgresqlStore::wrong_counters() {
  CONCORD_ASSIGN(const Rows rows, readers_.query(kWrongCounters));
  return rows.integer(0, 0);
}

Result<void> PostgresqlStore::sum_up() {
  constexpr std::int64_t kAtOnce = 10'000;
  constexpr int kRounds = 1'000;
  for (int round = 0; round < kRounds; ++round) {
    std::int64_t gone = 0;
    CONCORD_TRY(write([&](Transaction& tx) -> Result<void> {
      gone = 0;
      CONCORD_ASSIGN(const auto turn, tx.number(kTurnToSumUp));
      if (!turn) return {};
      CONCORD_ASSIGN(const auto count, tx.number(kSumUp, kAtOnce));
      gone = count.value_or(0);
      return {};
    }));
    if (gone < kAtOnce) return {};
  }
  return {};
}

Result<bool> PostgresqlStore::note_difference(std::int64_t difference,
                                              const audit::Record& record) {
  bool other = false;
  CONCORD_TRY(write([&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(const Rows rows, tx.query(kNote, difference));
    other = rows.affected() == 1;
    if (other) tx.append({record});
    return {};
  }));
  return other;
}

Result<std::vector<Overdue>> PostgresqlStore::overdue(Instant now, std::size_t limit) {
  CONCORD_ASSIGN(const Rows rows, readers_.query(kOverdue, now, limit));
  std::vector<Overdue> all;
  for (int row = 0; row < rows.size(); ++row) {
    all.push_back({rows.text(row, 0), rows.text(row, 1), rows.instant(row, 2), rows.instant(row, 3),
                   static_cast<std::int32_t>(rows.integer(row, 4))});
  }
  return all;
}

Result<std::vector<Awaited>> PostgresqlStore::awaited() {
  CONCORD_ASSIGN(const Rows rows, readers_.query(kAwaited));
  std::vector<Awaited> all;
  for (int row = 0; row < rows.size(); ++row) {
    all.push_back({rows.text(row, 0), rows.integer(row, 1), rows.integer(row, 2)});
  }
  return all;
}

Result<Size> PostgresqlStore::size() {
  CONCORD_ASSIGN(const Rows rows,
                 readers_.query("SELECT pg_catalog.pg_database_size(current_database())"));
  Size size;
  size.bytes = rows.integer(0, 0);
  return size;
}

}  // namespace concord::store::postgresql
