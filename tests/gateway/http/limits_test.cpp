#include <gmock/gmock.h>

#include <thread>

#include "tests/gateway/http/serving.h"

namespace concord::http {
namespace {

using test::raw_exchange;
using test::RawSocket;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

std::string post_head(std::string_view framing) {
  return "POST /x HTTP/1.1\r\nHost: localhost\r\n" + std::string(framing) + "\r\n";
}
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(Limits, BodyOverTheLimitIsRefusedFromItsLengthBeforeAByteOfItIsSent) {
  ServerOptions options = Serving::options();
  options.limits.max_body = 1000;
  Serving serving(options);
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(post_head("Content-Length: 1001\r\n")));
  const auto answer = socket.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(answer->body, "request body is longer than 1000 bytes");
  EXPECT_EQ(
      raw_exchange(serving.port(), post_head("Content-Length: 1000\r\n") + std::string(1000, 'a'))
          ->body,
      "POST 1000");
}

TEST(Limits, SenderInTheMiddleOfAHugeBodyReadsTheRefusal) {
  Serving serving;
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(post_head("Content-Length: 200000000\r\n")));
  const std::string part(1 << 20, 'a');
  for (int i = 0; i < 8; ++i) socket.send(part, 500ms);
  const auto answer = socket.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 413);
}

TEST(Limits, ChunkedBodyIsRefusedWhileItStreams) {
  ServerOptions options = Serving::options();
  options.limits.max_body = 10'000;
  Serving serving(options);
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(post_head("Transfer-Encoding: chunked\r\n")));
  const std::string chunk = "3e8\r\n" + std::string(1000, 'a') + "\r\n";
  for (int i = 0; i < 11; ++i) socket.send(chunk);
  const auto answer = socket.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 413);
  RawSocket one(serving.port());
  ASSERT_TRUE(one.send(post_head("Transfer-Encoding: chunked\r\n") + "ffffffff\r\n"));
  EXPECT_EQ(one.receive()->status, 413);
}

TEST(Limits, BodiesOfAllConnectionsTogetherAreBounded) {
  ServerOptions options = Serving::options();
  options.limits.max_buffered = 300'000;
  Serving serving(options);
  std::vector<RawSocket> senders;
  for (int i = 0; i < 2; ++i) {
    senders.emplace_back(serving.port());
    ASSERT_TRUE(
        senders.back().send(post_head("Content-Length: 200000\r\n") + std::string(140'000, 'a')));
  }
  int refused = 0;
  for (RawSocket& sender : senders) {
    sender.send(std::string(60'000, 'a'));
  }
  for (RawSocket& sender : senders) {
    const auto answer = sender.receive();
    ASSERT_TRUE(answer.has_value());
    refused += answer->status == 503;
  }
  EXPECT_LE(refused, 1);
  // What was held is given back.
  EXPECT_EQ(raw_exchange(serving.port(),
                         post_head("Content-Length: 250000\r\n") + std::string(250'000, 'a'))
                ->status,
            200);
  EXPECT_EQ(raw_exchange(serving.port(),
                         post_head("Content-Length: 400000\r\n") + std::string(400'000, 'a'))
                ->status,
            503);
}

TEST(Limits, HeadTargetAndFieldsHaveTheirOwnLimits) {
  Serving serving;
  const auto with = [&](const std::string& target, const std::string& fields) {
    return raw_exchange(serving.port(),
                        "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n")
        ->status;
  };
  EXPECT_EQ(with("/" + std::string(8191, 'a'), ""), 200);
  EXPECT_EQ(with("/" + std::string(8192, 'a'), ""), 414);
  EXPECT_EQ(with("/" + std::string(40'000, 'a'), ""), 414);
  EXPECT_EQ(with("/", "X-A: " + std::string(8187, 'a') + "\r\n"), 200);
  EXPECT_EQ(with("/", "X-A: " + std::string(8188, 'a') + "\r\n"), 431);
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "X-" + std::to_string(i) + ": a\r\n";
  EXPECT_EQ(with("/", fields), 200);
  EXPECT_EQ(with("/", fields + "X-Z: a\r\n"), 431);
  std::string large;
  for (int i = 0; i < 5; ++i)
    large += "X-" + std::to_string(i) + ": " + std::string(8000, 'a') + "\r\n";
  EXPECT_EQ(with("/", large), 431);
}

TEST(Limits, HeadWithoutEndIsRefusedAtTheLimitNotKept) {
  Serving serving;
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send("GET / HTTP/1.1\r\nHost: localhost\r\n"));
  const std::string field = "X-A: " + std::string(1000, 'a') + "\r\n";
  for (int i = 0; i < 40; ++i) socket.send(field);
  const auto answer = socket.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 431);
}

TEST(Limits, SlowHeadSlowBodyAndTrickleEachRunIntoTheirDeadline) {
  ServerOptions options = Serving::options();
  options.times.head = 200ms;
  options.times.body = 300ms;
  Serving serving(options);
  RawSocket head(serving.port());
  RawSocket body(serving.port());
  ASSERT_TRUE(head.send("GET / HTTP/1.1\r\n"));
  ASSERT_TRUE(body.send(post_head("Content-Length: 10\r\n") + "abc"));
  EXPECT_EQ(head.receive(2s)->status, 408);
  EXPECT_EQ(body.receive(2s)->status, 408);

  options.times.body = 60s;
  options.times.rate_grace = 200ms;
  Serving strict(options);
  RawSocket trickle(strict.port());
  ASSERT_TRUE(trickle.send(post_head("Content-Length: 10000\r\n")));
  const auto began = steady_clock::now();
  std::optional<test::RawAnswer> answer;
  while (!answer && steady_clock::now() - began < 3s) {
    trickle.send("a");
    answer = trickle.receive(20ms);
  }
  ASSERT_TRUE(answer.has_value()) << "a byte now and then kept the connection";
  EXPECT_EQ(answer->status, 408);
  EXPECT_LT(steady_clock::now() - began, 2s);
}

TEST(Limits, IdleConnectionIsClosedAfterItsTime) {
  ServerOptions options = Serving::options();
  options.times.idle = 150ms;
  Serving serving(options);
  RawSocket silent(serving.port());
  RawSocket used(serving.port());
  ASSERT_TRUE(used.send(kGet));
  EXPECT_EQ(used.receive()->status, 200);
  EXPECT_TRUE(silent.closes_within(2s));
  EXPECT_TRUE(used.closes_within(2s));
}

TEST(Limits, PeerThatDoesNotReadItsAnswerIsCut) {
  ServerOptions options = Serving::options();
  options.times.write = 200ms;
  Serving serving(options, [](Request&) {
    Response response;
    response.body.assign(std::size_t{64} << 20, 'a');
    return response;
  });
  RawSocket deaf(serving.port());
  ASSERT_TRUE(deaf.send(kGet));
  while (serving.server->stats().in_flight == 0 && serving.server->stats().connections == 0) {
    std::this_thread::sleep_for(1ms);
  }
  const auto began = steady_clock::now();
  while (serving.server->stats().connections > 0 && steady_clock::now() - began < 5s) {
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(serving.server->stats().connections, 0U);
}

TEST(Limits, RequestsInTheHandlerAreBoundedAndTheRestIsToldToComeBack) {
  ServerOptions options = Serving::options();
  options.max_in_flight = 2;
  std::atomic<bool> open{false};
  std::atomic<int> inside{0};
  Serving serving(options, [&](Request&) {
    ++inside;
    while (!open) std::this_thread::sleep_for(1ms);
    return Response{};
  });
  std::vector<RawSocket> busy;
  for (int i = 0; i < 2; ++i) {
    busy.emplace_back(serving.port());
    ASSERT_TRUE(busy.back().send(kGet));
  }
  while (inside < 2) std::this_thread::sleep_for(1ms);
  const auto answer = raw_exchange(serving.port(), kGet);
  open = true;
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->field("Retry-After"), "1");
  for (RawSocket& socket : busy) EXPECT_EQ(socket.receive()->status, 200);
}

TEST(Limits, OneClientMayNotHoldMoreThanItsShareOfBusyConnections) {
  ServerOptions options = Serving::options();
  options.max_per_client = 2;
  std::atomic<bool> open{false};
  std::atomic<int> inside{0};
  Serving serving(options, [&](Request&) {
    ++inside;
    while (!open) std::this_thread::sleep_for(1ms);
    return Response{};
  });
  std::vector<RawSocket> busy;
  for (int i = 0; i < 2; ++i) {
    busy.emplace_back(serving.port());
    ASSERT_TRUE(busy.back().send(kGet));
  }
  while (inside < 2) std::this_thread::sleep_for(1ms);
  RawSocket third(serving.port());
  const auto answer = third.receive();
  open = true;
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(serving.server->stats().refused, 1U);
}

TEST(Limits, AnyAddressButLoopbackIsRefusedWithAClearWord) {
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1", "10.0.0.1", "2001:db8::1"}) {
    ServerOptions options = Serving::options();
    options.address = address;
    const auto started = Server::start(options, {}, {}, {}, wall_clock(), fixed_ids());
    ASSERT_THAT(started, FailsWith(ErrorCode::forbidden)) << address;
    EXPECT_THAT(started.error().issues.front().text, ::testing::HasSubstr("only loopback"));
  }
  ServerOptions options = Serving::options();
  options.address = "gateway.example";
  EXPECT_THAT(Server::start(options, {}, {}, {}, wall_clock(), fixed_ids()),
              FailsWith(ErrorCode::invalid));
}

TEST(Limits, TakenPortIsAConflict) {
  Serving serving;
  ServerOptions options = Serving::options();
  options.port = serving.port();
  EXPECT_THAT(Server::start(options, {}, {}, {}, wall_clock(), fixed_ids()),
              FailsWith(ErrorCode::conflict));
}

}  // namespace
}  // namespace concord::http
