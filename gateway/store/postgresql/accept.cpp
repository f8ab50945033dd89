// Accepting: idempotency keys and the one commit of an exchange.
#include "fhir/search/index.h"
#include "gateway/store/postgresql/detail/group_rows.h"
#include "gateway/store/postgresql/detail/payloads.h"
#include "gateway/store/postgresql/detail/postgresql_store.h"
#include "gateway/store/sql/place.h"

namespace concord::store::postgresql {

namespace {

constexpr std::string_view kExchange =
    "SELECT i.id, i.door, i.sender, i.request_id, i.message_kind, i.received_at, i.accepted_at, "
    "i.decision, p.encoding, p.bytes, p.content_type, p.digest "
    "FROM inbox i LEFT JOIN payload p ON p.id = i.payload WHERE i.id = $1";

constexpr std::string_view kTask =
    "SELECT r.id, i.id, r.version, t.status, r.encoding, r.body, r.place "
    "FROM exchange_task t JOIN resource r ON r.key = t.key JOIN inbox i ON i.seq = t.exchange "
    "WHERE t.key = $1";

constexpr std::string_view kLineage =
    "SELECT p.encoding, p.bytes, p.content_type, p.digest "
    "FROM lineage l JOIN inbox i ON i.seq = l.exchange LEFT JOIN payload p ON p.id = l.payload "
    "WHERE i.id = $1";

constexpr std::string_view kLineageTables =
    "SELECT p.encoding, p.bytes, p.content_type, p.digest "
    "FROM inbox i JOIN lineage_uses u ON u.exchange = i.seq "
    "JOIN lineage_table t ON t.digest = u.digest LEFT JOIN payload p ON p.id = t.payload "
    "WHERE i.id = $1 ORDER BY u.digest";

constexpr std::string_view kForget =
    "DELETE FROM idempotency WHERE (value, party, scope) IN (SELECT value, party, scope "
    "FROM idempotency WHERE until <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";

}  // namespace

Result<std::optional<Earlier>> PostgresqlStore::earlier(const std::vector<Key>& keys,
                                                        const Sha256& digest) {
  Batch batch;
  for (const Key& key : keys) {
    batch.add(
        "SELECT k.exchange, k.digest, i.id, i.answer FROM idempotency k "
        "JOIN inbox i ON i.seq = k.exchange WHERE k.value = $1 AND k.party = $2 AND k.scope = $3",
        key.value, key.party, key.scope);
  }
  if (batch.empty()) return std::optional<Earlier>{};
  CONCORD_ASSIGN(const std::vector<Rows> rows, readers_.read(batch));
  std::optional<std::int64_t> exchange;
  std::optional<Earlier> found;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if (rows[k].empty()) continue;
    CONCORD_TRY(same_content(rows[k].view(0, 1), digest, keys[k].scope));
    if (exchange && *exchange != rows[k].integer(0, 0)) return two_exchanges();
    exchange = rows[k].integer(0, 0);
    found = Earlier{rows[k].text(0, 2), rows[k].text(0, 3)};
  }
  return found;
}

Result<Committed> PostgresqlStore::commit(NewExchange exchange) {
  Call call;
  call.answers_exchange = true;
  prepare(call, exchange);
  CONCORD_TRY(write(call));
  return std::move(call.committed);
}

Result<std::optional<ExchangeRow>> PostgresqlStore::exchange(std::string_view id) {
  CONCORD_ASSIGN(const Rows rows, readers_.query(kExchange, id));
  if (rows.empty()) return std::optional<ExchangeRow>{};
  ExchangeRow row;
  row.id = rows.text(0, 0);
  row.door = rows.text(0, 1);
  row.sender = rows.text(0, 2);
  row.request_id = rows.text(0, 3);
  row.message_kind = rows.text(0, 4);
  row.received_at = rows.instant(0, 5);
  row.accepted_at = rows.instant(0, 6);
  row.decision = rows.text(0, 7);
  CONCORD_ASSIGN(Payload payload, payload_at(rows, 0, 8));
  row.payload = std::move(payload.bytes);
  row.content_type = std::move(payload.content_type);
  row.digest = payload.digest;
  return std::optional<ExchangeRow>{std::move(row)};
}

Result<std::optional<TaskRow>> PostgresqlStore::task(std::string_view id) {
  CONCORD_ASSIGN(const Rows rows, readers_.query(kTask, search::resource_hash("Task", id)));
  if (rows.empty()) return std::optional<TaskRow>{};
  TaskRow task;
  task.id = rows.text(0, 0);
  task.exchange = rows.text(0, 1);
  task.version = rows.integer(0, 2);
  task.status = rows.text(0, 3);
  CONCORD_ASSIGN(task.body, sql::unpack(static_cast<int>(rows.integer(0, 4)), rows.view(0, 5)));
  task.updated_at = sql::changed_at(rows.integer(0, 6));
  return std::optional<TaskRow>{std::move(task)};
}

Result<std::optional<LineageRow>> PostgresqlStore::lineage(std::string_view exchange) {
  Batch batch;
  batch.add(kLineage, exchange);
  batch.add(kLineageTables, exchange);
  CONCORD_ASSIGN(const std::vector<Rows> rows, readers_.read(batch));
  if (rows[0].empty()) return std::optional<LineageRow>{};
  LineageRow row;
  CONCORD_ASSIGN(Payload lineage, payload_at(rows[0], 0, 0));
  row.lineage = std::move(lineage.bytes);
  for (int at = 0; at < rows[1].size(); ++at) {
    CONCORD_ASSIGN(Payload table, payload_at(rows[1], at, 0));
    row.tables.push_back(std::move(table.bytes));
  }
  return std::optional<LineageRow>{std::move(row)};
}

Result<std::size_t> PostgresqlStore::forget_keys(Instant now, std::size_t limit) {
  std::size_t forgotten = 0;
  const auto work = [&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(const Rows rows, tx.query(kForget, now, limit));
    forgotten = static_cast<std::size_t>(rows.affected());
    return {};
  };
  CONCORD_TRY(write(work));
  return forgotten;
}

}  // namespace concord::store::postgresql
