// Statuses of prescription items: each update once, the latest that counts on top.
#include <algorithm>
#include <set>
#include <utility>

#include "gateway/store/sqlite/detail/sqlite_store.h"

namespace concord::store::sqlite {
namespace {

enum class Known { no, same, other };

/// Whether an update of that prescription and task is there, from the same request or another.
Result<Known> known(Connection& db, const StatusRow& row) {
  CONCORD_ASSIGN(Query found,
                 db.query("SELECT request_id, item, status, terminal, effective_at, organisation "
                          "FROM item_status WHERE prescription = ? AND task = ?",
                          row.prescription, row.task));
  CONCORD_ASSIGN(const bool there, found.next());
  if (!there) return Known::no;
  const bool same = found.view(0) == row.request_id && found.view(1) == row.item &&
                    found.view(2) == row.status && found.view(3) == row.terminal &&
                    found.instant(4) == row.effective_at && found.view(5) == row.organisation;
  return same ? Known::same : Known::other;
}

Result<void> insert(Connection& db, const StatusRow& row) {
  return db.run(
      "INSERT INTO item_status (prescription, item, task, patient, organisation, status, terminal, "
      "repeat, effective_at, post_dated, application, request_id, received_at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.prescription, row.item, row.task, row.patient, row.organisation, row.status, row.terminal,
      row.repeat ? std::optional<std::int64_t>(*row.repeat) : std::nullopt, row.effective_at,
      std::int64_t{row.post_dated ? 1 : 0}, row.application, row.request_id, row.received_at);
}

std::string lowered(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

Result<std::vector<StatusRow>> read_all(Query rows) {
  std::vector<StatusRow> all;
  for (;;) {
    CONCORD_ASSIGN(const bool more, rows.next());
    if (!more) return all;
    StatusRow row;
    row.prescription = rows.text(0);
    row.item = rows.text(1);
    row.task = rows.text(2);
    row.patient = rows.text(3);
    row.organisation = rows.text(4);
    row.status = rows.text(5);
    row.terminal = rows.text(6);
    if (!rows.is_null(7)) row.repeat = static_cast<std::int32_t>(rows.integer(7));
    row.effective_at = rows.instant(8);
    row.post_dated = rows.integer(9) != 0;
    row.application = rows.text(10);
    row.request_id = rows.text(11);
    row.received_at = rows.instant(12);
    all.push_back(std::move(row));
  }
}

}  // namespace

Result<StatusesRecorded> SqliteStore::record_statuses(const std::vector<StatusRow>& rows,
                                                      std::vector<audit::Record> audit) {
  StatusesRecorded recorded;
  const auto work = [&](Transaction& tx) -> Result<void> {
    recorded = {};
    std::vector<const StatusRow*> fresh;
    std::set<std::pair<std::string_view, std::string>> here;
    tx.step("lookup");
    for (std::size_t at = 0; at < rows.size(); ++at) {
      CONCORD_ASSIGN(const Known before, known(tx.db(), rows[at]));
      const bool twice = !here.emplace(rows[at].prescription, lowered(rows[at].task)).second;
      if (before == Known::other || twice) recorded.duplicates.push_back(at);
      if (before == Known::no) fresh.push_back(&rows[at]);
    }
    if (!recorded.duplicates.empty() || fresh.empty()) return {};
    tx.step("status");
    for (const StatusRow* row : fresh) CONCORD_TRY(insert(tx.db(), *row));
    recorded.stored = fresh.size();
    return tx.append(audit);
  };
  CONCORD_TRY(write(work));
  return recorded;
}

Result<std::vector<StatusRow>> SqliteStore::current_statuses(const StatusQuery& query,
                                                             Instant now) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  const auto limit = static_cast<std::int64_t>(query.limit);
  if (!query.prescription.empty()) {
    CONCORD_ASSIGN(
        Query rows,
        db->query(
            "SELECT prescription, item, task, patient, organisation, status, terminal, repeat, "
            "effective_at, post_dated, application, request_id, received_at FROM item_status s "
            "WHERE prescription = ? AND (post_dated = 0 OR effective_at <= ?) "
            "AND NOT EXISTS (SELECT 1 FROM item_status o WHERE o.prescription = s.prescription "
            "AND o.item = s.item AND (o.post_dated = 0 OR o.effective_at <= ?) "
            "AND (o.effective_at, o.seq) > (s.effective_at, s.seq)) "
            "AND (? = '' OR patient = ?) AND (? = '' OR organisation = ?) "
            "ORDER BY effective_at DESC, seq DESC LIMIT ?",
            query.prescription, now, now, query.patient, query.patient, query.organisation,
            query.organisation, limit));
    return read_all(std::move(rows));
  }
  CONCORD_ASSIGN(
      Query rows,
      db->query("SELECT prescription, item, task, patient, organisation, status, terminal, repeat, "
                "effective_at, post_dated, application, request_id, received_at FROM item_status s "
                "WHERE patient = ? AND (post_dated = 0 OR effective_at <= ?) "
                "AND NOT EXISTS (SELECT 1 FROM item_status o WHERE o.prescription = s.prescription "
                "AND o.item = s.item AND (o.post_dated = 0 OR o.effective_at <= ?) "
                "AND (o.effective_at, o.seq) > (s.effective_at, s.seq)) "
                "AND (? = '' OR organisation = ?) "
                "ORDER BY effective_at DESC, seq DESC LIMIT ?",
                query.patient, now, now, query.organisation, query.organisation, limit));
  return read_all(std::move(rows));
}

}  // namespace concord::store::sqlite
