// Delivering: leases with fences, and items as they are read.
#include <algorithm>

#include "gateway/store/sqlite/detail/payloads.h"
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

/// After a restore nothing goes out before a person says so; and nothing to a paused destination.
Result<bool> is_held(Connection& db, std::string_view destination) {
  CONCORD_ASSIGN(const auto held,
                 db.number("SELECT EXISTS (SELECT 1 FROM quarantine WHERE active <> 0) OR EXISTS "
                           "(SELECT 1 FROM destination_pause WHERE destination = ? AND resumed_at "
                           "IS NULL)",
                           destination));
  return held.value_or(0) != 0;
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

}  // namespace concord::store::sqlite
