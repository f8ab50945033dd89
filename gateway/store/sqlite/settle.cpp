// Settling: what became of attempts, later acknowledgements, a person's word.
#include "gateway/store/sqlite/detail/accept.h"
#include "gateway/store/sqlite/detail/payloads.h"
#include "gateway/store/sqlite/detail/resource_rows.h"
#include "gateway/store/sqlite/detail/sqlite_store.h"

namespace concord::store::sqlite {

namespace {

Error no_item() { return make_error(ErrorCode::not_found, "there is no such outbox item"); }

/// What the changing calls need to know of an item.
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
};

Result<Standing> standing(Connection& db, std::string_view id) {
  CONCORD_ASSIGN(Query row,
                 db.query("SELECT seq, exchange, state, attempt, fence, leased_by IS NOT NULL, "
                          "task, destination, subject FROM outbox WHERE id = ?",
                          id));
  CONCORD_ASSIGN(const bool found, row.next());
  if (!found) return no_item();
  Standing item;
  item.seq = row.integer(0);
  item.exchange = row.integer(1);
  item.state = static_cast<ItemState>(row.integer(2));
  item.attempt = static_cast<std::int32_t>(row.integer(3));
  item.fence = row.integer(4);
  item.leased = row.integer(5) != 0;
  item.task = row.text(6);
  item.destination = row.text(7);
  item.subject = row.text(8);
  return item;
}

/// A change of a Task with the notices it brings, made ready outside the transaction, and where the
/// Task stood when it was looked up inside. Points into the change.
class PackedTask {
 public:
  PackedTask(const std::optional<TaskChange>& change, Instant now) {
    if (!change) return;
    change_ = &*change;
    version_ = pack_version("Task", change->id, change->expected_version, Change::updated, now,
                            change->body, change->index);
    notices_ = pack_exchanges(change->notices);
  }

  /// Errors: conflict (another version, or none).
  Result<void> look(Connection& db) {
    if (change_ == nullptr) return {};
    CONCORD_ASSIGN(current_, current_version(db, version_));
    if (current_.version == 0 || current_.version != version_.expected_version) {
      return make_error(ErrorCode::conflict, "the Task was changed meanwhile");
    }
    return {};
  }

  /// Adds the version that look() found room for, and the notices.
  Result<void> write(Transaction& tx) const {
    if (change_ == nullptr) return {};
    tx.step("task");
    CONCORD_TRY(tx.db().run("UPDATE exchange_task SET status = ? WHERE key = ?", change_->status,
                            version_.key));
    CONCORD_TRY(add_version(tx, version_, current_));
    for (const PackedExchange& notice : notices_) {
      tx.step("notice");
      CONCORD_TRY(insert_unless_known(tx, notice));
    }
    return {};
  }

 private:
  const TaskChange* change_ = nullptr;
  PackedVersion version_;
  std::vector<PackedExchange> notices_;
  CurrentVersion current_;
};

/// Makes the first unfinished item of a subject due, unless it already is or is dead.
Result<void> open_subject(Connection& db, const Standing& item, Instant now) {
  if (item.subject.empty()) return {};
  return db.run(
      "UPDATE outbox SET due_at = ? WHERE due_at IS NULL AND state = 0 AND seq = "
      "(SELECT min(seq) FROM outbox WHERE destination = ? AND subject = ? AND state IN (0, 5))",
      now, item.destination, item.subject);
}

bool is_finished(ItemState state) {
  return state != ItemState::pending && state != ItemState::dead;
}

/// True when this effect of the exchange on the target is new.
Result<bool> first_effect(Connection& db, std::int64_t exchange, std::string_view kind,
                          std::string_view target, Instant now) {
  CONCORD_TRY(
      db.run("INSERT OR IGNORE INTO effect (exchange, kind, target, at) "
             "VALUES (?, ?, ?, ?)",
             exchange, kind, target, now));
  return db.changes() == 1;
}

Result<void> insert_attempt(Connection& db, const Standing& item, const Attempt& attempt,
                            const Packed& answer, const Sha256& digest) {
  std::optional<std::int64_t> payload;
  if (!attempt.answer.empty()) {
    CONCORD_ASSIGN(payload, insert_payload(db, answer, digest, attempt.answer_type));
  }
  return db.run(
      "INSERT INTO attempt (item, n, started_at, ended_at, result, peer_code, payload) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      item.seq, item.attempt + 1, attempt.started_at, attempt.ended_at, attempt.result,
      attempt.peer_code, payload);
}

/// A settlement made ready outside the transaction. Points into it.
struct PackedSettlement {
  explicit PackedSettlement(const Settlement& settlement)
      : asked(&settlement), task(settlement.task, settlement.now) {
    if (!settlement.attempt || settlement.attempt->answer.empty()) return;
    answer = pack(settlement.attempt->answer);
    digest = sha256(settlement.attempt->answer);
  }

  const Settlement* asked;
  PackedTask task;
  Packed answer;
  Sha256 digest{};
};

Result<void> settle_in(Transaction& tx, PackedSettlement& packed) {
  Connection& db = tx.db();
  const Settlement& settlement = *packed.asked;
  CONCORD_ASSIGN(const Standing item, standing(db, settlement.item));
  if (item.fence != settlement.fence || !item.leased || item.state != ItemState::pending) {
    return make_error(ErrorCode::conflict, "the lease of this outbox item is held by another");
  }
  CONCORD_TRY(packed.task.look(db));

  tx.step("attempt");
  if (settlement.attempt) {
    CONCORD_TRY(insert_attempt(db, item, *settlement.attempt, packed.answer, packed.digest));
  }
  tx.step("outbox");
  const bool again = settlement.state == ItemState::pending;
  CONCORD_TRY(db.run(
      "UPDATE outbox SET state = ?, attempt = attempt + ?, crashes = crashes * ?, begun = 0, "
      "due_at = ?, leased_by = NULL, finished_at = ? WHERE seq = ?",
      static_cast<int>(settlement.state), settlement.attempt ? 1 : 0, settlement.attempt ? 0 : 1,
      again ? std::optional<Instant>(settlement.next_at) : std::nullopt,
      again ? std::nullopt : std::optional<Instant>(settlement.now), item.seq));
  if (is_finished(settlement.state)) {
    CONCORD_TRY(first_effect(db, item.exchange, "settled", settlement.item, settlement.now));
    CONCORD_TRY(open_subject(db, item, settlement.now));
  }
  if (settlement.dead) {
    CONCORD_TRY(
        db.run("INSERT OR REPLACE INTO dead (item, task, reason_class, reason, owner, due_at, at) "
               "VALUES (?, ?, ?, ?, ?, ?, ?)",
               item.seq, item.task, settlement.dead->reason_class, settlement.dead->reason,
               settlement.dead->owner, settlement.dead->due_at, settlement.now));
  }
  if (settlement.expect) {
    CONCORD_TRY(db.run(
        "INSERT OR REPLACE INTO ack_expect (item, layer, due_at, step, next_at) "
        "VALUES (?, ?, ?, 0, ?)",
        item.seq, settlement.expect->layer, settlement.expect->due_at, settlement.expect->due_at));
  }
  CONCORD_TRY(packed.task.write(tx));
  return tx.append(settlement.audit);
}

/// The common part of a person's word on a dead item.
Result<Standing> dead_item(Connection& db, std::string_view id, PackedTask& task) {
  CONCORD_ASSIGN(Standing item, standing(db, id));
  if (item.state != ItemState::dead) {
    return make_error(ErrorCode::conflict, "this outbox item is not a dead letter");
  }
  CONCORD_TRY(task.look(db));
  CONCORD_TRY(db.run("DELETE FROM dead WHERE item = ?", item.seq));
  return item;
}

}  // namespace

Result<void> SqliteStore::settle(Settlement settlement) {
  PackedSettlement packed(settlement);
  return write([&](Transaction& tx) { return settle_in(tx, packed); });
}

std::vector<Result<void>> SqliteStore::settle_all(std::vector<Settlement> settlements) {
  std::vector<PackedSettlement> packed(settlements.begin(), settlements.end());
  std::vector<Writer::Work> works;
  works.reserve(packed.size());
  for (PackedSettlement& one : packed) {
    works.emplace_back([&one](Transaction& tx) { return settle_in(tx, one); });
  }
  return write(works);
}

Result<bool> SqliteStore::acknowledge(Acknowledged acknowledged) {
  bool changed = false;
  PackedTask task(acknowledged.task, acknowledged.now);
  const auto work = [&](Transaction& tx) -> Result<void> {
    changed = false;
    Connection& db = tx.db();
    CONCORD_ASSIGN(const Standing item, standing(db, acknowledged.item));
    CONCORD_ASSIGN(const auto known,
                   db.number("SELECT 1 FROM effect WHERE exchange = ? AND kind = ? AND target = ?",
                             item.exchange, acknowledged.effect, acknowledged.item));
    if (known) return {};
    CONCORD_TRY(task.look(db));
    CONCORD_TRY(
        first_effect(db, item.exchange, acknowledged.effect, acknowledged.item, acknowledged.now));
    CONCORD_TRY(
        db.run("UPDATE outbox SET state = ?, due_at = NULL, leased_by = NULL, fence = fence + 1, "
               "finished_at = coalesce(finished_at, ?) WHERE seq = ?",
               static_cast<int>(acknowledged.state), acknowledged.now, item.seq));
    // A word that the bytes were understood says nothing of what is still to come.
    CONCORD_TRY(db.run("DELETE FROM ack_expect WHERE item = ? AND (? OR layer = 'infrastructure')",
                       item.seq, acknowledged.state != ItemState::acked_infrastructure ? 1 : 0));
    CONCORD_TRY(db.run("DELETE FROM dead WHERE item = ?", item.seq));
    CONCORD_TRY(open_subject(db, item, acknowledged.now));
    CONCORD_TRY(task.write(tx));
    CONCORD_TRY(tx.append(acknowledged.audit));
    changed = true;
    return {};
  };
  CONCORD_TRY(write(work));
  return changed;
}

Result<void> SqliteStore::keep_unmatched(Unmatched unmatched) {
  const Packed packed = pack(unmatched.bytes);
  const Sha256 digest = sha256(unmatched.bytes);
  return write([&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(const std::int64_t payload,
                   insert_payload(tx.db(), packed, digest, unmatched.content_type));
    CONCORD_TRY(
        tx.db().run("INSERT INTO unmatched (at, destination, item, refers_to, reason, payload) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    unmatched.at, unmatched.destination, unmatched.item, unmatched.refers_to,
                    unmatched.reason, payload));
    return tx.append({unmatched.audit});
  });
}

Result<void> SqliteStore::replay(std::string_view item, Instant now, Instant deadline,
                                 std::optional<TaskChange> task, std::vector<audit::Record> audit) {
  PackedTask change(task, now);
  return write([&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(const Standing found, dead_item(tx.db(), item, change));
    // Its attempts stay on record and go on counting; only the time to give up is new.
    CONCORD_TRY(
        tx.db().run("UPDATE outbox SET state = 0, due_at = NULL, deadline = ?, finished_at = NULL, "
                    "crashes = min(crashes, 1) WHERE seq = ?",
                    deadline, found.seq));
    if (found.subject.empty()) {
      CONCORD_TRY(tx.db().run("UPDATE outbox SET due_at = ? WHERE seq = ?", now, found.seq));
    } else {
      CONCORD_TRY(open_subject(tx.db(), found, now));
    }
    CONCORD_TRY(change.write(tx));
    return tx.append(audit);
  });
}

Result<void> SqliteStore::cancel(std::string_view item, Instant now, std::optional<TaskChange> task,
                                 std::vector<audit::Record> audit) {
  PackedTask change(task, now);
  return write([&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(const Standing found, dead_item(tx.db(), item, change));
    CONCORD_TRY(
        tx.db().run("UPDATE outbox SET state = 6, due_at = NULL, finished_at = ? "
                    "WHERE seq = ?",
                    now, found.seq));
    CONCORD_TRY(open_subject(tx.db(), found, now));
    CONCORD_TRY(change.write(tx));
    return tx.append(audit);
  });
}

Result<bool> SqliteStore::escalate(const Escalation& escalation) {
  std::optional<TaskChange> change;
  if (escalation.task != nullptr) change = *escalation.task;
  PackedTask task(change, escalation.now);
  bool taken = false;
  const auto work = [&](Transaction& tx) -> Result<void> {
    taken = false;
    Connection& db = tx.db();
    const auto item = db.number(
        "SELECT e.item FROM ack_expect e JOIN outbox o ON o.seq = e.item "
        "WHERE o.id = ? AND e.layer = ? AND e.step = ? AND e.next_at <= ?",
        escalation.item, escalation.layer, escalation.expected_step, escalation.now);
    if (!item) return item.error();
    if (!item->has_value()) return {};
    CONCORD_TRY(task.look(db));
    tx.step("escalate");
    CONCORD_TRY(
        db.run("UPDATE ack_expect SET step = step + 1, next_at = ? WHERE item = ? AND layer = ?",
               escalation.next_at, **item, escalation.layer));
    CONCORD_TRY(task.write(tx));
    CONCORD_TRY(tx.append(escalation.audit));
    taken = true;
    return {};
  };
  CONCORD_TRY(write(work));
  return taken;
}

}  // namespace concord::store::sqlite
