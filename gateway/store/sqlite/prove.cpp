// Proving: counts that must add up, the audit chain, whether the store works at all.
#include "gateway/store/sql/tally.h"
#include "gateway/store/sqlite/detail/sqlite_store.h"

namespace concord::store::sqlite {

using sql::add_count;

Result<Counts> SqliteStore::counts() {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  CONCORD_ASSIGN(Query row, db->query("SELECT state, sum(n) FROM tally GROUP BY state"));
  Counts counts;
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return counts;
    add_count(counts, row.integer(0), row.integer(1));
  }
}

Result<std::vector<Backlog>> SqliteStore::backlog() {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  std::vector<Backlog> all;
  CONCORD_ASSIGN(
      Query row,
      db->query("SELECT destination, sum(iif(state = 0, n, 0)), sum(iif(state = 5, n, 0)), "
                "(SELECT created_at FROM outbox o WHERE o.state = 0 "
                "AND o.destination = tally.destination ORDER BY o.seq LIMIT 1) "
                "FROM tally WHERE state IN (0, 5) GROUP BY destination HAVING sum(n) > 0 "
                "ORDER BY destination"));
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return all;
    Backlog backlog;
    backlog.destination = row.text(0);
    backlog.pending = row.integer(1);
    backlog.dead = row.integer(2);
    if (!row.is_null(3)) backlog.oldest = row.instant(3);
    all.push_back(std::move(backlog));
  }
}

Result<std::vector<audit::Link>> SqliteStore::audit_links(std::int64_t after, std::size_t limit) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  std::vector<audit::Link> links;
  CONCORD_ASSIGN(Query row, db->query("SELECT seq, body, hash FROM audit WHERE seq > ? "
                                      "ORDER BY seq LIMIT ?",
                                      after, static_cast<std::int64_t>(limit)));
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return links;
    audit::Link link;
    link.sequence = row.integer(0);
    link.body = row.text(1);
    // A hash of the wrong size is for the verifier to report, not an error of reading.
    if (auto hash = row.digest(2)) link.hash = *hash;
    links.push_back(std::move(link));
  }
}

Result<audit::Head> SqliteStore::audit_head() {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  CONCORD_ASSIGN(Query row, db->query("SELECT seq, hash FROM audit_head WHERE one = 1"));
  CONCORD_ASSIGN(const bool found, row.next());
  if (!found) return make_error(ErrorCode::internal, "the store is damaged: no head of the audit");
  audit::Head head;
  head.sequence = row.integer(0);
  CONCORD_ASSIGN(head.hash, row.digest(1));
  return head;
}

Result<void> SqliteStore::check() {
  if (!writer_) {
    CONCORD_TRY(audit_head());
    return {};
  }
  // Takes the write lock and a place in the queue, changes nothing.
  return write([](Transaction& tx) -> Result<void> {
    CONCORD_TRY(tx.db().number("SELECT seq FROM audit_head WHERE one = 1"));
    return {};
  });
}

}  // namespace concord::store::sqlite
