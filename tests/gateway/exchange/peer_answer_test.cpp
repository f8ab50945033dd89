// What the other side said, for the one who asked: pending, given, given up, and always the same.
#include <thread>

#include "tests/gateway/exchange/fixture.h"

namespace concord::test {
namespace {

using exchange::Announcements;
using exchange::PeerAnswer;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// "plain" that reads answers: an OperationOutcome with one new identity in it.
class ReadingMapper final : public mappers::Mapper {
 public:
  std::string_view name() const override { return "plain"; }
  bool recognises(const tree::Document& resource) const override {
    return resource.text(resource.root().type()) == "Task";
  }
  mappers::Recognised recognise(const tree::Document& resource) const override {
    if (!recognises(resource)) return {};
    return {"return", nullptr};
  }
  Result<mappers::Encoded> encode(const tree::Document& message,
                                  const mappers::Parameters& parameters,
                                  mapping::TraceSink* trace) const override {
    return plain_.encode(message, parameters, trace);
  }
  Result<mappers::Decoded> decode(std::string_view bytes, std::string_view,
                                  const mappers::Parameters& parameters,
                                  mapping::TraceSink*) const override {
    if (bytes == "garbage") return make_error(ErrorCode::malformed, "garbage");
    mappers::Decoded decoded;
    decoded.status = 400;
    auto outcome = json::read(R"({"resourceType":"OperationOutcome","id":")" + parameters.uuids() +
                                  R"(","language":")" + format_instant(parameters.now) + "\"}",
                              loaded().symbols);
    if (!outcome) return std::move(outcome).error();
    decoded.resource = std::make_shared<tree::Document>(*std::move(outcome));
    return decoded;
  }

 private:
  PlainMapper plain_;
};

class PeerAnswerTest : public ExchangeTest {
 protected:
  void SetUp() override {
    ExchangeTest::SetUp();
    mappers_.add(std::make_unique<ReadingMapper>());
    parts_.announcements = &announcements_;
    settings_.routes.routes.front().answer_awaited = true;
    make_service();
  }
  void settle(const store::Item& item, store::ItemState state, std::string answer) {
    store::Settlement settlement;
    settlement.item = item.id;
    settlement.fence = item.fence;
    settlement.now = clock_.now();
    settlement.state = state;
    settlement.attempt = store::Attempt{clock_.now(), clock_.now(),      "answered",
                                        200,          std::move(answer), "text/plain"};
    ASSERT_THAT(store_->settle(settlement), IsOk());
    announcements_.tell(item.exchange);
  }
  PeerAnswer now(const std::string& task) {
    auto answer = service_->peer_answer(task, steady_clock::now());
    EXPECT_THAT(answer, IsOk());
    EXPECT_TRUE(answer && answer->has_value());
    return answer && *answer ? **answer : PeerAnswer{};
  }
  Announcements announcements_;
};

TEST_F(PeerAnswerTest, IsPendingUntilItWasStoredAndThenAlwaysTheSame) {
  const auto accepted = submit(SampleMessage{}, "r1");
  ASSERT_THAT(accepted, IsOk());
  EXPECT_TRUE(accepted->awaited);
  EXPECT_EQ(now(accepted->task_id).state, PeerAnswer::State::pending);
  settle(item_of(*accepted), store::ItemState::nacked, "AE");
  const PeerAnswer first = now(accepted->task_id);
  EXPECT_EQ(first.state, PeerAnswer::State::given);
  EXPECT_EQ(first.status, 400);
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(now(accepted->task_id).body, first.body);
}

TEST_F(PeerAnswerTest, WhoWaitsIsWokenByTheSettlement) {
  const auto accepted = submit(SampleMessage{}, "r1");
  ASSERT_THAT(accepted, IsOk());
  const store::Item item = item_of(*accepted);
  std::jthread other([&] {
    std::this_thread::sleep_for(milliseconds(50));
    settle(item, store::ItemState::acked_business, "AA");
  });
  const auto began = steady_clock::now();
  const auto answer =
      service_->peer_answer(accepted->task_id, steady_clock::now() + std::chrono::seconds(20));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ((**answer).state, PeerAnswer::State::given);
  EXPECT_LT(steady_clock::now() - began, std::chrono::seconds(10));
}

TEST_F(PeerAnswerTest, WaitingEndsWhenItsTimeIsOver) {
  const auto accepted = submit(SampleMessage{}, "r1");
  ASSERT_THAT(accepted, IsOk());
  const auto answer =
      service_->peer_answer(accepted->task_id, steady_clock::now() + milliseconds(30));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ((**answer).state, PeerAnswer::State::pending);
}

TEST_F(PeerAnswerTest, AnAnswerThatCannotBeReadIsOurErrorAndAGivenUpMessageHasNone) {
  const auto one = submit(SampleMessage{}, "r1");
  ASSERT_THAT(one, IsOk());
  settle(item_of(*one), store::ItemState::acked_transport, "garbage");
  EXPECT_THAT(service_->peer_answer(one->task_id, steady_clock::now()),
              FailsWith(ErrorCode::internal));
  SampleMessage other;
  other.id = "9b2f9d0c-5f0e-4a8e-8a55-0d5f5b3d6f02";
  other.workflow = "A0B1C2-X99001-00002B";
  const auto two = submit(other, "r2");
  ASSERT_THAT(two, IsOk());
  settle(item_of(*two), store::ItemState::dead, "");
  EXPECT_EQ(now(two->task_id).state, PeerAnswer::State::given_up);
}

TEST_F(PeerAnswerTest, ThereIsNoneOfAnUnknownTask) {
  const auto answer = service_->peer_answer("nobody", steady_clock::now());
  ASSERT_THAT(answer, IsOk());
  EXPECT_FALSE(answer->has_value());
}

constexpr const char* kReturn =
    R"({"resourceType":"Task","identifier":[{"system":"https://tools.ietf.org/html/rfc4122",)"
    R"("value":"9b2f9d0c-5f0e-4a8e-8a55-0d5f5b3d6f09"}],"groupIdentifier":{"system":"s","value":)"
    R"("A0B1C2-X99001-00001A"},"status":"rejected","intent":"order"})";

TEST_F(PeerAnswerTest, AMessageThatIsNoBundleGoesTheSameWayInTheOrderOfItsWorkflow) {
  exchange::Route route = settings_.routes.routes.front();
  route.message_kind = "return";
  settings_.routes.routes.push_back(route);
  make_service();
  exchange::Arrival task = arrival(kReturn, "r1");
  task.resource_type = "Task";
  const auto accepted = submit(task);
  ASSERT_THAT(accepted, IsOk());
  const auto stored = store_->exchange(accepted->exchange_id);
  ASSERT_THAT(stored, IsOk());
  EXPECT_EQ((*stored)->message_kind, "return");
  EXPECT_EQ(value(accepted->task, {"groupIdentifier", "value"}), "A0B1C2-X99001-00001A");
  EXPECT_EQ(item_of(*accepted).subject.size(), 32u);
  const auto again = submit(task);
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->replayed);
}

TEST_F(PeerAnswerTest, ADoorTakesItsOwnTypeAndWhatNoFormatKnowsIsUnsupported) {
  exchange::Arrival wrong = arrival(kReturn);
  wrong.resource_type = "Claim";
  const auto refused = submit(wrong);
  ASSERT_THAT(refused, FailsWith(ErrorCode::malformed));
  EXPECT_EQ(refused.error().issues.front().text, "Incorrect FHIR resource type. Expected Claim.");
  EXPECT_EQ(refused.error().issues.front().code, "value");
  EXPECT_THAT(submit(arrival(R"({"resourceType":"Patient"})")), FailsWith(ErrorCode::unsupported));
  EXPECT_EQ(accepted(), 0);
}

TEST(Announcements, AreHeardByThoseWhoListenOnly) {
  Announcements announcements;
  announcements.tell("a");
  Announcements::Listening listening(announcements, "a");
  EXPECT_FALSE(listening.wait(steady_clock::now())) << "told before it listened";
  announcements.tell("b");
  EXPECT_FALSE(listening.wait(steady_clock::now()));
  announcements.tell("a");
  EXPECT_TRUE(listening.wait(steady_clock::now()));
  EXPECT_FALSE(listening.wait(steady_clock::now()));
}

}  // namespace
}  // namespace concord::test
