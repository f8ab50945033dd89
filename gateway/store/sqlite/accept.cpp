// Accepting: idempotency keys and the one commit of an exchange.
#include "gateway/store/sqlite/detail/accept.h"

#include "gateway/store/sqlite/detail/sqlite_store.h"

namespace concord::store::sqlite {

namespace {

/// The exchange one of the keys leads to, by its number.
/// Errors: conflict (other content under a key, or keys of two exchanges).
Result<std::optional<std::int64_t>> known(Connection& db, const std::vector<Key>& keys,
                                          const Sha256& digest) {
  std::optional<std::int64_t> exchange;
  for (const Key& key : keys) {
    CONCORD_ASSIGN(Query row, db.query("SELECT exchange, digest FROM idempotency "
                                       "WHERE scope = ? AND party = ? AND value = ?",
                                       key.scope, key.party, key.value));
    CONCORD_ASSIGN(const bool found, row.next());
    if (!found) continue;
    if (row.view(1) != Blob(digest).bytes) {
      Error error =
          make_error(ErrorCode::conflict,
                     "this " + key.scope + " was used before for a message with other content");
      error.log_detail = "idempotency key of scope " + key.scope;
      return error;
    }
    if (exchange && *exchange != row.integer(0)) {
      return make_error(ErrorCode::conflict,
                        "the identities of this message belong to two earlier messages");
    }
    exchange = row.integer(0);
  }
  return exchange;
}

Result<Earlier> earlier_of(Connection& db, std::int64_t exchange) {
  CONCORD_ASSIGN(Query row, db.query("SELECT id, answer FROM inbox WHERE seq = ?", exchange));
  CONCORD_ASSIGN(const bool found, row.next());
  if (!found) {
    return make_error(ErrorCode::internal, "the store is damaged: a key without its exchange");
  }
  return Earlier{row.text(0), row.text(1)};
}

Result<void> insert_item(Transaction& tx, const NewExchange& exchange, std::int64_t exchange_seq,
                         const NewItem& item, const Packed& packed) {
  Connection& db = tx.db();
  CONCORD_ASSIGN(const std::int64_t payload,
                 insert_payload(db, packed, item.digest, item.content_type));
  std::optional<Instant> due = exchange.accepted_at;
  if (!item.subject.empty()) {
    CONCORD_ASSIGN(const auto ahead,
                   db.number("SELECT seq FROM outbox WHERE destination = ? AND subject = ? "
                             "AND state IN (0, 5) LIMIT 1",
                             item.destination, item.subject));
    if (ahead) due = std::nullopt;
  }
  std::int64_t number = 0;
  if (item.numbered) {
    CONCORD_ASSIGN(const auto last,
                   db.number("SELECT max(number) FROM outbox WHERE destination = ? AND number > 0",
                             item.destination));
    number = last.value_or(0) + 1;
  }
  return db.run(
      "INSERT INTO outbox (id, exchange, task, destination, channel, format, purpose, subject, "
      "message_id, interaction, payload, state, attempt, due_at, fence, created_at, deadline, "
      "number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 0, ?, ?, ?)",
      item.id, exchange_seq, exchange.task.id, item.destination, item.channel, item.format,
      item.purpose, item.subject, item.message_id, item.interaction, payload, due,
      exchange.accepted_at, item.deadline, number);
}

constexpr std::string_view kLineageType = "application/vnd.concord.lineage";

/// The lineage, and those of its tables that are not there yet.
Result<void> insert_lineage(Transaction& tx, const NewExchange& exchange, std::int64_t exchange_seq,
                            const Packed& lineage) {
  if (exchange.lineage.empty()) return {};
  Connection& db = tx.db();
  tx.step("lineage");
  CONCORD_ASSIGN(const std::int64_t payload,
                 insert_payload(db, lineage, sha256(exchange.lineage), kLineageType));
  CONCORD_TRY(
      db.run("INSERT INTO lineage (exchange, payload) VALUES (?, ?)", exchange_seq, payload));
  for (const SharedBytes& table : exchange.lineage_tables) {
    const Blob digest(table.digest);
    CONCORD_ASSIGN(const auto known,
                   db.number("SELECT payload FROM lineage_table WHERE digest = ?", digest));
    if (!known) {
      CONCORD_ASSIGN(const std::int64_t made,
                     insert_payload(db, pack(*table.bytes), table.digest, kLineageType));
      CONCORD_TRY(
          db.run("INSERT INTO lineage_table (digest, payload) VALUES (?, ?)", digest, made));
    }
    CONCORD_TRY(
        db.run("INSERT INTO lineage_uses (exchange, digest) VALUES (?, ?)", exchange_seq, digest));
  }
  return {};
}

/// The Task as the first version of a resource, and whose it is.
Result<void> insert_task(Transaction& tx, const NewExchange& exchange, std::int64_t exchange_seq,
                         const PackedVersion& task) {
  tx.step("task");
  CONCORD_TRY(tx.db().run("INSERT INTO exchange_task (key, exchange, status) VALUES (?, ?, ?)",
                          task.key, exchange_seq, exchange.task.status));
  return add_version(tx, task, CurrentVersion{});
}

Result<void> insert_exchange(Transaction& tx, const PackedExchange& packed) {
  Connection& db = tx.db();
  const NewExchange& exchange = *packed.exchange;
  tx.step("payload");
  CONCORD_ASSIGN(const std::int64_t payload_id,
                 insert_payload(db, packed.payload, exchange.digest, exchange.content_type));
  tx.step("inbox");
  CONCORD_TRY(
      db.run("INSERT INTO inbox (id, door, sender, request_id, message_kind, subject, payload, "
             "received_at, accepted_at, items, decision, answer) "
             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             exchange.id, exchange.door, exchange.sender, exchange.request_id,
             exchange.message_kind, exchange.subject, payload_id, exchange.received_at,
             exchange.accepted_at, static_cast<std::int64_t>(exchange.items.size()),
             Blob(exchange.decision), Blob(exchange.answer)));
  const std::int64_t seq = db.last_id();
  tx.step("keys");
  for (const Key& key : exchange.keys) {
    CONCORD_TRY(
        db.run("INSERT INTO idempotency (scope, party, value, exchange, digest, until) "
               "VALUES (?, ?, ?, ?, ?, ?)",
               key.scope, key.party, key.value, seq, Blob(exchange.digest), exchange.keys_until));
  }
  if (packed.task) CONCORD_TRY(insert_task(tx, exchange, seq, *packed.task));
  for (std::size_t i = 0; i < exchange.items.size(); ++i) {
    tx.step("outbox");
    CONCORD_TRY(insert_item(tx, exchange, seq, exchange.items[i], packed.items[i]));
  }
  CONCORD_TRY(insert_lineage(tx, exchange, seq, packed.lineage));
  return tx.append(exchange.audit);
}

}  // namespace

PackedExchange pack_exchange(const NewExchange& exchange) {
  PackedExchange packed;
  packed.exchange = &exchange;
  packed.payload = pack(exchange.payload);
  packed.lineage = pack(exchange.lineage);
  packed.items.reserve(exchange.items.size());
  for (const NewItem& item : exchange.items) packed.items.push_back(pack(item.bytes));
  const TaskRow& task = exchange.task;
  if (!task.id.empty()) {
    packed.task =
        pack_version("Task", task.id, 0, Change::created, task.updated_at, task.body, task.index);
  }
  packed.notices = pack_exchanges(exchange.notices);
  return packed;
}

std::vector<PackedExchange> pack_exchanges(const std::vector<NewExchange>& exchanges) {
  std::vector<PackedExchange> packed;
  packed.reserve(exchanges.size());
  for (const NewExchange& exchange : exchanges) packed.push_back(pack_exchange(exchange));
  return packed;
}

Result<Committed> insert_unless_known(Transaction& tx, const PackedExchange& packed) {
  const NewExchange& exchange = *packed.exchange;
  tx.step("lookup");
  CONCORD_ASSIGN(const auto before, known(tx.db(), exchange.keys, exchange.digest));
  if (before) {
    CONCORD_ASSIGN(Earlier found, earlier_of(tx.db(), *before));
    return Committed{true, std::move(found.exchange), std::move(found.answer)};
  }
  if (packed.task) {
    CONCORD_ASSIGN(const CurrentVersion task, current_version(tx.db(), *packed.task));
    if (task.version != 0) {
      return make_error(ErrorCode::conflict, "there is already a Task with the id of this one");
    }
  }
  CONCORD_TRY(insert_exchange(tx, packed));
  for (const PackedExchange& notice : packed.notices) {
    tx.step("notice");
    CONCORD_TRY(insert_unless_known(tx, notice));
  }
  return Committed{false, exchange.id, exchange.answer};
}

Result<std::optional<Earlier>> SqliteStore::earlier(const std::vector<Key>& keys,
                                                    const Sha256& digest) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  CONCORD_ASSIGN(const auto exchange, known(*db, keys, digest));
  if (!exchange) return std::optional<Earlier>{};
  CONCORD_ASSIGN(Earlier found, earlier_of(*db, *exchange));
  return std::optional<Earlier>{std::move(found)};
}

Result<Committed> SqliteStore::commit(NewExchange exchange) {
  const PackedExchange packed = pack_exchange(exchange);
  Committed committed;
  CONCORD_TRY(write([&](Transaction& tx) -> Result<void> {
    CONCORD_ASSIGN(committed, insert_unless_known(tx, packed));
    return {};
  }));
  return committed;
}

Result<std::optional<ExchangeRow>> SqliteStore::exchange(std::string_view id) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  ExchangeRow row;
  std::int64_t payload_id = 0;
  {
    CONCORD_ASSIGN(Query found,
                   db->query("SELECT id, door, sender, request_id, message_kind, received_at, "
                             "accepted_at, decision, payload FROM inbox WHERE id = ?",
                             id));
    CONCORD_ASSIGN(const bool any, found.next());
    if (!any) return std::optional<ExchangeRow>{};
    row.id = found.text(0);
    row.door = found.text(1);
    row.sender = found.text(2);
    row.request_id = found.text(3);
    row.message_kind = found.text(4);
    row.received_at = found.instant(5);
    row.accepted_at = found.instant(6);
    row.decision = found.text(7);
    payload_id = found.integer(8);
  }
  CONCORD_ASSIGN(Payload payload, read_payload(*db, payload_id));
  row.payload = std::move(payload.bytes);
  row.content_type = std::move(payload.content_type);
  row.digest = payload.digest;
  return std::optional<ExchangeRow>{std::move(row)};
}

Result<std::optional<TaskRow>> SqliteStore::task(std::string_view id) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  CONCORD_ASSIGN(Query row,
                 db->query("SELECT r.place, r.created_nr, r.type_name, r.id, r.version, r.change, "
                           "r.encoding, r.body, i.id, t.status FROM resource r "
                           "CROSS JOIN exchange_task t ON t.key = r.key "
                           "CROSS JOIN inbox i ON i.seq = t.exchange WHERE r.key = ?",
                           search::resource_hash("Task", id)));
  CONCORD_ASSIGN(const bool found, row.next());
  if (!found || row.view(3) != id) return std::optional<TaskRow>{};
  CONCORD_ASSIGN(ResourceRow read, resource_row(row));
  TaskRow task;
  task.id = std::move(read.id);
  task.exchange = row.text(kResourceColumns);
  task.version = read.version;
  task.status = row.text(kResourceColumns + 1);
  task.body = std::move(read.body);
  task.updated_at = read.updated_at;
  return std::optional<TaskRow>{std::move(task)};
}

Result<std::optional<LineageRow>> SqliteStore::lineage(std::string_view exchange) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  CONCORD_ASSIGN(const auto payload,
                 db->number("SELECT lineage.payload FROM lineage JOIN inbox ON inbox.seq = "
                            "lineage.exchange WHERE inbox.id = ?",
                            exchange));
  if (!payload) return std::optional<LineageRow>{};
  LineageRow row;
  {
    CONCORD_ASSIGN(Payload lineage, read_payload(*db, *payload));
    row.lineage = std::move(lineage.bytes);
  }
  std::vector<std::int64_t> tables;
  {
    CONCORD_ASSIGN(Query found,
                   db->query("SELECT lineage_table.payload FROM lineage_uses "
                             "JOIN lineage_table ON lineage_table.digest = lineage_uses.digest "
                             "JOIN inbox ON inbox.seq = lineage_uses.exchange WHERE inbox.id = ?",
                             exchange));
    for (;;) {
      CONCORD_ASSIGN(const bool more, found.next());
      if (!more) break;
      tables.push_back(found.integer(0));
    }
  }
  for (const std::int64_t id : tables) {
    CONCORD_ASSIGN(Payload table, read_payload(*db, id));
    row.tables.push_back(std::move(table.bytes));
  }
  return std::optional<LineageRow>{std::move(row)};
}

Result<std::size_t> SqliteStore::forget_keys(Instant now, std::size_t limit) {
  std::size_t forgotten = 0;
  const auto work = [&](Transaction& tx) -> Result<void> {
    CONCORD_TRY(
        tx.db().run("DELETE FROM idempotency WHERE (scope, party, value) IN "
                    "(SELECT scope, party, value FROM idempotency WHERE until <= ? LIMIT ?)",
                    now, static_cast<std::int64_t>(limit)));
    forgotten = static_cast<std::size_t>(tx.db().changes());
    return {};
  };
  CONCORD_TRY(write(work));
  return forgotten;
}

}  // namespace concord::store::sqlite
