// Proving: counts that must add up, the audit chain, whether the store works at all.
#include "gateway/store/postgresql/detail/postgresql_store.h"

namespace concord::store::postgresql {

namespace {

// One statement sees one moment.
constexpr std::string_view kCounts =
    "SELECT -1::smallint, coalesce(sum(items), 0)::bigint FROM inbox "
    "UNION ALL SELECT -2::smallint, count(*) FROM unmatched "
    "UNION ALL SELECT state, count(*) FROM outbox GROUP BY state";

constexpr std::string_view kBacklog =
    "SELECT destination, count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 5), "
    "min(created_at) FILTER (WHERE state = 0) FROM outbox "
    "WHERE state IN (0, 5) GROUP BY destination ORDER BY destination";

}  // namespace

Result<Counts> PostgresqlStore::counts() {
  CONCORD_ASSIGN(const Rows rows, readers_.query(kCounts));
  Counts counts;
  for (int row = 0; row < rows.size(); ++row) {
    const std::int64_t count = rows.integer(row, 1);
    const std::int64_t what = rows.integer(row, 0);
    if (what == -1) counts.accepted = count;
    if (what == -2) counts.unmatched = count;
    if (what < 0) continue;
    switch (static_cast<ItemState>(what)) {
      case ItemState::pending:
        counts.pending += count;
        break;
      case ItemState::acked_transport:
      case ItemState::acked_infrastructure:
      case ItemState::acked_business:
        counts.delivered += count;
        break;
      case ItemState::nacked:
        counts.rejected += count;
        break;
      case ItemState::dead:
        counts.dead += count;
        break;
      case ItemState::cancelled:
        counts.cancelled += count;
        break;
    }
  }
  return counts;
}

Result<std::vector<Backlog>> PostgresqlStore::backlog() {
  CONCORD_ASSIGN(const Rows rows, readers_.query(kBacklog));
  std::vector<Backlog> all;
  for (int row = 0; row < rows.size(); ++row) {
    Backlog backlog;
    backlog.destination = rows.text(row, 0);
    backlog.pending = rows.integer(row, 1);
    backlog.dead = rows.integer(row, 2);
    if (!rows.is_null(row, 3)) backlog.oldest = rows.instant(row, 3);
    all.push_back(std::move(backlog));
  }
  return all;
}

Result<std::vector<audit::Link>> PostgresqlStore::audit_links(std::int64_t after,
                                                              std::size_t limit) {
  CONCORD_ASSIGN(
      const Rows rows,
      readers_.query("SELECT seq, body, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2",
                     after, limit));
  std::vector<audit::Link> links;
  for (int row = 0; row < rows.size(); ++row) {
    audit::Link link;
    link.sequence = rows.integer(row, 0);
    link.body = rows.text(row, 1);
    // A hash of the wrong size is for the verifier to report, not an error of reading.
    if (auto hash = rows.digest(row, 2)) link.hash = *hash;
    links.push_back(std::move(link));
  }
  return links;
}

Result<audit::Head> PostgresqlStore::audit_head() {
  CONCORD_ASSIGN(const Rows rows, readers_.query("SELECT seq, hash FROM audit_head WHERE one = 1"));
  if (rows.empty()) {
    return make_error(ErrorCode::internal, "the store is damaged: no head of the audit");
  }
  audit::Head head;
  head.sequence = rows.integer(0, 0);
  CONCORD_ASSIGN(head.hash, rows.digest(0, 1));
  return head;
}

Result<void> PostgresqlStore::check() {
  if (!workers_) {
    CONCORD_TRY(audit_head());
    return {};
  }
  // Takes the lock every commit takes, changes nothing.
  return write([](Transaction& tx) -> Result<void> {
    CONCORD_TRY(tx.number("SELECT seq FROM audit_head WHERE one = 1 FOR UPDATE"));
    return {};
  });
}

}  // namespace concord::store::postgresql
