// Proving: counts that must add up, the audit chain, whether the store works at all.
#include <array>

#include "gateway/store/sqlite/detail/sqlite_store.h"

namespace concord::store::sqlite {

Result<Counts> SqliteStore::counts() {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  // One read transaction: the sums are of the same moment.
  CONCORD_TRY(db->run("BEGIN"));
  const auto read = [&]() -> Result<Counts> {
    Counts counts;
    CONCORD_ASSIGN(const auto accepted, db->number("SELECT sum(items) FROM inbox"));
    counts.accepted = accepted.value_or(0);
    CONCORD_ASSIGN(const auto unmatched, db->number("SELECT count(*) FROM unmatched"));
    counts.unmatched = unmatched.value_or(0);
    CONCORD_ASSIGN(Query row, db->query("SELECT state, count(*) FROM outbox GROUP BY state"));
    for (;;) {
      CONCORD_ASSIGN(const bool more, row.next());
      if (!more) break;
      switch (static_cast<ItemState>(row.integer(0))) {
        case ItemState::pending:
          counts.pending += row.integer(1);
          break;
        case ItemState::acked_transport:
        case ItemState::acked_infrastructure:
        case ItemState::acked_business:
          counts.delivered += row.integer(1);
          break;
        case ItemState::nacked:
          counts.rejected += row.integer(1);
          break;
        case ItemState::dead:
          counts.dead += row.integer(1);
          break;
        case ItemState::cancelled:
          counts.cancelled += row.integer(1);
          break;
      }
    }
    return counts;
  };
  auto counts = read();
  CONCORD_TRY(db->run("COMMIT"));
  return counts;
}

Result<std::vector<Backlog>> SqliteStore::backlog() {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  std::vector<Backlog> all;
  CONCORD_ASSIGN(Query row,
                 db->query("SELECT destination, sum(state = 0), sum(state = 5), "
                           "min(CASE state WHEN 0 THEN created_at END) FROM outbox "
                           "WHERE state IN (0, 5) GROUP BY destination ORDER BY destination"));
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
