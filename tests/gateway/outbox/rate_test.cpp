#include "gateway/outbox/rate.h"

#include <gtest/gtest.h>

#include "tests/gateway/samples.h"

namespace concord::test {
namespace {

using outbox::TokenBucket;
using std::chrono::milliseconds;

/// How many begin within a time when somebody asks every millisecond.
int begun(TokenBucket& bucket, Instant from, milliseconds length) {
  int count = 0;
  for (milliseconds past{0}; past < length; ++past) {
    while (bucket.take(from + past)) ++count;
  }
  return count;
}

TEST(TokenBucket, WithoutARateGivesAsManyAsAskedFor) {
  TokenBucket bucket(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(bucket.take(at(0)));
  EXPECT_EQ(bucket.ready_at(at(0)), at(0));
}

TEST(TokenBucket, GivesItsRateAndAtMostATenthOfASecondMore) {
  for (const double rate : {1.0, 5.0, 10.0, 33.0, 1000.0}) {
    TokenBucket bucket(rate);
    const int count = begun(bucket, at(0), milliseconds(10'000));
    EXPECT_GE(count, static_cast<int>(rate * 10)) << rate;
    EXPECT_LE(count, static_cast<int>(rate * 10 + std::max(1.0, rate / 10))) << rate;
  }
}

TEST(TokenBucket, ATimeOfSilenceIsNotSavedUp) {
  TokenBucket bucket(5);
  EXPECT_TRUE(bucket.take(at(0)));
  EXPECT_TRUE(bucket.take(at(3600)));
  EXPECT_FALSE(bucket.take(at(3600)));
}

TEST(TokenBucket, ACapacityOfItsOwnIsABurst) {
  TokenBucket bucket(10, 100);
  EXPECT_EQ(begun(bucket, at(0), milliseconds(1)), 100);
  EXPECT_EQ(begun(bucket, at(1), milliseconds(1)), 10);
  EXPECT_EQ(begun(bucket, at(3600), milliseconds(1)), 100) << "and no more is saved up";
  bucket.set_rate(20);
  EXPECT_EQ(begun(bucket, at(7200), milliseconds(1)), 100);
}

TEST(TokenBucket, SaysWhenTheNextTokenIsThereAndThenItIs) {
  TokenBucket bucket(0.5);
  ASSERT_TRUE(bucket.take(at(0)));
  EXPECT_EQ(bucket.ready_at(at(0)), at(2));
  EXPECT_FALSE(bucket.take(at(2) - milliseconds(1)));
  EXPECT_TRUE(bucket.take(at(2)));
  TokenBucket third(3);
  ASSERT_TRUE(third.take(at(0)));
  const Instant ready = third.ready_at(at(0));
  EXPECT_EQ(ready, at(0) + milliseconds(334));
  EXPECT_TRUE(third.take(ready));
}

TEST(TokenBucket, AClockThatGoesBackGivesNothingTwice) {
  TokenBucket bucket(1);
  ASSERT_TRUE(bucket.take(at(100)));
  EXPECT_FALSE(bucket.take(at(50)));
  EXPECT_FALSE(bucket.take(at(50) + milliseconds(999)));
  EXPECT_TRUE(bucket.take(at(51))) << "it goes on from where the clock is now";
}

TEST(TokenBucket, AnotherRateHoldsFromThenOn) {
  TokenBucket bucket(1);
  ASSERT_TRUE(bucket.take(at(0)));
  bucket.set_rate(1);
  EXPECT_FALSE(bucket.take(at(0))) << "the same rate is no fresh start";
  bucket.set_rate(0);
  EXPECT_TRUE(bucket.take(at(0)));
}

}  // namespace
}  // namespace concord::test
