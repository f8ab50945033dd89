// Statuses of prescription items: each update once, the latest that counts on top.
#include <algorithm>
#include <set>
#include <utility>

#include "gateway/store/postgresql/detail/postgresql_store.h"

namespace concord::store::postgresql {
namespace {

using Of = Column::Of;

constexpr std::string_view kKnown =
    "SELECT k.n, s.request_id, s.item, s.status, s.terminal, s.effective_at, s.organisation "
    "FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (prescription, task, n) "
    "JOIN item_status s ON s.prescription = k.prescription "
    "AND lower(s.task) = lower(k.task COLLATE \"C\")";

constexpr std::string_view kCurrent =
    "SELECT prescription, item, task, patient, organisation, status, terminal, repeat, "
    "effective_at, post_dated, application, request_id, received_at FROM item_status s "
    "WHERE (s.post_dated = 0 OR s.effective_at <= $1) "
    "AND NOT EXISTS (SELECT 1 FROM item_status o WHERE o.prescription = s.prescription "
    "AND o.item = s.item AND (o.post_dated = 0 OR o.effective_at <= $1) "
    "AND (o.effective_at, o.seq) > (s.effective_at, s.seq)) ";

constexpr std::string_view kOrder = "ORDER BY effective_at DESC, seq DESC LIMIT $2";

bool is_same(const Rows& rows, int at, const StatusRow& row) {
  return rows.view(at, 1) == row.request_id && rows.view(at, 2) == row.item &&
         rows.view(at, 3) == row.status && rows.view(at, 4) == row.terminal &&
         rows.instant(at, 5) == row.effective_at && rows.view(at, 6) == row.organisation;
}

std::string lowered(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

void insert(Batch& batch, const std::vector<const StatusRow*>& rows) {
  Insert table("item_status", {{"prescription", Of::text},
                               {"item", Of::text},
                               {"task", Of::text},
                               {"patient", Of::text},
                               {"organisation", Of::text},
                               {"status", Of::text},
                               {"terminal", Of::text},
                               {"repeat", Of::integer},
                               {"effective_at", Of::bigint},
                               {"post_dated", Of::integer},
                               {"application", Of::text},
                               {"request_id", Of::text},
                               {"received_at", Of::bigint}});
  const auto text = [](const std::string& value) { return std::string_view(value); };
  for (const StatusRow* row : rows) {
    table.row(text(row->prescription), text(row->item), text(row->task), text(row->patient),
              text(row->organisation), text(row->status), text(row->terminal),
              row->repeat ? std::optional<std::int64_t>(*row->repeat) : std::nullopt,
              row->effective_at, std::int64_t{row->post_dated ? 1 : 0}, text(row->application),
              text(row->request_id), row->received_at);
  }
  table.into(batch);
}

std::vector<StatusRow> statuses(const Rows& rows) {
  std::vector<StatusRow> all;
  for (int at = 0; at < rows.size(); ++at) {
    StatusRow row;
    row.prescription = rows.text(at, 0);
    row.item = rows.text(at, 1);
    row.task = rows.text(at, 2);
    row.patient = rows.text(at, 3);
    row.organisation = rows.text(at, 4);
    row.status = rows.text(at, 5);
    row.terminal = rows.text(at, 6);
    if (!rows.is_null(at, 7)) row.repeat = static_cast<std::int32_t>(rows.integer(at, 7));
    row.effective_at = rows.instant(at, 8);
    row.post_dated = rows.integer(at, 9) != 0;
    row.application = rows.text(at, 10);
    row.request_id = rows.text(at, 11);
    row.received_at = rows.instant(at, 12);
    all.push_back(std::move(row));
  }
  return all;
}

}  // namespace

Result<StatusesRecorded> PostgresqlStore::record_statuses(const std::vector<StatusRow>& rows,
                                                          std::vector<audit::Record> audit) {
  Column prescriptions(Of::text), tasks(Of::text);
  for (const StatusRow& row : rows) {
    prescriptions.add(std::string_view(row.prescription));
    tasks.add(std::string_view(row.task));
  }
  StatusesRecorded recorded;
  // Two calls with the same update at once: the unique key stops one, which then looks again.
  const auto work = [&](Transaction& tx) -> Result<void> {
    recorded = {};
    tx.step("lookup");
    CONCORD_ASSIGN(const Rows found, tx.query(kKnown, prescriptions, tasks));
    std::vector<int> before(rows.size(), -1);
    for (int at = 0; at < found.size(); ++at) {
      before[static_cast<std::size_t>(found.integer(at, 0)) - 1] = at;
    }
    std::vector<const StatusRow*> fresh;
    std::set<std::pair<std::string_view, std::string>> here;
    for (std::size_t at = 0; at < rows.size(); ++at) {
      const bool known = before[at] >= 0;
      const bool twice = !here.emplace(rows[at].prescription, lowered(rows[at].task)).second;
      if (twice || (known && !is_same(found, before[at], rows[at]))) {
        recorded.duplicates.push_back(at);
      }
      if (!known) fresh.push_back(&rows[at]);
    }
    if (!recorded.duplicates.empty() || fresh.empty()) return {};
    tx.step("status");
    insert(tx.last(), fresh);
    recorded.stored = fresh.size();
    tx.append(audit);
    return {};
  };
  CONCORD_TRY(write(work));
  return recorded;
}

Result<std::vector<StatusRow>> PostgresqlStore::current_statuses(const StatusQuery& query,
                                                                 Instant now) {
  std::string sql(kCurrent);
  Values values = Values::of(now, query.limit);
  const auto narrow = [&](std::string_view column, const std::string& value) {
    values.add(value);
    sql.append("AND s.").append(column).append(" = $" + std::to_string(values.size()) + " ");
  };
  if (!query.prescription.empty()) narrow("prescription", query.prescription);
  // Somebody's patient is always asked for: an empty one finds none, never everything.
  if (!query.patient.empty() || query.prescription.empty()) narrow("patient", query.patient);
  if (!query.organisation.empty()) narrow("organisation", query.organisation);
  Batch batch;
  batch.add_values(sql.append(kOrder), std::move(values));
  CONCORD_ASSIGN(const std::vector<Rows> rows, readers_.read(batch));
  return statuses(rows[0]);
}

}  // namespace concord::store::postgresql
