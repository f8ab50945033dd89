// Delivering: leases with fences, settlements, later acknowledgements, a person's word.
#include <algorithm>

#include "gateway/store/sqlite/detail/accept.h"
#include "gateway/store/sqlite/detail/payloads.h"
#include "gateway/store/sqlite/detail/resource_rows.h"
#include "gateway/store/sqlite/detail/sqlite_store.h"

namespace concord::store::sqlite {

namespace {

constexpr const char* kItemColumns =
    "SELECT o.id, i.id, o.task, o.destination, o.channel, o.format, o.purpose, o.subject, "
    "o.message_id, o.interaction, o.payload, o.state, o.attempt, o.fence, o.created_at, "
    "o.deadline, o.seq, o.number, o.crashes, o.begun, o.leased_by IS NOT NULL FROM outbox o JOIN "
    "inbox i ON i.seq = o.exchange ";

struct ItemRow {
  Item item;
  std::int64_t seq = 0;
  std::int64_t payload = 0;
  bool begun = false;
  bool leased = false;
};

ItemRow item_row(const Query& row) {
  ItemRow read;
  Item& item = read.item;
  item.id = row.text(0);
  item.exchange = row.text(1);
  item.task = row.text(2);
  item.destination = row.text(3);
  item.channel = row.text(4);
  item.format = row.text(5);
  item.purpose = row.text(6);
  item.subject = row.text(7);
  item.message_id = row.text(8);
  item.interaction = row.text(9);
  read.payload = row.integer(10);
  item.state = static_cast<ItemState>(row.integer(11));
  item.attempt = static_cast<std::int32_t>(row.integer(12));
  item.fence = row.integer(13);
  item.created_at = row.instant(14);
  item.deadline = row.instant(15);
  read.seq = row.integer(16);
  item.number = row.integer(17);
  item.crashes = static_cast<std::int32_t>(row.integer(18));
  read.begun = row.integer(19) != 0;
  read.leased = row.integer(20) != 0;
  return read;
}

Result<void> fill_payload(Connection& db, ItemRow& row) {
  CONCORD_ASSIGN(Payload payload, read_payload(db, row.payload));
  row.item.bytes = std::move(payload.bytes);
  row.item.content_type = std::move(payload.content_type);
  row.item.digest = payload.digest;
  return {};
}

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

/// After a restore nothing goes out before a person says so; and nothing to a paused destination.
Result<bool> is_held(Connection& db, std::string_view destination) {
  CONCORD_ASSIGN(const auto held,
                 db.number("SELECT EXISTS (SELECT 1 FROM quarantine WHERE active <> 0) OR EXISTS "
                           "(SELECT 1 FROM destination_pause WHERE destination = ? AND resumed_at "
                           "IS NULL)",
                           destination));
  return held.value_or(0) != 0;
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

Result<void> settle_in(Transaction& tx, const Settlement& settlement, PackedTask& task,
                       const Packed& answer, const Sha256& digest) {
  Connection& db = tx.db();
  CONCORD_ASSIGN(const Standing item, standing(db, settlement.item));
  if (item.fence != settlement.fence || !item.leased || item.state != ItemState::pending) {
    return make_error(ErrorCode::conflict, "the lease of this outbox item is held by another");
  }
  CONCORD_TRY(task.look(db));

  tx.step("attempt");
  if (settlement.attempt) {
    CONCORD_TRY(insert_attempt(db, item, *settlement.attempt, answer, digest));
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
  CONCORD_TRY(task.write(tx));
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

Result<std::vector<Item>> SqliteStore::lease(const LeaseRequest& request) {
  std::vector<ItemRow> rows;
  const auto work = [&](Transaction& tx) -> Result<void> {
    rows.clear();
    tx.step("lease");
    CONCORD_ASSIGN(const bool held, is_held(tx.db(), request.destination));
    if (held) return {};
    static const std::string kDue = std::string(kItemColumns) +
                                    "WHERE o.destination = ? AND o.due_at <= ? "
                                    "ORDER BY o.due_at, o.seq LIMIT ?";
    {
      CONCORD_ASSIGN(Query due, tx.db().query(kDue.c_str(), request.destination, request.now,
                                              static_cast<std::int64_t>(request.limit)));
      for (;;) {
        CONCORD_ASSIGN(const bool more, due.next());
        if (!more) break;
        rows.push_back(item_row(due));
      }
    }
    for (ItemRow& row : rows) {
      Item& item = row.item;
      if (row.leased) item.crashes = row.begun ? item.crashes + 1 : std::max(item.crashes, 1);
      CONCORD_TRY(tx.db().run(
          "UPDATE outbox SET fence = fence + 1, leased_by = ?, due_at = ?, crashes = ?, "
          "begun = 0 WHERE seq = ?",
          request.node, request.until, item.crashes, row.seq));
      ++item.fence;
    }
    return {};
  };
  CONCORD_TRY(write(work));

  std::vector<Item> items;
  if (rows.empty()) return items;
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  for (ItemRow& row : rows) {
    CONCORD_TRY(fill_payload(*db, row));
    items.push_back(std::move(row.item));
  }
  return items;
}

Result<std::optional<Instant>> SqliteStore::next_due(std::string_view destination) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  CONCORD_ASSIGN(const bool held, is_held(*db, destination));
  if (held) return std::optional<Instant>{};
  CONCORD_ASSIGN(
      const auto due,
      db->number("SELECT due_at FROM outbox WHERE destination = ? AND due_at IS NOT NULL "
                 "ORDER BY due_at LIMIT 1",
                 destination));
  if (!due) return std::optional<Instant>{};
  return std::optional<Instant>{from_millis(*due)};
}

Result<std::size_t> SqliteStore::end_leases(const char* sql, std::string_view node, Instant now) {
  std::size_t ended = 0;
  const auto work = [&](Transaction& tx) -> Result<void> {
    CONCORD_TRY(tx.db().run(sql, now, node));
    ended = static_cast<std::size_t>(tx.db().changes());
    return {};
  };
  CONCORD_TRY(write(work));
  return ended;
}

Result<std::size_t> SqliteStore::release(std::string_view node, Instant now) {
  return end_leases("UPDATE outbox SET leased_by = NULL, begun = 0, due_at = ? WHERE leased_by = ?",
                    node, now);
}

Result<std::size_t> SqliteStore::release_unheld(std::string_view node,
                                                const std::vector<std::string>& held, Instant now) {
  std::size_t ended = 0;
  const auto work = [&](Transaction& tx) -> Result<void> {
    std::vector<std::int64_t> unheld;
    {
      CONCORD_ASSIGN(Query leased,
                     tx.db().query("SELECT seq, id FROM outbox WHERE leased_by = ?", node));
      for (;;) {
        CONCORD_ASSIGN(const bool more, leased.next());
        if (!more) break;
        if (std::find(held.begin(), held.end(), leased.text(1)) == held.end()) {
          unheld.push_back(leased.integer(0));
        }
      }
    }
    for (const std::int64_t seq : unheld) {
      CONCORD_TRY(tx.db().run(
          "UPDATE outbox SET leased_by = NULL, begun = 0, due_at = ? WHERE seq = ?", now, seq));
    }
    ended = unheld.size();
    return {};
  };
  CONCORD_TRY(write(work));
  return ended;
}

Result<std::size_t> SqliteStore::recover(std::string_view node, Instant now) {
  return end_leases(
      "UPDATE outbox SET leased_by = NULL, crashes = CASE begun WHEN 1 THEN crashes + 1 ELSE "
      "max(crashes, 1) END, begun = 0, due_at = ? WHERE leased_by = ?",
      node, now);
}

Result<void> SqliteStore::begin(std::string_view item, std::int64_t fence) {
  return write([&](Transaction& tx) -> Result<void> {
    tx.step("begin");
    CONCORD_TRY(
        tx.db().run("UPDATE outbox SET begun = 1 WHERE id = ? AND fence = ? AND state = 0 "
                    "AND leased_by IS NOT NULL",
                    item, fence));
    if (tx.db().changes() == 1) return {};
    return make_error(ErrorCode::conflict, "the lease of this outbox item is held by another");
  });
}

Result<void> SqliteStore::settle(Settlement settlement) {
  Packed answer;
  Sha256 digest{};
  if (settlement.attempt && !settlement.attempt->answer.empty()) {
    answer = pack(settlement.attempt->answer);
    digest = sha256(settlement.attempt->answer);
  }
  PackedTask task(settlement.task, settlement.now);
  return write([&](Transaction& tx) { return settle_in(tx, settlement, task, answer, digest); });
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

Result<std::optional<Item>> SqliteStore::item(std::string_view id) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  ItemRow row;
  {
    static const std::string kById = std::string(kItemColumns) + "WHERE o.id = ?";
    CONCORD_ASSIGN(Query found, db->query(kById.c_str(), id));
    CONCORD_ASSIGN(const bool any, found.next());
    if (!any) return std::optional<Item>{};
    row = item_row(found);
  }
  CONCORD_TRY(fill_payload(*db, row));
  return std::optional<Item>{std::move(row.item)};
}

Result<std::vector<Item>> SqliteStore::items(std::string_view exchange) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  std::vector<ItemRow> rows;
  {
    static const std::string kOfExchange =
        std::string(kItemColumns) +
        "WHERE o.exchange = (SELECT seq FROM inbox WHERE id = ?) ORDER BY o.seq";
    CONCORD_ASSIGN(Query found, db->query(kOfExchange.c_str(), exchange));
    for (;;) {
      CONCORD_ASSIGN(const bool more, found.next());
      if (!more) break;
      rows.push_back(item_row(found));
    }
  }
  std::vector<Item> items;
  for (ItemRow& row : rows) {
    CONCORD_TRY(fill_payload(*db, row));
    items.push_back(std::move(row.item));
  }
  return items;
}

Result<std::optional<Item>> SqliteStore::item_by_message(std::string_view destination,
                                                         std::string_view message_id) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  ItemRow row;
  {
    static const std::string kByMessage =
        std::string(kItemColumns) +
        "WHERE o.destination = ? AND o.message_id = ? ORDER BY o.seq DESC LIMIT 1";
    CONCORD_ASSIGN(Query found, db->query(kByMessage.c_str(), destination, message_id));
    CONCORD_ASSIGN(const bool any, found.next());
    if (!any) return std::optional<Item>{};
    row = item_row(found);
  }
  CONCORD_TRY(fill_payload(*db, row));
  return std::optional<Item>{std::move(row.item)};
}

Result<std::vector<Attempt>> SqliteStore::attempts(std::string_view item) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  std::vector<Attempt> attempts;
  std::vector<std::int64_t> payloads;
  {
    CONCORD_ASSIGN(
        Query row,
        db->query("SELECT a.started_at, a.ended_at, a.result, a.peer_code, "
                  "coalesce(a.payload, 0) FROM attempt a JOIN outbox o ON o.seq = a.item "
                  "WHERE o.id = ? ORDER BY a.n",
                  item));
    for (;;) {
      CONCORD_ASSIGN(const bool more, row.next());
      if (!more) break;
      Attempt attempt;
      attempt.started_at = row.instant(0);
      attempt.ended_at = row.instant(1);
      attempt.result = row.text(2);
      attempt.peer_code = static_cast<std::int32_t>(row.integer(3));
      attempts.push_back(std::move(attempt));
      payloads.push_back(row.integer(4));
    }
  }
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    if (payloads[i] == 0) continue;
    CONCORD_ASSIGN(Payload payload, read_payload(*db, payloads[i]));
    attempts[i].answer = std::move(payload.bytes);
    attempts[i].answer_type = std::move(payload.content_type);
  }
  return attempts;
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
