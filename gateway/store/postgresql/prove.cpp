// Proving: counts that must add up, the audit chain, whether the store works at all.
#include "gateway/store/postgresql/detail/postgresql_store.h"
#include "gateway/store/sql/tally.h"

namespace concord::store::postgresql {

namespace {

// One statement sees one moment.
constexpr std::string_view kCounts =
    "SELECT state, sum(n)::bigint FROM (SELECT state, n FROM tally "
    "UNION ALL SELECT state, n FROM tally_change) t GROUP BY state";

constexpr std::string_view kBacklog =
    "SELECT destination, coalesce(sum(n) FILTER (WHERE state = 0), 0)::bigint, "
    "coalesce(sum(n) FILTER (WHERE state = 5), 0)::bigint, "
    "(SELECT created_at FROM outbox o WHERE o.state = 0 AND o.destination = t.destination "
    "ORDER BY o.seq LIMIT 1) "
    "FROM (SELECT destination, state, n FROM tally "
    "UNION ALL SELECT destination, state, n FROM tally_change) t "
    "WHERE state IN (0, 5) GROUP BY destination HAVING sum(n) > 0 ORDER BY destination";

}  // namespace

Result<Counts> PostgresqlStore::counts() {
  CONCORD_ASSIGN(const Rows rows, readers_.query(kCounts));
  Counts counts;
  for (int row = 0; row < rows.size(); ++row) {
    sql::add_count(counts, rows.integer(row, 0), rows.integer(row, 1));
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
