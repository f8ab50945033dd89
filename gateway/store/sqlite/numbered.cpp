// Items counted for each destination.
#include "gateway/store/sqlite/detail/payloads.h"
#include "gateway/store/sqlite/detail/sqlite_store.h"

namespace concord::store::sqlite {

Result<std::int64_t> SqliteStore::last_number(std::string_view destination) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  CONCORD_ASSIGN(const auto last,
                 db->number("SELECT max(number) FROM outbox WHERE destination = ? AND number > 0",
                            destination));
  return last.value_or(0);
}

Result<std::vector<NumberedItem>> SqliteStore::numbered_items(std::string_view destination,
                                                              std::int64_t from, std::int64_t until,
                                                              std::size_t limit) {
  CONCORD_ASSIGN(Readers::Lease db, readers_.take());
  std::vector<NumberedItem> items;
  std::vector<std::int64_t> payloads;
  {
    CONCORD_ASSIGN(Query row,
                   db->query("SELECT number, id, state, payload, created_at FROM outbox "
                             "WHERE destination = ? AND number > 0 AND number BETWEEN ? AND ? "
                             "ORDER BY number LIMIT ?",
                             destination, from, until, static_cast<std::int64_t>(limit)));
    for (;;) {
      CONCORD_ASSIGN(const bool more, row.next());
      if (!more) break;
      NumberedItem& item = items.emplace_back();
      item.number = row.integer(0);
      item.id = row.text(1);
      item.state = static_cast<ItemState>(row.integer(2));
      payloads.push_back(row.integer(3));
      item.created_at = row.instant(4);
    }
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    CONCORD_ASSIGN(Payload payload, read_payload(*db, payloads[i]));
    items[i].bytes = std::move(payload.bytes);
  }
  return items;
}

}  // namespace concord::store::sqlite
