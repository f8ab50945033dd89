// The server commits and its answer never arrives. Source: DEL-04 of reliability.md.
#include "tests/gateway/store/postgresql/between.h"
#include "tests/gateway/store/postgresql/fixture.h"

namespace concord::test {
namespace {

class AnswerLost : public PostgresqlStoreTest {
 protected:
  void SetUp() override {
    PostgresqlStoreTest::SetUp();
    if (cluster_ == nullptr) return;
    between_ = std::make_unique<Between>(cluster_->folder());
    auto with = options();
    const std::string database = database_.substr(database_.rfind(' '));
    with.connection = "host=" + between_->host() + " port=5432 user=concord" + database;
    with.on_step = [this](std::string_view step) {
      if (step == "commit" && armed_.exchange(false)) between_->swallow_next_answer();
    };
    store_ = open(with);
  }
  void TearDown() override { store_.reset(); }

  std::unique_ptr<Between> between_;
  std::unique_ptr<store::Store> store_;
  std::atomic<bool> armed_ = false;
};

TEST_F(AnswerLost, OfAnExchangeIsFoundOutAndItIsStoredOnce) {
  ASSERT_THAT(store_->commit(sample_exchange("warm")), IsOk());
  armed_ = true;
  const auto committed = store_->commit(sample_exchange("a"));
  EXPECT_TRUE(between_->swallowed());
  ASSERT_THAT(committed, IsOk());
  EXPECT_FALSE(committed->replayed);
  EXPECT_EQ(committed->answer, "answer of a");
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 2);
  expect_whole(*store_);
}

TEST_F(AnswerLost, OfASettlementIsFoundOutAndItIsRecordedOnce) {
  ASSERT_THAT(store_->commit(sample_exchange("a")), IsOk());
  const auto items = store_->lease(sample_lease("spine", at(1)));
  ASSERT_THAT(items, IsOk());
  ASSERT_EQ(items->size(), 1u);
  armed_ = true;
  EXPECT_THAT(
      store_->settle(sample_settlement((*items)[0], store::ItemState::acked_business, at(2))),
      IsOk());
  EXPECT_TRUE(between_->swallowed());
  EXPECT_EQ(number("SELECT count(*) FROM attempt"), 1);
  expect_whole(*store_);
}

TEST_F(AnswerLost, OfSettlementsThatShareATransactionIsFoundOutAndEachIsRecordedOnce) {
  for (const char* const name : {"a", "b"}) {
    ASSERT_THAT(store_->commit(sample_exchange(name)), IsOk());
  }
  const auto items = store_->lease(sample_lease("spine", at(1), 2));
  ASSERT_THAT(items, IsOk());
  ASSERT_EQ(items->size(), 2u);
  store::Settlement zombie =
      sample_settlement((*items)[0], store::ItemState::acked_business, at(2));
  zombie.fence = 0;
  armed_ = true;

  const auto results = store_->settle_all(
      {sample_settlement((*items)[0], store::ItemState::acked_business, at(2)), zombie,
       sample_settlement((*items)[1], store::ItemState::acked_business, at(2))});

  EXPECT_TRUE(between_->swallowed());
  ASSERT_EQ(results.size(), 3u);
  EXPECT_THAT(results[0], IsOk());
  EXPECT_THAT(results[1], FailsWith(ErrorCode::conflict));
  EXPECT_THAT(results[2], IsOk());
  EXPECT_EQ(number("SELECT count(*) FROM attempt"), 2);
  expect_whole(*store_);
}

TEST_F(AnswerLost, OfAResourceIsFoundOutAndThereIsOneVersion) {
  store::ResourceWrite write;
  write.type = "Patient";
  write.id = "p";
  write.updated_at = at(1);
  write.body = "{}";
  store::ResourceChanges changes;
  changes.writes.push_back(write);
  armed_ = true;
  const auto written = store_->resources().write(changes);
  EXPECT_TRUE(between_->swallowed());
  ASSERT_THAT(written, IsOk());
  EXPECT_EQ(written->end, store::ResourcesWritten::End::done);
  EXPECT_EQ(number("SELECT max(version) FROM resource"), 1);
}

}  // namespace
}  // namespace concord::test
