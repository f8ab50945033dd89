// Watching: counters against rows, acknowledgements that are late, bytes on disk.
#include <filesystem>

#include "gateway/store/sql/tally.h"
#include "gateway/store/sqlite/detail/sqlite_store.h"

namespace concord::store::sqlite {

Result<std::int64_t> SqliteStore::wrong_counters() {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  CONCORD_ASSIGN(const auto wrong, db->number(sql::kWrongCounters));
  return wrong.value_or(0);
}

/// One writer changes the counters in place: there is nothing to sum up.
Result<void> SqliteStore::sum_up() { return {}; }

Result<bool> SqliteStore::note_difference(std::int64_t difference, const audit::Record& record) {
  bool other = false;
  const auto work = [&](Transaction& tx) -> Result<void> {
    CONCORD_TRY(
        tx.db().run("UPDATE tally SET n = ? WHERE destination = '' AND state = ? AND n <> ?",
                    difference, sql::kTallyDifference, difference));
    other = tx.db().changes() == 1;
    if (!other) return {};
    return tx.append({record});
  };
  CONCORD_TRY(write(work));
  return other;
}

Result<std::vector<Overdue>> SqliteStore::overdue(Instant now, std::size_t limit) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  std::vector<Overdue> all;
  CONCORD_ASSIGN(Query row,
                 db->query("SELECT o.id, e.layer, e.due_at, e.next_at, e.step FROM ack_expect e "
                           "CROSS JOIN outbox o ON o.seq = e.item WHERE e.next_at <= ? "
                           "ORDER BY e.next_at LIMIT ?",
                           now, static_cast<std::int64_t>(limit)));
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return all;
    all.push_back({row.text(0), row.text(1), row.instant(2), row.instant(3),
                   static_cast<std::int32_t>(row.integer(4))});
  }
}

Result<std::vector<Awaited>> SqliteStore::awaited() {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  std::vector<Awaited> all;
  CONCORD_ASSIGN(Query row,
                 db->query("SELECT o.destination, count(*), sum(e.step > 0) FROM ack_expect e "
                           "CROSS JOIN outbox o ON o.seq = e.item GROUP BY o.destination "
                           "ORDER BY o.destination"));
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return all;
    all.push_back({row.text(0), row.integer(1), row.integer(2)});
  }
}

Result<Size> SqliteStore::size() {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  CONCORD_ASSIGN(const auto pages, db->number("PRAGMA page_count"));
  CONCORD_ASSIGN(const auto page, db->number("PRAGMA page_size"));
  Size size;
  size.bytes = pages.value_or(0) * page.value_or(0);
  const char* const file = sqlite3_db_filename(db->handle(), "main");
  std::error_code absent;
  const auto wal =
      std::filesystem::file_size(std::string(file == nullptr ? "" : file) + "-wal", absent);
  size.wal = absent ? 0 : static_cast<std::int64_t>(wal);
  return size;
}

}  // namespace concord::store::sqlite
