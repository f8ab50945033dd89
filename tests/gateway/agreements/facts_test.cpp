#include "gateway/agreements/facts.h"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.h"

namespace concord::agreements {
namespace {

TEST(Facts, ValuesAreKeptAsWrittenWhenTheyAreOfTheirType) {
  Facts facts;
  EXPECT_THAT(facts.set("months_since_review", "14"), IsOk());
  EXPECT_THAT(facts.set("pharmacy_active", "true"), IsOk());
  EXPECT_THAT(facts.set("review_due_on", "2026-02-28"), IsOk());
  EXPECT_THAT(facts.values(), testing::ElementsAre(testing::Pair("months_since_review", "14"),
                                                   testing::Pair("pharmacy_active", "true"),
                                                   testing::Pair("review_due_on", "2026-02-28")));
}

TEST(Facts, UnknownNameIsNotFound) {
  Facts facts;
  EXPECT_THAT(facts.set("months_since_reveiw", "14"), FailsWith(ErrorCode::not_found));
  EXPECT_TRUE(facts.empty());
}

TEST(Facts, ValueOfAnotherTypeIsInvalid) {
  Facts facts;
  EXPECT_THAT(facts.set("months_since_review", "14.5"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(facts.set("months_since_review", ""), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(facts.set("months_since_review", "99999999999"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(facts.set("pharmacy_active", "yes"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(facts.set("review_due_on", "2026-02-29"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(facts.set("nominated_pharmacy", ""), FailsWith(ErrorCode::invalid));
  EXPECT_TRUE(facts.empty());
}

TEST(Facts, CatalogueIsSortedAndFindsItsOwn) {
  for (const FactKind& kind : fact_catalogue()) EXPECT_EQ(find_fact(kind.name), &kind);
  EXPECT_EQ(find_fact("zzz"), nullptr);
}

}  // namespace
}  // namespace concord::agreements
