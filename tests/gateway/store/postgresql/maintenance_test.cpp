// What an operator does to a store in a database: schema state, quarantine.
#include "gateway/store/postgresql/maintenance.h"

#include "tests/gateway/store/postgresql/fixture.h"

namespace concord::test {
namespace {

namespace database = store::postgresql;

using Maintenance = PostgresqlStoreTest;

TEST_F(Maintenance, ADatabaseWithoutAStoreLacksEveryMigration) {
  const auto empty = database::schema_state(options());
  ASSERT_THAT(empty, IsOk());
  EXPECT_EQ(empty->version, 0);
  EXPECT_EQ(empty->known, database::schema_version());
  ASSERT_FALSE(empty->pending.empty());
  EXPECT_EQ(empty->pending.front(), "0001_exchange.sql");
  EXPECT_THAT(database::inspect(options()), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(database::end_quarantine(options(), clock_.now()), FailsWith(ErrorCode::not_found));

  ASSERT_NE(open(), nullptr);
  const auto made = database::schema_state(options());
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->version, database::schema_version());
  EXPECT_TRUE(made->pending.empty());
}

TEST_F(Maintenance, AQuarantineHoldsEveryDeliveryUntilItEndsAndBothAreAudited) {
  const auto store = open();
  ASSERT_THAT(store->commit(sample_exchange("a")), IsOk());
  const auto links = number("SELECT count(*) FROM audit");

  const auto begun = database::begin_quarantine(options(), clock_.now());
  ASSERT_THAT(begun, IsOk());
  EXPECT_TRUE(*begun);
  EXPECT_FALSE(*database::begin_quarantine(options(), clock_.now())) << "it was so already";
  EXPECT_TRUE(*(*database::inspect(options()))->in_quarantine());
  EXPECT_TRUE(store->lease(sample_lease("spine", at(1)))->empty());
  EXPECT_FALSE(store->next_due("spine")->has_value());
  EXPECT_THAT(store->commit(sample_exchange("b")), IsOk()) << "messages are still taken in";

  EXPECT_TRUE(*database::end_quarantine(options(), clock_.now()));
  EXPECT_FALSE(*database::end_quarantine(options(), clock_.now()));
  EXPECT_FALSE(*(*database::inspect(options()))->in_quarantine());
  EXPECT_EQ(store->lease(sample_lease("spine", at(1)))->size(), 2u);
  EXPECT_EQ(number("SELECT count(*) FROM audit WHERE body LIKE '%quarantine%'"), 2);
  EXPECT_EQ(number("SELECT count(*) FROM audit"), links + 4) << "two of the message, two of it";
  expect_whole(*store);
}

TEST_F(Maintenance, AStoreOfAnotherSchemaIsLeftAlone) {
  ASSERT_NE(open(), nullptr);
  execute("INSERT INTO migration VALUES (9999, 'later', '', 0)");
  EXPECT_THAT(database::schema_state(options()), FailsWith(ErrorCode::conflict));
  EXPECT_THAT(database::inspect(options()), FailsWith(ErrorCode::conflict));
  EXPECT_THAT(database::begin_quarantine(options(), clock_.now()), FailsWith(ErrorCode::conflict));
  EXPECT_EQ(number("SELECT active FROM quarantine"), 0);
}

}  // namespace
}  // namespace concord::test
