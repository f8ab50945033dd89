// Looking for exchanges: the shared SQL on connections for reading.
#include "gateway/store/postgresql/detail/exchanges.h"

#include "gateway/store/postgresql/detail/values_of.h"
#include "gateway/store/sql/exchanges_sql.h"

namespace concord::store::postgresql {
namespace {

/// All statements of one look see the same moment.
constexpr std::string_view kOneMoment = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

class Tables final : public sql::TableRunner {
 public:
  explicit Tables(Connection& db) : db_(&db) {}

  Result<std::vector<std::vector<sql::Value>>> table(
      const sql::Statement& statement, const std::vector<sql::ColumnType>& columns) override {
    Batch batch;
    batch.add_values(statement.text, values_of(statement));
    CONCORD_ASSIGN(const std::vector<Rows> results, db_->run(batch));
    const Rows& found = results.front();
    std::vector<std::vector<sql::Value>> rows;
    for (int row = 0; row < found.size(); ++row) {
      std::vector<sql::Value>& values = rows.emplace_back();
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const int column = static_cast<int>(i);
        if (columns[i] == sql::ColumnType::text) {
          values.emplace_back(found.text(row, column));
        } else {
          values.emplace_back(found.integer(row, column));
        }
      }
    }
    return rows;
  }

 private:
  Connection* db_;
};

}  // namespace

Result<ExchangePage> PostgresqlExchanges::search(const ExchangeSearch& search) {
  return readers_->with<ExchangePage>(kOneMoment, [&](Connection& db) {
    Tables tables(db);
    return sql::find_exchanges(search, sql::kPostgresql, tables);
  });
}

Result<std::optional<ExchangeJourney>> PostgresqlExchanges::journey(std::string_view id) {
  using Found = std::optional<ExchangeJourney>;
  return readers_->with<Found>(kOneMoment, [&](Connection& db) {
    Tables tables(db);
    return sql::read_journey(id, sql::kPostgresql, tables);
  });
}

}  // namespace concord::store::postgresql
