// The lineage of an exchange is kept with it; the tables it names stand once.

#include <gmock/gmock.h>

#include "tests/gateway/store/stores.h"

namespace concord::test {
namespace {

using KeptLineage = StoreTest;

store::NewExchange traced(const std::string& name, const std::string& table) {
  store::NewExchange exchange = sample_exchange(name);
  exchange.lineage = "lineage of " + name + std::string(2000, '.');
  exchange.lineage_tables = {{sha256(table), std::make_shared<const std::string>(table)}};
  return exchange;
}

TEST_P(KeptLineage, IsReadBackWithItsTables) {
  const auto store = open();
  const store::NewExchange given = traced("a", "rules 1");
  ASSERT_THAT(store->commit(given), IsOk());
  const auto kept = store->lineage(given.id);
  ASSERT_THAT(kept, IsOk());
  ASSERT_TRUE(kept->has_value());
  EXPECT_EQ((*kept)->lineage, given.lineage);
  EXPECT_THAT((*kept)->tables, testing::ElementsAre("rules 1"));
  expect_whole(*store);
}

TEST_P(KeptLineage, TablesOfOneVersionStandOnce) {
  const auto store = open();
  for (const char* name : {"a", "b", "c"})
    ASSERT_THAT(store->commit(traced(name, "rules 1")), IsOk());
  ASSERT_THAT(store->commit(traced("d", "rules 2")), IsOk());
  EXPECT_EQ(number("SELECT count(*) FROM lineage_table"), 2);
  EXPECT_EQ(number("SELECT count(*) FROM lineage"), 4);
  EXPECT_THAT((*store->lineage("exchange-d"))->tables, testing::ElementsAre("rules 2"));
}

TEST_P(KeptLineage, OfAnExchangeWithoutOneOrNoneIsNothing) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
  EXPECT_FALSE(store->lineage("exchange-a")->has_value());
  EXPECT_FALSE(store->lineage("exchange-z")->has_value());
}

TEST_P(KeptLineage, OfARepeatedMessageIsTheFirstOne) {
  const auto store = open();
  ASSERT_THAT(store->commit(traced("a", "rules 1")), IsOk());
  store::NewExchange again = traced("a", "rules 2");
  again.id = "exchange-other";
  const auto committed = store->commit(again);
  ASSERT_THAT(committed, IsOk());
  EXPECT_TRUE(committed->replayed);
  EXPECT_EQ(number("SELECT count(*) FROM lineage_table"), 1);
}

CONCORD_ON_EVERY_STORE(KeptLineage);

}  // namespace
}  // namespace concord::test
