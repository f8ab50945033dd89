#include <gtest/gtest.h>

#include "gateway/audit/verify.h"
#include "tests/gateway/samples.h"
#include "tests/support/result_matchers.h"

namespace concord::audit {
namespace {

using test::at;

Record record(const std::string& name) {
  return {Event::exchange_accepted, at(1), "exchange-" + name, "", "X99001", "ab12", ""};
}

/// A chain in memory that tests may spoil.
class ChainTest : public testing::Test {
 protected:
  void SetUp() override {
    Sha256 previous = genesis();
    for (int i = 1; i <= 5; ++i) {
      links_.push_back(make_link(record(std::to_string(i)), i, previous));
      previous = links_.back().hash;
    }
    head_ = {5, previous};
  }

  Verdict walk() {
    auto verdict = verify(
        [this](std::int64_t after, std::size_t limit) -> Result<std::vector<Link>> {
          std::vector<Link> some;
          for (const Link& link : links_) {
            if (link.sequence > after && some.size() < std::min<std::size_t>(limit, 2)) {
              some.push_back(link);
            }
          }
          return some;
        },
        head_);
    EXPECT_THAT(verdict, IsOk());
    return *verdict;
  }

  std::vector<Link> links_;
  Head head_;
};

TEST(Record, CanonicalTextNamesEveryFieldOnALineOfItsOwn) {
  const Record full{
      Event::item_retried, at(0) + std::chrono::milliseconds(250), "e1", "i1", "node", "00ff",
      "transient 503"};
  EXPECT_EQ(canonical(full, 7),
            "concord-audit 1\nsequence 7\nat 2026-09-21T14:13:20.250Z\nevent item.retried\n"
            "exchange e1\nitem i1\nactor node\ndigest 00ff\ndetail transient 503\n");
}

TEST(Record, EmptyFieldsAreLeftOut) {
  EXPECT_EQ(canonical({Event::store_migrated, at(0), "", "", "", "", ""}, 1),
            "concord-audit 1\nsequence 1\nat 2026-09-21T14:13:20Z\nevent store.migrated\n");
}

TEST(Record, ALineFeedInAValueCannotForgeAnotherField) {
  const Record forged{Event::exchange_accepted, at(0), "e1\nitem i9", "", "", "", ""};
  const Record honest{Event::exchange_accepted, at(0), "e1", "i9", "", "", ""};
  EXPECT_NE(canonical(forged, 1), canonical(honest, 1));
  EXPECT_NE(canonical(forged, 1).find("exchange e1%0Aitem i9\n"), std::string::npos);
  const Record escaped{Event::exchange_accepted, at(0), "e1%0Aitem i9", "", "", "", ""};
  EXPECT_NE(canonical(forged, 1), canonical(escaped, 1));
}

TEST(Record, TextThatIsNoRecordHasNoSequence) {
  EXPECT_THAT(sequence_of(""), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(sequence_of("concord-audit 1\nsequence \n"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(sequence_of("concord-audit 2\nsequence 1\n"), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(sequence_of("concord-audit 1\nsequence 99999999999999999999\n"),
              FailsWith(ErrorCode::malformed));
}

TEST_F(ChainTest, AWholeChainHolds) {
  const Verdict verdict = walk();
  EXPECT_FALSE(verdict.broken.has_value());
  EXPECT_EQ(verdict.links, 5);
  EXPECT_EQ(verdict.head, head_.hash);
}

TEST_F(ChainTest, AnEmptyChainHolds) {
  links_.clear();
  head_ = {};
  EXPECT_FALSE(walk().broken.has_value());
}

TEST_F(ChainTest, AChangedRecordIsTampered) {
  links_[2].body.replace(links_[2].body.find("exchange-3"), 10, "exchange-9");
  const Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, Fault::tampered);
  EXPECT_EQ(verdict.broken->sequence, 3);
  EXPECT_EQ(verdict.links, 2);
}

TEST_F(ChainTest, AChangedRecordWithAFreshHashBreaksAtTheNext) {
  links_[2] = make_link(record("forged"), 3, links_[1].hash);
  const Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, Fault::tampered);
  EXPECT_EQ(verdict.broken->sequence, 4);
}

TEST_F(ChainTest, ARewrittenTailDoesNotMeetTheHead) {
  links_[4] = make_link(record("forged"), 5, links_[3].hash);
  const Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, Fault::truncated);
}

TEST_F(ChainTest, AMissingRecordIsNamed) {
  links_.erase(links_.begin() + 2);
  const Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, Fault::missing);
  EXPECT_EQ(verdict.broken->sequence, 3);
  EXPECT_EQ(verdict.broken->text, "record 3 is missing");
}

TEST_F(ChainTest, AMissingFirstRecordIsNamed) {
  links_.erase(links_.begin());
  const Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, Fault::missing);
  EXPECT_EQ(verdict.broken->sequence, 1);
}

TEST_F(ChainTest, SwappedRecordsAreReordered) {
  std::swap(links_[1].body, links_[2].body);
  std::swap(links_[1].hash, links_[2].hash);
  const Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, Fault::reordered);
  EXPECT_EQ(verdict.broken->sequence, 2);
  EXPECT_EQ(verdict.broken->text, "record 3 stands where record 2 belongs");
}

TEST_F(ChainTest, ACutTailIsTruncated) {
  links_.resize(3);
  const Verdict verdict = walk();
  ASSERT_TRUE(verdict.broken.has_value());
  EXPECT_EQ(verdict.broken->fault, Fault::truncated);
  EXPECT_EQ(verdict.broken->sequence, 4);
  EXPECT_EQ(verdict.links, 3);
}

TEST_F(ChainTest, ACutTailWithItsHeadMovedBackShowsAgainstAHeadKeptElsewhere) {
  links_.resize(3);
  const Verdict verdict = walk();  // head_ is the one an operator wrote down
  EXPECT_TRUE(verdict.broken.has_value());
}

TEST_F(ChainTest, LinksAppendedAfterTheHeadWasReadAreWalkedToo) {
  links_.push_back(make_link(record("later"), 6, links_.back().hash));
  const Verdict verdict = walk();
  EXPECT_FALSE(verdict.broken.has_value());
  EXPECT_EQ(verdict.links, 6);
}

TEST_F(ChainTest, AnErrorOfTheSourceIsAnErrorNotABreak) {
  EXPECT_THAT(verify(
                  [](std::int64_t, std::size_t) -> Result<std::vector<Link>> {
                    return make_error(ErrorCode::transient, "no");
                  },
                  head_),
              FailsWith(ErrorCode::transient));
}

}  // namespace
}  // namespace concord::audit
