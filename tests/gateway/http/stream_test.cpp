// Bodies that are made while they are sent.

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "tests/gateway/http/serving.h"

namespace concord::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

/// Gives what the test puts in, and tells when it is gone.
class Source final : public BodySource {
 public:
  std::optional<std::string> next(milliseconds patience) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return !pieces_.empty() || ended_; });
    ++asked;
    if (thrown_) throw 7;
    if (pieces_.empty()) return ended_ ? std::nullopt : std::optional<std::string>("");
    std::string piece = std::move(pieces_.front());
    pieces_.erase(pieces_.begin());
    return piece;
  }
  void put(std::string piece) {
    const std::scoped_lock lock(mutex_);
    pieces_.push_back(std::move(piece));
    changed_.notify_all();
  }
  void end() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  void break_off() {
    const std::scoped_lock lock(mutex_);
    thrown_ = ended_ = true;
    changed_.notify_all();
  }
  std::atomic<int> asked{0};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> pieces_;
  bool ended_ = false;
  bool thrown_ = false;
};

/// A server whose every answer is the one stream.
struct Streaming {
  explicit Streaming(ServerOptions options = Serving::options())
      : serving(std::move(options), [this](Request&) {
          Response response;
          response.route = "/stream";
          response.header("Content-Type", "text/event-stream");
          response.stream = source;
          return response;
        }) {}
  std::shared_ptr<Source> source = std::make_shared<Source>();
  Serving serving;
};

constexpr const char* kGet = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Reads until `text` has come; what came.
std::string read_until(test::RawSocket& socket, const std::string& text,
                       milliseconds patience = seconds(5)) {
  return socket.receive_until(text, patience);
}

TEST(Stream, PiecesComeAsChunksAsTheyAreMadeAndTheConnectionGoesOn) {
  Streaming streaming;
  test::RawSocket socket(streaming.serving.port());
  ASSERT_TRUE(socket.send(kGet));
  const std::string head = read_until(socket, "\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  streaming.source->put("one");
  EXPECT_EQ(read_until(socket, "one\r\n"), "3\r\none\r\n");
  streaming.source->put(std::string(300, 'x'));
  EXPECT_EQ(read_until(socket, "x\r\n"), "12c\r\n" + std::string(300, 'x') + "\r\n");
  streaming.source->end();
  EXPECT_EQ(read_until(socket, "0\r\n\r\n"), "0\r\n\r\n");
  ASSERT_TRUE(socket.send(kGet));
  EXPECT_THAT(read_until(socket, "0\r\n\r\n"), HasSubstr("200 OK"));
}

TEST(Stream, IsClosedAtItsEndForAPeerOfHttp10) {
  Streaming streaming;
  test::RawSocket socket(streaming.serving.port());
  ASSERT_TRUE(socket.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_THAT(read_until(socket, "\r\n\r\n"), Not(HasSubstr("Transfer-Encoding")));
  streaming.source->put("one");
  EXPECT_EQ(read_until(socket, "one"), "one");
  streaming.source->end();
  EXPECT_TRUE(socket.closes_within(seconds(5)));
}

TEST(Stream, HeadHasNoBody) {
  Streaming streaming;
  test::RawSocket socket(streaming.serving.port());
  ASSERT_TRUE(socket.send("HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_THAT(read_until(socket, "\r\n\r\n"), HasSubstr("200 OK"));
  EXPECT_EQ(streaming.source->asked, 0);
}

TEST(Stream, APeerThatLeftIsNoticedThoughNothingIsSent) {
  Streaming streaming;
  {
    test::RawSocket socket(streaming.serving.port());
    ASSERT_TRUE(socket.send(kGet));
    ASSERT_FALSE(read_until(socket, "\r\n\r\n").empty());
  }
  const auto until = std::chrono::steady_clock::now() + seconds(5);
  while (streaming.serving.server->stats().connections > 0 &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(streaming.serving.server->stats().connections, 0u);
}

TEST(Stream, APeerThatDoesNotReadIsCutAfterTheTimeOfAWrite) {
  ServerOptions options = Serving::options();
  options.times.write = milliseconds(300);
  Streaming streaming(options);
  test::RawSocket socket(streaming.serving.port());
  ASSERT_TRUE(socket.send(kGet));
  for (int i = 0; i < 64; ++i) streaming.source->put(std::string(1 << 20, 'x'));
  const auto until = std::chrono::steady_clock::now() + seconds(10);
  while (streaming.serving.server->stats().connections > 0 &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(streaming.serving.server->stats().connections, 0u);
}

TEST(Stream, WhatItsSourceThrowsCutsItOff) {
  Streaming streaming;
  test::RawSocket socket(streaming.serving.port());
  ASSERT_TRUE(socket.send(kGet));
  streaming.source->put("one");
  EXPECT_THAT(read_until(socket, "one\r\n"), HasSubstr("3\r\none\r\n"));
  streaming.source->break_off();
  EXPECT_EQ(read_until(socket, "0\r\n\r\n", seconds(2)), "") << "it must not seem whole";
}

TEST(Stream, StopEndsItWithItsLastChunk) {
  Streaming streaming;
  test::RawSocket socket(streaming.serving.port());
  ASSERT_TRUE(socket.send(kGet));
  ASSERT_FALSE(read_until(socket, "\r\n\r\n").empty());
  EXPECT_EQ(streaming.serving.server->stats().in_flight, 0u) << "a stream is nobody's request";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(streaming.serving.server->stop(seconds(5)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(3));
  EXPECT_EQ(read_until(socket, "0\r\n\r\n"), "0\r\n\r\n");
}

}  // namespace
}  // namespace concord::http
