// Delivering: leases with fences, and items as they are read.
#include <algorithm>

#include "gateway/store/postgresql/detail/payloads.h"
#include "gateway/store/postgresql/detail/postgresql_store.h"

namespace concord::store::postgresql {

namespace {

constexpr std::string_view kLease =
    "WITH due AS (SELECT seq, due_at FROM outbox WHERE destination = $1 AND due_at <= $2 "
    "AND NOT EXISTS (SELECT 1 FROM quarantine WHERE active = 1) "
    "AND NOT EXISTS (SELECT 1 FROM destination_pause WHERE destination = $1 AND resumed_at IS "
    "NULL) "
    "ORDER BY due_at, seq LIMIT $3 FOR UPDATE SKIP LOCKED) "
    "UPDATE outbox o SET fence = o.fence + 1, leased_by = $4, due_at = $5, begun = 0, crashes = "
    "CASE WHEN o.leased_by IS NULL THEN o.crashes WHEN o.begun = 1 THEN o.crashes + 1 ELSE "
    "greatest(o.crashes, 1) END FROM due WHERE o.seq = due.seq RETURNING o.seq, due.due_at";

std::string items_where(std::string_view condition) {
  return "SELECT o.id, i.id, o.task, o.destination, o.channel, o.format, o.purpose, o.subject, "
         "o.message_id, o.interaction, o.state, o.attempt, o.fence, o.created_at, o.deadline, "
         "o.number, o.crashes, " +
         std::string(kPayloadColumns) +
         " FROM outbox o JOIN inbox i ON i.seq = o.exchange LEFT JOIN payload p ON p.id = "
         "o.payload "
         "WHERE " +
         std::string(condition);
}

Result<Item> item_at(const Rows& rows, int row) {
  Item item;
  item.id = rows.text(row, 0);
  item.exchange = rows.text(row, 1);
  item.task = rows.text(row, 2);
  item.destination = rows.text(row, 3);
  item.channel = rows.text(row, 4);
  item.format = rows.text(row, 5);
  item.purpose = rows.text(row, 6);
  item.subject = rows.text(row, 7);
  item.message_id = rows.text(row, 8);
  item.interaction = rows.text(row, 9);
  item.state = static_cast<ItemState>(rows.integer(row, 10));
  item.attempt = static_cast<std::int32_t>(rows.integer(row, 11));
  item.fence = rows.integer(row, 12);
  item.created_at = rows.instant(row, 13);
  item.deadline = rows.instant(row, 14);
  item.number = rows.integer(row, 15);
  item.crashes = static_cast<std::int32_t>(rows.integer(row, 16));
  CONCORD_ASSIGN(Payload payload, payload_at(rows, row, 17));
  item.bytes = std::move(payload.bytes);
  item.content_type = std::move(payload.content_type);
  item.digest = payload.digest;
  return item;
}

Result<std::vector<Item>> items_of(const Rows& rows) {
  std::vector<Item> items;
  for (int row = 0; row < rows.size(); ++row) {
    CONCORD_ASSIGN(Item item, item_at(rows, row));
    items.push_back(std::move(item));
  }
  return items;
}

Result<std::optional<Item>> one_item(const Rows& rows) {
  if (rows.empty()) return std::optional<Item>{};
  CONCORD_ASSIGN(Item item, item_at(rows, 0));
  return std::optional<Item>{std::move(item)};
}

}  // namespace

Result<std::vector<Item>> PostgresqlStore::lease(const LeaseRequest& request) {
  std::vector<std::pair<Instant, std::int64_t>> leased;  // in the order they were due
  const auto work = [&](Transaction& tx) -> Result<void> {
    tx.step("lease");
    CONCORD_ASSIGN(const Rows rows, tx.query(kLease, request.destination, request.now,
                                             request.limit, request.node, request.until));
    leased.clear();
    for (int row = 0; row < rows.size(); ++row) {
      leased.emplace_back(rows.instant(row, 1), rows.integer(row, 0));
    }
    return {};
  };
  CONCORD_TRY(write(work));
  if (leased.empty()) return std::vector<Item>{};
  std::sort(leased.begin(), leased.end());
  Column numbers(Column::Of::bigint);
  for (const auto& [due, seq] : leased) numbers.add(seq);
  static const std::string kBySeq =
      items_where("o.seq = ANY($1::bigint[])") + " ORDER BY array_position($1::bigint[], o.seq)";
  CONCORD_ASSIGN(const Rows rows, readers_.query(kBySeq, numbers));
  return items_of(rows);
}

Result<std::optional<Instant>> PostgresqlStore::next_due(std::string_view destination) {
  CONCORD_ASSIGN(
      const Rows rows,
      readers_.query("SELECT due_at FROM outbox WHERE destination = $1 AND due_at IS NOT NULL "
                     "AND NOT EXISTS (SELECT 1 FROM quarantine WHERE active = 1) "
                     "AND NOT EXISTS (SELECT 1 FROM destination_pause WHERE destination = $1 AND "
                     "resumed_at IS NULL) ORDER BY due_at LIMIT 1",
                     destination));
  if (rows.empty()) return std::optional<Instant>{};
  return std::optional<Instant>{rows.instant(0, 0)};
}

Result<std::size_t> PostgresqlStore::end_leases(std::string_view sql, std::string_view node,
                                                Instant now) {
  std::size_t ended = 0;
  const auto work = [&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(const Rows rows, tx.query(sql, now, node));
    ended = static_cast<std::size_t>(rows.affected());
    return {};
  };
  CONCORD_TRY(write(work));
  return ended;
}

Result<std::size_t> PostgresqlStore::release(std::string_view node, Instant now) {
  return end_leases(
      "UPDATE outbox SET leased_by = NULL, begun = 0, due_at = $1 WHERE leased_by = $2", node, now);
}

Result<std::size_t> PostgresqlStore::release_unheld(std::string_view node,
                                                    const std::vector<std::string>& held,
                                                    Instant now) {
  Column ids(Column::Of::text);
  for (const std::string& id : held) ids.add(id);
  std::size_t ended = 0;
  const auto work = [&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(const Rows rows,
                   tx.query("UPDATE outbox SET leased_by = NULL, begun = 0, due_at = $1 "
                            "WHERE leased_by = $2 AND id <> ALL($3::text[])",
                            now, node, ids));
    ended = static_cast<std::size_t>(rows.affected());
    return {};
  };
  CONCORD_TRY(write(work));
  return ended;
}

Result<std::size_t> PostgresqlStore::recover(std::string_view node, Instant now) {
  return end_leases(
      "UPDATE outbox SET leased_by = NULL, crashes = CASE begun WHEN 1 THEN crashes + 1 ELSE "
      "greatest(crashes, 1) END, begun = 0, due_at = $1 WHERE leased_by = $2",
      node, now);
}

Result<void> PostgresqlStore::begin(std::string_view item, std::int64_t fence) {
  return write([&](Transaction& tx) -> Result<void> {
    tx.step("begin");
    CONCORD_ASSIGN(const Rows rows,
                   tx.query("UPDATE outbox SET begun = 1 WHERE id = $1 AND fence = $2 AND "
                            "state = 0 AND leased_by IS NOT NULL",
                            item, fence));
    if (rows.affected() == 1) return {};
    return make_error(ErrorCode::conflict, "the lease of this outbox item is held by another");
  });
}

Result<std::optional<Item>> PostgresqlStore::item(std::string_view id) {
  static const std::string kById = items_where("o.id = $1");
  CONCORD_ASSIGN(const Rows rows, readers_.query(kById, id));
  return one_item(rows);
}

Result<std::vector<Item>> PostgresqlStore::items(std::string_view exchange) {
  static const std::string kOfExchange =
      items_where("o.exchange = (SELECT seq FROM inbox WHERE id = $1) ORDER BY o.seq");
  CONCORD_ASSIGN(const Rows rows, readers_.query(kOfExchange, exchange));
  return items_of(rows);
}

Result<std::optional<Item>> PostgresqlStore::item_by_message(std::string_view destination,
                                                             std::string_view message_id) {
  static const std::string kByMessage = items_where(
      "o.destination = $1 AND lower(o.message_id) = lower($2 COLLATE \"C\") "
      "ORDER BY o.seq DESC LIMIT 1");
  CONCORD_ASSIGN(const Rows rows, readers_.query(kByMessage, destination, message_id));
  return one_item(rows);
}

Result<std::vector<Attempt>> PostgresqlStore::attempts(std::string_view item) {
  static const std::string kAttempts =
      "SELECT a.started_at, a.ended_at, a.result, a.peer_code, a.payload IS NOT NULL, " +
      std::string(kPayloadColumns) +
      " FROM attempt a LEFT JOIN payload p ON p.id = a.payload "
      "WHERE a.item = (SELECT seq FROM outbox WHERE id = $1) ORDER BY a.n";
  CONCORD_ASSIGN(const Rows rows, readers_.query(kAttempts, item));
  std::vector<Attempt> attempts;
  for (int row = 0; row < rows.size(); ++row) {
    Attempt attempt;
    attempt.started_at = rows.instant(row, 0);
    attempt.ended_at = rows.instant(row, 1);
    attempt.result = rows.text(row, 2);
    attempt.peer_code = static_cast<std::int32_t>(rows.integer(row, 3));
    if (rows.integer(row, 4) != 0) {
      CONCORD_ASSIGN(Payload payload, payload_at(rows, row, 5));
      attempt.answer = std::move(payload.bytes);
      attempt.answer_type = std::move(payload.content_type);
    }
    attempts.push_back(std::move(attempt));
  }
  return attempts;
}

Result<std::int64_t> PostgresqlStore::last_number(std::string_view destination) {
  CONCORD_ASSIGN(
      const Rows rows,
      readers_.query("SELECT coalesce(max(number), 0) FROM outbox WHERE destination = $1 "
                     "AND number > 0",
                     destination));
  return rows.integer(0, 0);
}

Result<std::vector<NumberedItem>> PostgresqlStore::numbered_items(std::string_view destination,
                                                                  std::int64_t from,
                                                                  std::int64_t until,
                                                                  std::size_t limit) {
  static const std::string kNumbered =
      "SELECT o.number, o.id, o.state, o.created_at, " + std::string(kPayloadColumns) +
      " FROM outbox o JOIN payload p ON p.id = o.payload WHERE o.destination = $1 "
      "AND o.number > 0 AND o.number BETWEEN $2 AND $3 ORDER BY o.number LIMIT $4";
  CONCORD_ASSIGN(const Rows rows, readers_.query(kNumbered, destination, from, until,
                                                 static_cast<std::int64_t>(limit)));
  std::vector<NumberedItem> items;
  for (int row = 0; row < rows.size(); ++row) {
    NumberedItem& item = items.emplace_back();
    item.number = rows.integer(row, 0);
    item.id = rows.text(row, 1);
    item.state = static_cast<ItemState>(rows.integer(row, 2));
    item.created_at = rows.instant(row, 3);
    CONCORD_ASSIGN(Payload payload, payload_at(rows, row, 4));
    item.bytes = std::move(payload.bytes);
  }
  return items;
}

}  // namespace concord::store::postgresql
