#pragma once
/// Exchanges as people look for them, over PostgreSQL: the shared SQL on connections for reading.

#include "gateway/store/exchanges.h"
#include "gateway/store/postgresql/detail/pool.h"

namespace concord::store::postgresql {

class PostgresqlExchanges final : public Exchanges {
 public:
  explicit PostgresqlExchanges(Pool& readers) : readers_(&readers) {}

  Result<ExchangePage> search(const ExchangeSearch& search) override;
  Result<std::optional<ExchangeJourney>> journey(std::string_view id) override;

 private:
  Pool* readers_;
};

}  // namespace concord::store::postgresql
