// Looking for exchanges: the shared SQL on connections for reading.
#include "gateway/store/sqlite/detail/exchanges.h"

#include "gateway/store/sql/exchanges_sql.h"

namespace concord::store::sqlite {
namespace {

class Tables final : public sql::TableRunner {
 public:
  explicit Tables(Connection& db) : db_(&db) {}

  Result<std::vector<std::vector<sql::Value>>> table(
      const sql::Statement& statement, const std::vector<sql::ColumnType>& columns) override {
    std::vector<std::vector<sql::Value>> rows;
    CONCORD_ASSIGN(Query row, db_->query(statement));
    for (;;) {
      CONCORD_ASSIGN(const bool more, row.next());
      if (!more) return rows;
      std::vector<sql::Value>& values = rows.emplace_back();
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const int column = static_cast<int>(i);
        if (columns[i] == sql::ColumnType::text) {
          values.emplace_back(row.text(column));
        } else {
          values.emplace_back(row.integer(column));
        }
      }
    }
  }

 private:
  Connection* db_;
};

}  // namespace

Result<ExchangePage> SqliteExchanges::search(const ExchangeSearch& search) {
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  CONCORD_ASSIGN(const ReadTransaction moment, ReadTransaction::begin(*db));
  Tables tables(*db);
  return sql::find_exchanges(search, sql::kSqlite, tables);
}

Result<std::optional<ExchangeJourney>> SqliteExchanges::journey(std::string_view id) {
  CONCORD_ASSIGN(Readers::Lease db, readers_->take());
  CONCORD_ASSIGN(const ReadTransaction moment, ReadTransaction::begin(*db));
  Tables tables(*db);
  return sql::read_journey(id, sql::kSqlite, tables);
}

}  // namespace concord::store::sqlite
