#pragma once
/// Rows of exchanges and items as both the search and the journey read them.

#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/sql/exchanges_sql.h"

namespace concord::store::sql {

using Row = std::vector<Value>;
using Table = std::vector<Row>;

inline std::int64_t integer(const Row& row, std::size_t column) {
  return std::get<std::int64_t>(row[column]);
}
inline const std::string& text(const Row& row, std::size_t column) {
  return std::get<std::string>(row[column]);
}
inline Instant instant(const Row& row, std::size_t column) {
  return Instant{std::chrono::milliseconds{integer(row, column)}};
}
/// 0 stands for none.
inline std::optional<Instant> maybe_instant(const Row& row, std::size_t column) {
  if (integer(row, column) == 0) return std::nullopt;
  return instant(row, column);
}
inline std::int64_t millis(Instant at) { return at.time_since_epoch().count(); }

/// "iitt": the columns of a statement, i an integer and t a text.
std::vector<ColumnType> columns(std::string_view letters);

/// Columns of FoundExchange behind inbox.seq, with alias i.
inline constexpr std::string_view kExchangeColumns =
    "i.seq, i.id, i.door, i.sender, i.request_id, i.message_kind, i.subject, i.received_at, "
    "i.accepted_at";
inline constexpr std::string_view kExchangeTypes = "ittttttii";
FoundExchange exchange_at(const Row& row);

/// Columns of FoundItem behind outbox.exchange and outbox.seq, with aliases o and d (dead).
inline constexpr std::string_view kItemColumns =
    "o.exchange, o.seq, o.id, o.task, o.destination, o.message_id, o.state, o.attempt, "
    "coalesce(o.due_at, 0), coalesce(o.leased_by, ''), o.created_at, o.deadline, "
    "coalesce(o.finished_at, 0), coalesce(d.reason_class, ''), coalesce(d.reason, ''), "
    "coalesce(d.owner, ''), coalesce(d.due_at, 0), coalesce(d.at, 0)";
inline constexpr std::string_view kItemTypes = "iittttiiitiiitttii";
FoundItem item_at(const Row& row);

}  // namespace concord::store::sql
