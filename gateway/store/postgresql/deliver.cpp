// Delivering: leases with fences, settlements, later acknowledgements, a person's word.
//
// Locks are taken in one order, so that nobody waits in a circle: the turns (of the subject, and of
// what a change of the Task brings), the item, the Task, the audit head.
#include <algorithm>

#include "fhir/search/index.h"
#include "gateway/store/postgresql/detail/notices.h"
#include "gateway/store/postgresql/detail/payloads.h"
#include "gateway/store/postgresql/detail/postgresql_store.h"
#include "gateway/store/sql/body.h"

namespace concord::store::postgresql {

namespace {

constexpr std::string_view kTakeTurns =
    "SELECT slot FROM turn WHERE slot = ANY(array_append($2::integer[], "
    "(SELECT slot FROM outbox WHERE id = $1))) ORDER BY slot FOR UPDATE";

constexpr std::string_view kStanding =
    "SELECT seq, exchange, state, attempt, fence, leased_by IS NOT NULL, task, destination, "
    "subject "
    "FROM outbox WHERE id = $1 FOR UPDATE";

constexpr std::string_view kEffect =
    "SELECT 1 FROM effect e WHERE e.exchange = (SELECT exchange FROM outbox WHERE id = $1) "
    "AND e.kind = $2 AND e.target = $1";

constexpr std::string_view kLease =
    "WITH due AS (SELECT seq, due_at FROM outbox WHERE destination = $1 AND due_at <= $2 "
    "AND NOT EXISTS (SELECT 1 FROM quarantine WHERE active = 1) "
    "AND NOT EXISTS (SELECT 1 FROM destination_pause WHERE destination = $1 AND resumed_at IS "
    "NULL) "
    "ORDER BY due_at, seq LIMIT $3 FOR UPDATE SKIP LOCKED) "
    "UPDATE outbox o SET fence = o.fence + 1, leased_by = $4, due_at = $5, begun = 0, crashes = "
    "CASE WHEN o.leased_by IS NULL THEN o.crashes WHEN o.begun = 1 THEN o.crashes + 1 ELSE "
    "greatest(o.crashes, 1) END FROM due WHERE o.seq = due.seq RETURNING o.seq, due.due_at";

constexpr std::string_view kOpenSubject =
    "UPDATE outbox SET due_at = $1 WHERE due_at IS NULL AND state = 0 AND seq = "
    "(SELECT min(seq) FROM outbox WHERE destination = $2 AND subject = $3 AND state IN (0, 5))";

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

/// What the changing calls need to know of an item, its row locked.
struct Standing {
  std::int64_t seq = 0;
  std::int64_t exchange = 0;
  ItemState state = ItemState::pending;
  std::int32_t attempt = 0;
  std::int64_t fence = 0;
  bool leased = false;
  bool has_effect = false;
  std::string task;
  std::string destination;
  std::string subject;
  std::optional<Current> task_now;
};

/// A change of a Task with the notices it brings, made ready outside the transaction. Points into
/// the change.
struct PackedTask {
  PackedTask(const std::optional<TaskChange>& asked, Instant now) {
    if (!asked) return;
    change = &*asked;
    version = NewVersion{search::resource_hash("Task", change->id),
                         "Task",
                         change->id,
                         change->expected_version + 1,
                         Change::updated,
                         now,
                         sql::pack(change->body),
                         &change->index};
    notices = pack_notices(change->notices);
  }

  const TaskChange* change = nullptr;
  NewVersion version;
  std::vector<PackedNotice> notices;
};

/// Locks the item, with the turn of its subject and the Task that is to change.
/// Errors: not_found (no such item).
Result<Standing> standing(Transaction& tx, std::string_view id, const PackedTask& task,
                          std::string_view effect = {}) {
  Column turns(Column::Of::integer);
  for (const std::int64_t slot : turns_of(task.notices)) turns.add(slot);
  Batch batch;
  batch.add(kTakeTurns, id, turns);
  batch.add(kStanding, id);
  batch.add(kEffect, id, effect);
  if (task.change != nullptr) ask_current(batch, {task.version.key});
  CONCORD_ASSIGN(const std::vector<Rows> rows, tx.db().run(batch));
  const Rows& row = rows[1];
  if (row.empty()) return make_error(ErrorCode::not_found, "there is no such outbox item");
  Standing item;
  item.seq = row.integer(0, 0);
  item.exchange = row.integer(0, 1);
  item.state = static_cast<ItemState>(row.integer(0, 2));
  item.attempt = static_cast<std::int32_t>(row.integer(0, 3));
  item.fence = row.integer(0, 4);
  item.leased = row.integer(0, 5) != 0;
  item.task = row.text(0, 6);
  item.destination = row.text(0, 7);
  item.subject = row.text(0, 8);
  item.has_effect = !rows[2].empty();
  if (task.change != nullptr) {
    const auto current = current_of(rows[3]);
    if (const auto found = current.find(task.version.key); found != current.end()) {
      item.task_now = found->second;
    }
  }
  return item;
}

/// Errors: conflict (another version).
Result<void> change_task(Transaction& tx, const Standing& item, const PackedTask& task) {
  if (task.change == nullptr) return {};
  if (!item.task_now || item.task_now->version != task.change->expected_version) {
    return make_error(ErrorCode::conflict, "the Task was changed meanwhile");
  }
  tx.step("task");
  tx.closing().versions().add(task.version, item.task_now);
  tx.later("UPDATE exchange_task SET status = $1 WHERE key = $2", task.change->status,
           task.version.key);
  insert(tx, task.notices);
  return {};
}

/// Makes the first unfinished item of a subject due, unless it already is or is dead.
void open_subject(Transaction& tx, const Standing& item, Instant now) {
  if (item.subject.empty()) return;
  tx.later(kOpenSubject, now, item.destination, item.subject);
}

void effect(Transaction& tx, const Standing& item, std::string_view kind, std::string_view target,
            Instant now) {
  tx.later(
      "INSERT INTO effect (exchange, kind, target, at) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT DO NOTHING",
      item.exchange, kind, target, now);
}

bool is_finished(ItemState state) {
  return state != ItemState::pending && state != ItemState::dead;
}

/// Bytes that came back, made ready outside the transaction.
struct Answer {
  sql::Packed packed;
  Sha256 digest{};
};

Answer answer_of(std::string_view bytes) { return {sql::pack(bytes), sha256(bytes)}; }

constexpr std::string_view kInsertPayload =
    "INSERT INTO payload (id, digest, content_type, encoding, bytes) "
    "VALUES (nextval('payload_id'), $1, $2, $3, $4)";

void insert_attempt(Transaction& tx, const Standing& item, const Attempt& attempt,
                    const Answer& answer) {
  tx.step("attempt");
  const bool answered = !attempt.answer.empty();
  if (answered) {
    tx.later(kInsertPayload, Blob(answer.digest), attempt.answer_type, answer.packed.encoding,
             Blob(answer.packed.bytes));
  }
  tx.later(
      "INSERT INTO attempt (item, n, started_at, ended_at, result, peer_code, payload) "
      "VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7 THEN currval('payload_id') END)",
      item.seq, item.attempt + 1, attempt.started_at, attempt.ended_at, attempt.result,
      attempt.peer_code, answered);
}

Result<void> settle_in(Transaction& tx, const Settlement& settlement, const Answer& answer,
                       const PackedTask& task) {
  CONCORD_ASSIGN(const Standing item, standing(tx, settlement.item, task));
  if (item.fence != settlement.fence || !item.leased || item.state != ItemState::pending) {
    return make_error(ErrorCode::conflict, "the lease of this outbox item is held by another");
  }
  CONCORD_TRY(change_task(tx, item, task));
  if (settlement.attempt) insert_attempt(tx, item, *settlement.attempt, answer);
  tx.step("outbox");
  const bool again = settlement.state == ItemState::pending;
  tx.later(
      "UPDATE outbox SET state = $1, attempt = attempt + $2, due_at = $3, leased_by = NULL, "
      "begun = 0, crashes = CASE $2::integer WHEN 0 THEN crashes ELSE 0 END, finished_at = $4 "
      "WHERE seq = $5",
      static_cast<int>(settlement.state), settlement.attempt ? 1 : 0,
      again ? std::optional<Instant>(settlement.next_at) : std::nullopt,
      again ? std::nullopt : std::optional<Instant>(settlement.now), item.seq);
  if (is_finished(settlement.state)) {
    effect(tx, item, "settled", settlement.item, settlement.now);
    open_subject(tx, item, settlement.now);
  }
  if (settlement.dead) {
    tx.later(
        "INSERT INTO dead (item, task, reason_class, reason, owner, due_at, at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (item) DO UPDATE SET task = $2, "
        "reason_class = $3, reason = $4, owner = $5, due_at = $6, at = $7",
        item.seq, item.task, settlement.dead->reason_class, settlement.dead->reason,
        settlement.dead->owner, settlement.dead->due_at, settlement.now);
  }
  if (settlement.expect) {
    tx.later(
        "INSERT INTO ack_expect (item, layer, due_at, step, next_at) VALUES ($1, $2, $3, 0, $3) "
        "ON CONFLICT (item, layer) DO UPDATE SET due_at = $3, step = 0, next_at = $3",
        item.seq, settlement.expect->layer, settlement.expect->due_at);
  }
  tx.append(settlement.audit);
  return {};
}

/// The common part of a person's word on a dead item.
Result<Standing> dead_item(Transaction& tx, std::string_view id, const PackedTask& task) {
  CONCORD_ASSIGN(Standing item, standing(tx, id, task));
  if (item.state != ItemState::dead) {
    return make_error(ErrorCode::conflict, "this outbox item is not a dead letter");
  }
  CONCORD_TRY(change_task(tx, item, task));
  tx.later("DELETE FROM dead WHERE item = $1", item.seq);
  return item;
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

Result<void> PostgresqlStore::settle(Settlement settlement) {
  const Answer answer = settlement.attempt ? answer_of(settlement.attempt->answer) : Answer{};
  const PackedTask task(settlement.task, settlement.now);
  return write([&](Transaction& tx) { return settle_in(tx, settlement, answer, task); });
}

Result<bool> PostgresqlStore::acknowledge(Acknowledged acknowledged) {
  const PackedTask task(acknowledged.task, acknowledged.now);
  bool changed = false;
  const auto work = [&](Transaction& tx) -> Result<void> {
    changed = false;
    CONCORD_ASSIGN(const Standing item, standing(tx, acknowledged.item, task, acknowledged.effect));
    if (item.has_effect) return {};
    CONCORD_TRY(change_task(tx, item, task));
    effect(tx, item, acknowledged.effect, acknowledged.item, acknowledged.now);
    tx.later(
        "UPDATE outbox SET state = $1, due_at = NULL, leased_by = NULL, fence = fence + 1, "
        "finished_at = coalesce(finished_at, $2) WHERE seq = $3",
        static_cast<int>(acknowledged.state), acknowledged.now, item.seq);
    // A word that the bytes were understood says nothing of what is still to come.
    tx.later("DELETE FROM ack_expect WHERE item = $1 AND ($2 OR layer = 'infrastructure')",
             item.seq, acknowledged.state != ItemState::acked_infrastructure);
    tx.later("DELETE FROM dead WHERE item = $1", item.seq);
    open_subject(tx, item, acknowledged.now);
    tx.append(acknowledged.audit);
    changed = true;
    return {};
  };
  CONCORD_TRY(write(work));
  return changed;
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

Result<void> PostgresqlStore::keep_unmatched(Unmatched unmatched) {
  const Answer answer = answer_of(unmatched.bytes);
  return write([&](Transaction& tx) -> Result<void> {
    tx.later(kInsertPayload, Blob(answer.digest), unmatched.content_type, answer.packed.encoding,
             Blob(answer.packed.bytes));
    tx.later(
        "INSERT INTO unmatched (at, destination, item, refers_to, reason, payload) "
        "VALUES ($1, $2, $3, $4, $5, currval('payload_id'))",
        unmatched.at, unmatched.destination, unmatched.item, unmatched.refers_to, unmatched.reason);
    tx.append({unmatched.audit});
    return {};
  });
}

Result<void> PostgresqlStore::replay(std::string_view item, Instant now, Instant deadline,
                                     std::optional<TaskChange> task,
                                     std::vector<audit::Record> audit) {
  const PackedTask change(task, now);
  return write([&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(const Standing found, dead_item(tx, item, change));
    // Its attempts stay on record and go on counting; only the time to give up is new.
    tx.later(
        "UPDATE outbox SET state = 0, due_at = $1, deadline = $2, finished_at = NULL, "
        "crashes = least(crashes, 1) WHERE seq = $3",
        found.subject.empty() ? std::optional<Instant>(now) : std::nullopt, deadline, found.seq);
    open_subject(tx, found, now);
    tx.append(audit);
    return {};
  });
}

Result<void> PostgresqlStore::cancel(std::string_view item, Instant now,
                                     std::optional<TaskChange> task,
                                     std::vector<audit::Record> audit) {
  const PackedTask change(task, now);
  return write([&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(const Standing found, dead_item(tx, item, change));
    tx.later("UPDATE outbox SET state = 6, due_at = NULL, finished_at = $1 WHERE seq = $2", now,
             found.seq);
    open_subject(tx, found, now);
    tx.append(audit);
    return {};
  });
}

Result<bool> PostgresqlStore::escalate(const Escalation& escalation) {
  std::optional<TaskChange> change;
  if (escalation.task != nullptr) change = *escalation.task;
  const PackedTask task(change, escalation.now);
  bool taken = false;
  const auto work = [&](Transaction& tx) -> Result<void> {
    taken = false;
    CONCORD_ASSIGN(const Standing item, standing(tx, escalation.item, task));
    // The item is locked: nobody else takes this step, and no acknowledgement comes, meanwhile.
    CONCORD_ASSIGN(
        const auto open,
        tx.number("SELECT 1 FROM ack_expect WHERE item = $1 AND layer = $2 AND step = $3 "
                  "AND next_at <= $4",
                  item.seq, escalation.layer, escalation.expected_step, escalation.now));
    if (!open) return {};
    CONCORD_TRY(change_task(tx, item, task));
    tx.step("escalate");
    tx.later("UPDATE ack_expect SET step = step + 1, next_at = $1 WHERE item = $2 AND layer = $3",
             escalation.next_at, item.seq, escalation.layer);
    tx.append(escalation.audit);
    taken = true;
    return {};
  };
  CONCORD_TRY(write(work));
  return taken;
}

}  // namespace concord::store::postgresql
