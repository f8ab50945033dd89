// Changes as server-sent events.

#include "gateway/subscriptions/event_stream.h"

#include "tests/gateway/subscriptions/fixture.h"

namespace concord::subscriptions {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

/// Reads until `text` has come, or patience ends.
std::string read_until(http::BodySource& source, const std::string& text,
                       milliseconds patience = seconds(5)) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::string all;
  while (all.find(text) == std::string::npos && std::chrono::steady_clock::now() < until) {
    const auto piece = source.next(milliseconds(50));
    if (!piece) break;
    all += *piece;
  }
  return all;
}

std::string last_id(const std::string& events) {
  const std::size_t at = events.rfind("id: ");
  return events.substr(at + 4, events.find('\n', at) - at - 4);
}

const std::string kTask =
    R"({"resourceType":"Task","status":"requested","intent":"order","description":"secret"})";

TEST_F(SubscriptionsTest, AStreamTellsIdsAndStatesAndGoesOnWhereItWasLeft) {
  Node node(file(), {}, false);
  EventStreams streams(node.store->resources(), node.known.symbols, {});
  std::string position;
  {
    const auto stream = streams.open({}, "");
    ASSERT_THAT(stream, IsOk());
    EXPECT_THAT(read_until(**stream, "\n\n"), HasSubstr("retry: 2000\nid: "));
    const auto made = node.create(kTask);
    ASSERT_THAT(made, IsOk());
    const std::string events = read_until(**stream, made->row.id);
    EXPECT_THAT(events, HasSubstr("event: change\n"));
    EXPECT_THAT(events, HasSubstr(R"("status":"requested")"));
    EXPECT_THAT(events, HasSubstr(R"("version":1)"));
    EXPECT_THAT(events, Not(HasSubstr("secret")));
    position = last_id(events);
  }
  const auto missed = node.create(kTask);
  ASSERT_THAT(missed, IsOk());
  ASSERT_THAT(node.create(R"({"resourceType":"Patient","active":true})"), IsOk());
  const auto stream = streams.open({"Task"}, position);
  ASSERT_THAT(stream, IsOk());
  const std::string events = read_until(**stream, missed->row.id);
  EXPECT_THAT(events, HasSubstr(missed->row.id));
  EXPECT_THAT(events, Not(HasSubstr("Patient")));
}

TEST_F(SubscriptionsTest, AChangeIsSeenWithinAQuarterOfASecondWithoutAWord) {
  Node node(file(), {}, false);
  EventStreams streams(node.store->resources(), node.known.symbols, {});
  const auto stream = streams.open({}, "");
  ASSERT_THAT(stream, IsOk());
  static_cast<void>(read_until(**stream, "\n\n"));
  static_cast<void>(read_until(**stream, "nothing comes", milliseconds(400)));
  const auto made = node.create(kTask);  // nobody calls wake()
  ASSERT_THAT(made, IsOk());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(read_until(**stream, made->row.id), HasSubstr(made->row.id));
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(2));
}

TEST_F(SubscriptionsTest, SilenceIsBrokenByHeartbeats) {
  Node node(file(), {}, false);
  StreamSettings settings;
  settings.heartbeat = milliseconds(100);
  EventStreams streams(node.store->resources(), node.known.symbols, settings);
  const auto stream = streams.open({}, "");
  ASSERT_THAT(stream, IsOk());
  EXPECT_THAT(read_until(**stream, ": heartbeat\n\n"), HasSubstr(": heartbeat\n\n"));
}

TEST_F(SubscriptionsTest, StreamsAreBoundedAndTypesAreThoseAllowed) {
  Node node(file(), {}, false);
  StreamSettings settings;
  settings.most = 2;
  EventStreams streams(node.store->resources(), node.known.symbols, settings);
  EXPECT_THAT(streams.open({"Patient"}, ""), FailsWith(ErrorCode::malformed));
  auto one = streams.open({}, "");
  const auto two = streams.open({}, "");
  ASSERT_THAT(two, IsOk());
  EXPECT_THAT(streams.open({}, ""), FailsWith(ErrorCode::throttled));
  one = make_error(ErrorCode::internal, "gone");
  EXPECT_THAT(streams.open({}, ""), IsOk());
}

TEST_F(SubscriptionsTest, APositionNobodyKnowsBeginsAnew) {
  Node node(file(), {}, false);
  EventStreams streams(node.store->resources(), node.known.symbols, {});
  for (const std::string& position :
       {std::string("nonsense"), std::string("1\nevent: x"), std::string(500, '1')}) {
    const auto stream = streams.open({}, position);
    ASSERT_THAT(stream, IsOk());
    const std::string opening = read_until(**stream, "\n\n");
    EXPECT_THAT(opening, HasSubstr("event: reset\n"));
    EXPECT_THAT(opening, Not(HasSubstr("event: x")));
  }
}

}  // namespace
}  // namespace concord::subscriptions
