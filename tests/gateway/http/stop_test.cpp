// A stop under load: every request that was sent gets a whole answer. reliability.md F28.
#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "tests/gateway/http/serving.h"

namespace concord::http {
namespace {

using test::RawAnswer;
using test::RawSocket;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kPost =
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";

/// What all clients of a test heard.
struct Heard {
  std::atomic<int> good{0};     ///< 200
  std::atomic<int> refused{0};  ///< 503
  std::atomic<int> silent{0};   ///< sent, and no whole answer came
  std::atomic<int> other{0};
};

/// Notes one answer; true when the connection may be used again.
bool note(const std::optional<RawAnswer>& answer, Heard& heard) {
  if (!answer) {
    ++heard.silent;
    return false;
  }
  if (answer->status == 503) {
    EXPECT_EQ(answer->field("Connection"), "close");
    EXPECT_NE(answer->field("Retry-After"), "");
  }
  ++(answer->status == 200 ? heard.good : answer->status == 503 ? heard.refused : heard.other);
  return answer->field("Connection") != "close";
}

/// Requests until nobody listens any more: each on a connection of its own, or on one for as long
/// as the server keeps it, with `pause` in between.
void keep_asking(std::uint16_t port, bool reuse, std::chrono::microseconds pause, Heard& heard) {
  while (true) {
    RawSocket socket(port);
    if (!socket.connected()) return;
    for (bool open = true; open;) {
      // What is refused to take is not sent: the connection had ended before.
      if (!socket.send(kPost)) break;
      open = note(socket.receive(), heard) && reuse;
      if (pause.count() > 0) std::this_thread::sleep_for(pause);
    }
  }
}

struct Habit {
  const char* name;
  bool reuse;
  std::chrono::microseconds pause;
};

class StopUnderLoad : public testing::TestWithParam<Habit> {};

TEST_P(StopUnderLoad, EveryRequestIsAnswered) {
  Heard heard;
  for (int round = 0; round < 3; ++round) {
    Serving serving(Serving::options(), [](Request&) {
      std::this_thread::sleep_for(1ms);
      Response response;
      response.body = "done";
      return response;
    });
    std::vector<std::thread> clients;
    for (int i = 0; i < 16; ++i) {
      clients.emplace_back([&, port = serving.port()] {
        keep_asking(port, GetParam().reuse, GetParam().pause, heard);
      });
    }
    std::this_thread::sleep_for(150ms);
    EXPECT_TRUE(serving.server->stop(10s));
    for (std::thread& client : clients) client.join();
  }
  EXPECT_GT(heard.good, 20);
  EXPECT_EQ(heard.silent, 0) << "of " << heard.good + heard.refused;
  EXPECT_EQ(heard.other, 0);
}

INSTANTIATE_TEST_SUITE_P(Habits, StopUnderLoad,
                         testing::Values(Habit{"ConnectionEach", false, 0us},
                                         Habit{"KeptAlive", true, 0us},
                                         Habit{"KeptAliveWithPauses", true, 20ms},
                                         Habit{"KeptAliveQuietForLong", true, 240ms}),
                         [](const auto& about) { return std::string(about.param.name); });

/// A server on its way out, in a thread of its own.
class Stopping {
 public:
  Stopping(Serving& serving, std::chrono::milliseconds patience)
      : thread_([this, &serving, patience] { clean_ = serving.server->stop(patience); }) {}
  ~Stopping() {
    if (thread_.joinable()) thread_.join();
  }
  bool clean() {
    thread_.join();
    return clean_;
  }

 private:
  bool clean_ = false;
  std::thread thread_;
};

TEST(Stop, ARequestBegunBeforeIsAnsweredWhenItsRestComes) {
  Serving serving;
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(kPost.substr(0, 20)));
  while (serving.server->stats().connections == 0) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(20ms);
  Stopping stopping(serving, 10s);
  std::this_thread::sleep_for(600ms);
  ASSERT_TRUE(socket.send(kPost.substr(20)));
  const auto answer = socket.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->field("Connection"), "close");
  EXPECT_TRUE(stopping.clean());
  EXPECT_EQ(serving.handled, 1);
}

TEST(Stop, ARequestThatNeverComesWholeIsToldAtTheEndOfPatience) {
  Serving serving;
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(kPost.substr(0, 20)));
  while (serving.server->stats().connections == 0) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(serving.server->stop(300ms)) << "nothing that was worked on was cut";
  const auto answer = socket.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->field("Connection"), "close");
}

TEST(Stop, AQuietConnectionHearsWhyItEndsAndALateRequestOnItIsNotReset) {
  Serving serving;
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(kGet));
  ASSERT_TRUE(socket.receive().has_value());
  std::this_thread::sleep_for(300ms);
  Stopping stopping(serving, 10s);
  std::this_thread::sleep_for(500ms);  // the goodbye has been said
  EXPECT_TRUE(socket.send(kPost)) << "only their direction is closed";
  std::this_thread::sleep_for(100ms);  // a reset would be here by now
  const auto answer = socket.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(serving.handled, 1) << "the late request was not acted upon";
  EXPECT_TRUE(stopping.clean());
}

TEST(Stop, AClientThatNeverClosesHoldsNothingUp) {
  Serving serving;
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(kGet));
  ASSERT_TRUE(socket.receive().has_value());
  const auto began = steady_clock::now();
  EXPECT_TRUE(serving.server->stop(20s));
  EXPECT_LT(steady_clock::now() - began, 5s);
}

TEST(Stop, RequestsThatCameTogetherAreAllAnswered) {
  std::atomic<bool> inside{false};
  Serving serving(Serving::options(), [&](Request&) {
    inside = true;
    std::this_thread::sleep_for(100ms);
    return Response{};
  });
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(std::string(kGet) + std::string(kGet) + std::string(kGet)));
  while (!inside) std::this_thread::sleep_for(1ms);
  Stopping stopping(serving, 10s);
  for (int i = 0; i < 3; ++i) {
    const auto answer = socket.receive();
    ASSERT_TRUE(answer.has_value()) << i;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->field("Connection") == "close", i == 2);
  }
  EXPECT_TRUE(stopping.clean());
}

TEST(Stop, WindingDownStillTakesConnectionsAndEachAnswerIsTheLast) {
  Serving serving;
  RawSocket old(serving.port());
  ASSERT_TRUE(old.send(kGet));
  EXPECT_EQ(old.receive().value_or(RawAnswer{}).field("Connection"), "");
  serving.server->wind_down();
  ASSERT_TRUE(old.send(kGet));
  EXPECT_EQ(old.receive().value_or(RawAnswer{}).field("Connection"), "close");
  const auto fresh = test::raw_exchange(serving.port(), kGet);
  ASSERT_TRUE(fresh.has_value());
  EXPECT_EQ(fresh->status, 200);
  EXPECT_EQ(fresh->field("Connection"), "close");
}

}  // namespace
}  // namespace concord::http
