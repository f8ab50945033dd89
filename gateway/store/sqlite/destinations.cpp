// Pauses of destinations.
#include "gateway/store/sqlite/detail/sqlite_store.h"

namespace concord::store::sqlite {

Result<std::vector<Pause>> SqliteStore::pauses() {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  std::vector<Pause> all;
  CONCORD_ASSIGN(Query row, db->query("SELECT destination, reason, paused_by, since FROM "
                                      "destination_pause WHERE resumed_at IS NULL "
                                      "ORDER BY destination"));
  for (;;) {
    CONCORD_ASSIGN(const bool more, row.next());
    if (!more) return all;
    all.push_back({row.text(0), row.text(1), row.text(2), row.instant(3)});
  }
}

Result<bool> SqliteStore::pause(Pause pause) {
  const audit::Record told = pause_record(pause);
  bool changed = false;
  const auto work = [&](Transaction& tx) -> Result<void> {
    changed = false;
    tx.step("pause");
    CONCORD_TRY(
        tx.db().run("INSERT OR IGNORE INTO destination_pause (destination, reason, paused_by, "
                    "since) VALUES (?, ?, ?, ?)",
                    pause.destination, pause.reason, pause.by, pause.since));
    if (tx.db().changes() == 0) return {};
    changed = true;
    return tx.append({told});
  };
  CONCORD_TRY(write(work));
  return changed;
}

Result<bool> SqliteStore::resume(Resume resume) {
  const audit::Record told = resume_record(resume);
  bool changed = false;
  const auto work = [&](Transaction& tx) -> Result<void> {
    changed = false;
    tx.step("resume");
    CONCORD_TRY(
        tx.db().run("UPDATE destination_pause SET resumed_at = ?, resumed_by = ?, resume_reason = "
                    "? WHERE destination = ? AND resumed_at IS NULL",
                    resume.at, resume.by, resume.reason, resume.destination));
    if (tx.db().changes() == 0) return {};
    changed = true;
    return tx.append({told});
  };
  CONCORD_TRY(write(work));
  return changed;
}

}  // namespace concord::store::sqlite
