#include "gateway/store/postgresql/detail/notices.h"

#include "gateway/store/postgresql/detail/group.h"

namespace concord::store::postgresql {

namespace {

constexpr std::string_view kInsertPayload =
    "INSERT INTO payload (id, digest, content_type, encoding, bytes) "
    "VALUES (nextval('payload_id'), $1, $2, $3, $4)";

constexpr std::string_view kInsertInbox =
    "INSERT INTO inbox (seq, id, door, sender, request_id, message_kind, subject, payload, "
    "received_at, accepted_at, items, decision, answer) VALUES (nextval('inbox_seq'), $1, $2, $3, "
    "$4, $5, $6, currval('payload_id'), $7, $8, $9, $10, $11)";

constexpr std::string_view kInsertItem =
    "INSERT INTO outbox (seq, id, exchange, task, destination, channel, format, purpose, subject, "
    "message_id, interaction, payload, state, attempt, due_at, fence, created_at, deadline, slot, "
    "number) SELECT nextval('outbox_seq'), $1, currval('inbox_seq'), '', $2, $3, $4, $5, $6, $7, "
    "$8, currval('payload_id'), 0, 0, "
    "CASE WHEN $6 = '' OR NOT EXISTS (SELECT 1 FROM outbox o WHERE o.destination = $2 "
    "AND o.subject = $6 AND o.state IN (0, 5)) THEN $9 END, 0, $9, $10, $11, "
    "CASE WHEN $12 THEN 1 + coalesce((SELECT max(o.number) FROM outbox o WHERE o.destination = $2 "
    "AND o.number > 0), 0) ELSE 0 END";

/// The turn of an item's subject; nothing when it has none.
std::optional<std::int64_t> subject_slot(const NewItem& item) {
  if (item.subject.empty()) return std::nullopt;
  return slot_of(subject_question(item.destination, item.subject));
}

}  // namespace

std::vector<PackedNotice> pack_notices(const std::vector<NewExchange>& notices) {
  std::vector<PackedNotice> all;
  all.reserve(notices.size());
  for (const NewExchange& notice : notices) {
    PackedNotice& one = all.emplace_back();
    one.asked = &notice;
    one.payload = sql::pack(notice.payload);
    for (const NewItem& item : notice.items) one.items.push_back(sql::pack(item.bytes));
  }
  return all;
}

std::vector<std::int64_t> turns_of(const std::vector<PackedNotice>& notices) {
  std::vector<std::int64_t> slots;
  for (const PackedNotice& notice : notices) {
    for (const NewItem& item : notice.asked->items) {
      if (item.numbered) slots.push_back(slot_of(subject_question(item.destination, "#number")));
      if (const auto slot = subject_slot(item)) slots.push_back(*slot);
    }
  }
  return slots;
}

void insert(Transaction& tx, const std::vector<PackedNotice>& notices) {
  for (const PackedNotice& notice : notices) {
    tx.step("notice");
    const NewExchange& exchange = *notice.asked;
    tx.later(kInsertPayload, Blob(exchange.digest), exchange.content_type, notice.payload.encoding,
             Blob(notice.payload.bytes));
    tx.later(kInsertInbox, exchange.id, exchange.door, exchange.sender, exchange.request_id,
             exchange.message_kind, exchange.subject, exchange.received_at, exchange.accepted_at,
             exchange.items.size(), Blob(exchange.decision), Blob(exchange.answer));
    for (std::size_t at = 0; at < exchange.items.size(); ++at) {
      const NewItem& item = exchange.items[at];
      const sql::Packed& packed = notice.items[at];
      tx.later(kInsertPayload, Blob(item.digest), item.content_type, packed.encoding,
               Blob(packed.bytes));
      tx.later(kInsertItem, item.id, item.destination, item.channel, item.format, item.purpose,
               item.subject, item.message_id, item.interaction, exchange.accepted_at, item.deadline,
               subject_slot(item), item.numbered);
    }
    tx.append(exchange.audit);
  }
}

}  // namespace concord::store::postgresql
