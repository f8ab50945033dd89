// Settling: what became of attempts, later acknowledgements, a person's word.
//
// Locks are taken in one order, so that nobody waits in a circle: the turns (of the subjects, and
// of what changes of Tasks bring), the items, the Tasks, the audit head; several of a kind in the
// order of their keys.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "fhir/search/index.h"
#include "gateway/store/postgresql/detail/notices.h"
#include "gateway/store/postgresql/detail/postgresql_store.h"
#include "gateway/store/sql/body.h"

namespace concord::store::postgresql {

namespace {

constexpr std::string_view kTakeTurns =
    "SELECT slot FROM turn WHERE slot = ANY($2::integer[] || ARRAY("
    "SELECT slot FROM outbox WHERE id = ANY($1::text[]))) ORDER BY slot FOR UPDATE";

constexpr std::string_view kStanding =
    "SELECT seq, exchange, state, attempt, fence, leased_by IS NOT NULL, task, destination, "
    "subject, id FROM outbox WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE";

constexpr std::string_view kEffect =
    "SELECT 1 FROM effect e WHERE e.exchange = (SELECT exchange FROM outbox WHERE id = $1) "
    "AND e.kind = $2 AND e.target = $1";

constexpr std::string_view kOpenSubject =
    "UPDATE outbox SET due_at = $1 WHERE due_at IS NULL AND state = 0 AND seq = "
    "(SELECT min(seq) FROM outbox WHERE destination = $2 AND subject = $3 AND state IN (0, 5))";

/// What the changing calls need to know of an item, its row locked.
struct Standing {
  std::int64_t seq = 0;
  std::int64_t exchange = 0;
  ItemState state = ItemState::pending;
  std::int32_t attempt = 0;
  std::int64_t fence = 0;
  bool leased = false;
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

/// An item with the change of its Task.
struct Wanted {
  std::string_view item;
  const PackedTask* task = nullptr;
};

/// Locks the items, with the turns of their subjects and the Tasks that are to change. By id; one
/// that is not there is left out.
Result<std::unordered_map<std::string, Standing>> standings(Transaction& tx,
                                                            const std::vector<Wanted>& wanted) {
  Column ids(Column::Of::text), turns(Column::Of::integer);
  std::vector<std::int64_t> tasks;
  for (const Wanted& one : wanted) {
    ids.add(one.item);
    for (const std::int64_t slot : turns_of(one.task->notices)) turns.add(slot);
    if (one.task->change != nullptr) tasks.push_back(one.task->version.key);
  }
  std::sort(tasks.begin(), tasks.end());
  tasks.erase(std::unique(tasks.begin(), tasks.end()), tasks.end());
  Batch batch;
  batch.add(kTakeTurns, ids, turns);
  batch.add(kStanding, ids);
  if (!tasks.empty()) ask_current(batch, tasks);
  CONCORD_ASSIGN(const std::vector<Rows> rows, tx.db().run(batch));
  const auto current = tasks.empty() ? std::unordered_map<std::int64_t, Current>{}  //
                                     : current_of(rows[2]);
  std::unordered_map<std::string, Standing> found;
  for (int row = 0; row < rows[1].size(); ++row) {
    Standing& item = found[rows[1].text(row, 9)];
    item.seq = rows[1].integer(row, 0);
    item.exchange = rows[1].integer(row, 1);
    item.state = static_cast<ItemState>(rows[1].integer(row, 2));
    item.attempt = static_cast<std::int32_t>(rows[1].integer(row, 3));
    item.fence = rows[1].integer(row, 4);
    item.leased = rows[1].integer(row, 5) != 0;
    item.task = rows[1].text(row, 6);
    item.destination = rows[1].text(row, 7);
    item.subject = rows[1].text(row, 8);
  }
  for (const Wanted& one : wanted) {
    if (one.task->change == nullptr) continue;
    const auto item = found.find(std::string(one.item));
    const auto task = current.find(one.task->version.key);
    if (item != found.end() && task != current.end()) item->second.task_now = task->second;
  }
  return found;
}

/// Errors: not_found (no such item).
Result<Standing> standing(Transaction& tx, std::string_view id, const PackedTask& task) {
  CONCORD_ASSIGN(auto found, standings(tx, {{id, &task}}));
  if (found.empty()) return make_error(ErrorCode::not_found, "there is no such outbox item");
  return std::move(found.begin()->second);
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

/// A settlement made ready outside the transaction. Points into it.
struct PackedSettlement {
  explicit PackedSettlement(const Settlement& settlement)
      : asked(&settlement), task(settlement.task, settlement.now) {
    if (settlement.attempt) answer = answer_of(settlement.attempt->answer);
  }

  const Settlement* asked;
  PackedTask task;
  Answer answer;
  Result<void> result;
};

/// Adds what one settlement writes.
/// Errors: conflict (nothing is added).
Result<void> settle_in(Transaction& tx, const Standing& item, const PackedSettlement& packed) {
  const Settlement& settlement = *packed.asked;
  if (item.fence != settlement.fence || !item.leased || item.state != ItemState::pending) {
    return make_error(ErrorCode::conflict, "the lease of this outbox item is held by another");
  }
  CONCORD_TRY(change_task(tx, item, packed.task));
  if (settlement.attempt) insert_attempt(tx, item, *settlement.attempt, packed.answer);
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

/// Settles all in one transaction; each has its result.
Result<void> settle_in(Transaction& tx, std::vector<PackedSettlement>& all) {
  std::vector<Wanted> wanted;
  for (const PackedSettlement& one : all) wanted.push_back({one.asked->item, &one.task});
  CONCORD_ASSIGN(const auto items, standings(tx, wanted));
  std::set<std::string_view> settled;
  std::set<std::int64_t> changed;  // Tasks: what was read of them holds for the first change only
  for (PackedSettlement& one : all) {
    const auto item = items.find(one.asked->item);
    const bool has_task = one.task.change != nullptr;
    if (item == items.end()) {
      one.result = make_error(ErrorCode::not_found, "there is no such outbox item");
    } else if (settled.contains(one.asked->item)) {
      one.result = make_error(ErrorCode::conflict, "this outbox item is settled already");
    } else if (has_task && changed.contains(one.task.version.key)) {
      one.result = make_error(ErrorCode::conflict, "the Task was changed meanwhile");
    } else {
      one.result = settle_in(tx, item->second, one);
    }
    if (!one.result) continue;
    settled.insert(one.asked->item);
    if (has_task) changed.insert(one.task.version.key);
  }
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

Result<void> PostgresqlStore::settle(Settlement settlement) {
  std::vector<Settlement> one;
  one.push_back(std::move(settlement));
  return std::move(settle_all(std::move(one)).front());
}

std::vector<Result<void>> PostgresqlStore::settle_all(std::vector<Settlement> settlements) {
  std::vector<Result<void>> results;
  if (settlements.empty()) return results;
  std::vector<PackedSettlement> all(settlements.begin(), settlements.end());
  bool refused = false;
  const auto done = write([&](Transaction& tx) { return settle_in(tx, all); }, &refused);
  if (!done && refused && all.size() > 1) {
    // One of them cannot be written; the others shall not wait for it.
    for (Settlement& one : settlements) results.push_back(settle(std::move(one)));
    return results;
  }
  for (PackedSettlement& one : all) results.push_back(done ? std::move(one.result) : done);
  return results;
}

Result<bool> PostgresqlStore::acknowledge(Acknowledged acknowledged) {
  const PackedTask task(acknowledged.task, acknowledged.now);
  bool changed = false;
  const auto work = [&](Transaction& tx) -> Result<void> {
    changed = false;
    CONCORD_ASSIGN(const Standing item, standing(tx, acknowledged.item, task));
    CONCORD_ASSIGN(const auto known,
                   tx.number(kEffect, std::string_view(acknowledged.item), acknowledged.effect));
    if (known) return {};
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
