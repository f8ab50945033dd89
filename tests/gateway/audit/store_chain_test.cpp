// The chain as it stands in a real store, spoilt behind the store's back.
#include "tests/gateway/store/fixture.h"

namespace concord::test {
namespace {

class StoreChain : public SqliteStoreTest {
 protected:
  void SetUp() override {
    const auto store = open();
    migrations_ = store->audit_head()->sequence;
    links_ = migrations_ + 8;
    for (int i = 0; i < 4; ++i) {
      ASSERT_THAT(store->commit(sample_exchange(std::to_string(i))), IsOk());
    }
    migrations_ = number("SELECT count(*) FROM migration");
    links_ = migrations_ + 8;
  }
  /// A record for each migration, then two for each exchange.
  std::int64_t migrations_ = 0;
  std::int64_t links_ = 0;

  audit::Verdict walk() {
    store::sqlite::Options with = options();
    with.read_only = true;
    const auto verdict = store::verify_audit(*open(with));
    EXPECT_THAT(verdict, IsOk());
    return *verdict;
  }
};

TEST_F(StoreChain, IsWholeAfterHonestWork) {
  const audit::Verdict verdict = walk();
  EXPECT_FALSE(verdict.broken.has_value());
  EXPECT_EQ(verdict.links, links_);
}

TEST_F(StoreChain, GoesOnWhereItEndedWhenTheStoreIsOpenedAgain) {
  ASSERT_THAT(open()->commit(sample_exchange("later")), IsOk());
  const audit::Verdict verdict = walk();
  EXPECT_FALSE(verdict.broken.has_value());
  EXPECT_EQ(verdict.links, links_ + 2);
}

TEST_F(StoreChain, AnEditedRecordIsFound) {
  execute("UPDATE audit SET body = replace(body, 'exchange-1', 'exchange-7') WHERE seq = " +
          std::to_string(migrations_ + 3));
  const audit::Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, audit::Fault::tampered);
  EXPECT_EQ(verdict.broken->sequence, migrations_ + 3);
}

TEST_F(StoreChain, AnEditedHashIsFound) {
  execute("UPDATE audit SET hash = x'00' WHERE seq = 4");
  EXPECT_EQ(walk().broken->fault, audit::Fault::tampered);
}

TEST_F(StoreChain, ADeletedRecordIsFound) {
  execute("DELETE FROM audit WHERE seq = 5");
  const audit::Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, audit::Fault::missing);
  EXPECT_EQ(verdict.broken->sequence, 5);
}

TEST_F(StoreChain, ARenumberedRecordIsFound) {
  execute("DELETE FROM audit WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 6");
  const audit::Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, audit::Fault::reordered);
  EXPECT_EQ(verdict.broken->sequence, 5);
}

TEST_F(StoreChain, ACutTailIsFound) {
  execute("DELETE FROM audit WHERE seq > 6");
  const audit::Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, audit::Fault::truncated);
  EXPECT_EQ(verdict.broken->sequence, 7);
}

TEST_F(StoreChain, HoldsNothingOfTheMessage) {
  store::NewExchange exchange = sample_exchange("x");
  exchange.payload = "CANARY-PAYLOAD";
  exchange.digest = sha256(exchange.payload);
  ASSERT_THAT(open()->commit(exchange), IsOk());
  EXPECT_EQ(number("SELECT count(*) FROM audit WHERE body LIKE '%CANARY%'"), 0);
}

}  // namespace
}  // namespace concord::test
