// An other side that does not behave: reliability.md sections 2.3 and 2.4.

#include <gmock/gmock.h>

#include <set>

#include "tests/e2e/world.h"
#include "tests/support/prescriptions.h"

namespace concord::test {
namespace {

using testing::AnyOf;
using testing::SizeIs;

class OtherSideThat : public testing::Test {
 protected:
  World world;
  const Prescription order = renewed(example_prescription(), "other-side", 1);

  /// Sends the order while the other side behaves like that; the Task at the end.
  std::string task_while(std::string_view behaviour, std::vector<std::string_view> wanted) {
    world.other_side().behave(behaviour);
    const HttpAnswer answer = world.process(order.bundle);
    EXPECT_EQ(answer.status, 202) << answer.body;
    if (answer.status != 202) return {};
    return world.task_when(answer.headers.at("location"), std::move(wanted));
  }

  void expect_one_message() {
    std::set<std::string> ids, digests;
    for (const auto& arrival : world.other_side().arrivals()) {
      ids.insert(arrival.message_id);
      digests.insert(arrival.digest);
      EXPECT_THAT(arrival.kind, AnyOf("new", "repeat"));
    }
    EXPECT_THAT(ids, SizeIs(1));
    EXPECT_THAT(digests, SizeIs(1));
    EXPECT_EQ(world.metric("concord_messages_unaccounted"), 0);
  }
};

TEST_F(OtherSideThat, IsSlowStillGetsTheMessageOnce) {
  const std::string task = task_while("delay_ms=700&for=1", {"completed"});
  EXPECT_EQ(first_string(task, "status"), "completed");
  expect_one_message();
}

TEST_F(OtherSideThat, RefusesWith503GetsItAgainWithTheSameIdentity) {
  const std::string task = task_while("http=503&for=3", {"completed"});
  EXPECT_EQ(first_string(task, "status"), "completed");
  expect_one_message();
}

TEST_F(OtherSideThat, HangsUpBeforeTakingItGetsItAgain) {
  const std::string task = task_while("drop=before&for=2", {"completed"});
  EXPECT_EQ(first_string(task, "status"), "completed");
  expect_one_message();
}

TEST_F(OtherSideThat, HangsUpAfterTakingItSeesTheSameBytesAgain) {
  const std::string task = task_while("drop=after&for=1", {"completed"});
  EXPECT_EQ(first_string(task, "status"), "completed");
  EXPECT_GE(world.other_side().arrivals().size(), 2u);
  expect_one_message();
}

TEST_F(OtherSideThat, AnswersTwiceIsHeardOnce) {
  const std::string task = task_while("twice=1&for=1", {"completed"});
  EXPECT_EQ(first_string(task, "status"), "completed");
  expect_one_message();
}

TEST_F(OtherSideThat, SaysNoEndsTheTaskWithItsReasonAndIsNotAskedAgain) {
  const std::string task =
      task_while("ack=AE:0002:Duplicate prescription ID exists", {"rejected", "failed"});
  EXPECT_THAT(first_string(task, "status"), AnyOf("rejected", "failed")) << task;
  expect_one_message();
  EXPECT_THAT(world.other_side().arrivals(), SizeIs(1));
}

TEST_F(OtherSideThat, IsAwayLeavesTheMessagePendingUntilItIsBack) {
  world.other_side().behave("http=503");
  const HttpAnswer answer = world.process(order.bundle);
  ASSERT_EQ(answer.status, 202);
  EXPECT_EQ(world.metric("concord_messages{state=\"pending\"}"), 1);
  world.other_side().behave("");
  const std::string task = world.task_when(answer.headers.at("location"), {"completed"});
  EXPECT_EQ(first_string(task, "status"), "completed");
  expect_one_message();
}

}  // namespace
}  // namespace concord::test
