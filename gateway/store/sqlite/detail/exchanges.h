#pragma once
/// Exchanges as people look for them, over SQLite: the shared SQL on connections for reading.

#include "gateway/store/exchanges.h"
#include "gateway/store/sqlite/detail/readers.h"

namespace concord::store::sqlite {

class SqliteExchanges final : public Exchanges {
 public:
  explicit SqliteExchanges(Readers& readers) : readers_(&readers) {}

  Result<ExchangePage> search(const ExchangeSearch& search) override;
  Result<std::optional<ExchangeJourney>> journey(std::string_view id) override;

 private:
  Readers* readers_;
};

}  // namespace concord::store::sqlite
