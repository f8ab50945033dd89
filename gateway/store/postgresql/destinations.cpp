// Pauses of destinations.
#include "gateway/store/postgresql/detail/postgresql_store.h"

namespace concord::store::postgresql {

Result<std::vector<Pause>> PostgresqlStore::pauses() {
  CONCORD_ASSIGN(const Rows rows,
                 readers_.query("SELECT destination, reason, paused_by, since FROM "
                                "destination_pause WHERE resumed_at IS NULL ORDER BY destination"));
  std::vector<Pause> all;
  for (int row = 0; row < rows.size(); ++row) {
    all.push_back({rows.text(row, 0), rows.text(row, 1), rows.text(row, 2), rows.instant(row, 3)});
  }
  return all;
}

Result<bool> PostgresqlStore::pause(Pause pause) {
  bool changed = false;
  const auto work = [&](Transaction& tx) -> Result<void> {
    tx.step("pause");
    CONCORD_ASSIGN(const Rows rows,
                   tx.query("INSERT INTO destination_pause (destination, reason, paused_by, since) "
                            "VALUES ($1, $2, $3, $4) ON CONFLICT (destination) WHERE resumed_at "
                            "IS NULL DO NOTHING",
                            pause.destination, pause.reason, pause.by, pause.since));
    changed = rows.affected() == 1;
    if (changed) tx.append({pause_record(pause)});
    return {};
  };
  CONCORD_TRY(write(work));
  return changed;
}

Result<bool> PostgresqlStore::resume(Resume resume) {
  bool changed = false;
  const auto work = [&](Transaction& tx) -> Result<void> {
    tx.step("resume");
    CONCORD_ASSIGN(const Rows rows,
                   tx.query("UPDATE destination_pause SET resumed_at = $1, resumed_by = $2, "
                            "resume_reason = $3 WHERE destination = $4 AND resumed_at IS NULL",
                            resume.at, resume.by, resume.reason, resume.destination));
    changed = rows.affected() == 1;
    if (changed) tx.append({resume_record(resume)});
    return {};
  };
  CONCORD_TRY(write(work));
  return changed;
}

}  // namespace concord::store::postgresql
