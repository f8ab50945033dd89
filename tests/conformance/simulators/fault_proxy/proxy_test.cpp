// The proxy between a client and a server, fault by fault.
#include "conformance/simulators/fault_proxy/proxy.h"

#include <gmock/gmock.h>

#include <fstream>

#include "conformance/simulators/spine/http_server.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/raw_socket.h"
#include "tests/support/result_matchers.h"

namespace concord::fault_proxy {
namespace {

using namespace std::chrono_literals;
using test::HttpClient;
using test::RawSocket;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A server that answers with what it got, and remembers it; the proxy in front.
class ProxyTest : public testing::Test {
 protected:
  ProxyTest() {
    auto started = spine::HttpServer::start(0,
                                            [this](const spine::Request& request) {
                                              const std::scoped_lock guard(lock_);
                                              got_.push_back(request.body);
                                              return spine::Reply{.body = "<" + request.body + ">"};
                                            },
                                            {});
    EXPECT_THAT(started, IsOk());
    server_ = std::move(*started);
  }

  void start(const std::string& faults, bool http = true, std::uint64_t seed = 1) {
    Options options;
    options.upstream = server_->port();
    options.http = http;
    options.seed = seed;
    options.record = folder_.path() / "record.jsonl";
    auto started = Proxy::start(options);
    ASSERT_THAT(started, IsOk());
    proxy_ = std::move(*started);
    auto phases = read_phases(faults, http);
    ASSERT_THAT(phases, IsOk());
    proxy_->set(std::move(*phases));
  }

  std::vector<std::string> got() {
    const std::scoped_lock guard(lock_);
    return got_;
  }
  std::string post(HttpClient& client, std::string_view body) {
    const auto answer = client.request("POST", "/", {}, body);
    return answer ? answer->body : "nothing";
  }
  std::string post(std::string_view body) {
    HttpClient client(proxy_->port(), 2s);
    return post(client, body);
  }
  std::size_t recorded() {
    std::ifstream in(folder_.path() / "record.jsonl");
    std::size_t lines = 0;
    for (std::string line; std::getline(in, line);) lines += !line.empty();
    return lines;
  }

  test::TemporaryFolder folder_;
  std::mutex lock_;
  std::vector<std::string> got_;
  std::unique_ptr<spine::HttpServer> server_;
  std::unique_ptr<Proxy> proxy_;
};

TEST_F(ProxyTest, WithoutFaultsItIsNotNoticed) {
  start("{}");
  HttpClient client(proxy_->port());
  EXPECT_EQ(post(client, "a"), "<a>");
  EXPECT_EQ(post(client, std::string(300'000, 'b')).size(), 300'002u);
  EXPECT_EQ(proxy_->counts().connections, 1u);
  EXPECT_EQ(proxy_->counts().requests, 2u);
  EXPECT_EQ(proxy_->counts().faults, 0u);
  EXPECT_EQ(recorded(), 0u);
}

TEST_F(ProxyTest, RefuseTakesNothing) {
  start(R"({"faults":[{"kind":"refuse"}]})");
  EXPECT_EQ(post("a"), "nothing");
  EXPECT_THAT(got(), IsEmpty());
}

TEST_F(ProxyTest, DelayWaits) {
  start(R"({"faults":[{"kind":"delay","ms":200}]})");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(post("a"), "<a>");
  EXPECT_GE(std::chrono::steady_clock::now() - began, 200ms);
}

TEST_F(ProxyTest, ACutRequestNeverArrivesWholeAndACutAnswerWasTaken) {
  start(R"({"faults":[{"kind":"cut","direction":"request","bytes":30}]})");
  EXPECT_EQ(post("a"), "nothing");
  EXPECT_THAT(got(), IsEmpty());
  start(R"({"faults":[{"kind":"cut","bytes":30}]})");
  EXPECT_EQ(post("b"), "nothing");
  EXPECT_THAT(got(), ElementsAre("b"));
}

TEST_F(ProxyTest, HalfOpenSaysNothingAndKeepsTheConnection) {
  start(R"({"faults":[{"kind":"half-open"}]})");
  RawSocket client(proxy_->port());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\na"));
  EXPECT_FALSE(client.closes_within(400ms));
  EXPECT_THAT(got(), ElementsAre("a"));
  start(R"({"faults":[{"kind":"half-open","direction":"request"}]})");
  RawSocket other(proxy_->port());
  ASSERT_TRUE(other.send("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nb"));
  EXPECT_FALSE(other.closes_within(400ms));
  EXPECT_THAT(got(), ElementsAre("a"));
}

TEST_F(ProxyTest, CorruptTurnsOneBitOfTheBody) {
  start(R"({"faults":[{"kind":"corrupt","direction":"request","bytes":2}]})");
  EXPECT_EQ(post("aaaa"), "<aa`a>");
  start(R"({"faults":[{"kind":"corrupt","bytes":1}]})");
  EXPECT_EQ(post("aaaa"), "<`aaa>");
}

TEST_F(ProxyTest, DuplicateSendsTheRequestTwice) {
  start(R"({"faults":[{"kind":"duplicate","direction":"request"}]})");
  EXPECT_EQ(post("a"), "<a>");
  EXPECT_THAT(got(), ElementsAre("a", "a"));
}

TEST_F(ProxyTest, ADuplicateAnswerComesTwiceOnTheConnection) {
  start(R"({"faults":[{"kind":"duplicate"}]})");
  RawSocket client(proxy_->port());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\na"));
  EXPECT_EQ(client.receive()->body, "<a>");
  EXPECT_EQ(client.receive()->body, "<a>");
  EXPECT_THAT(got(), ElementsAre("a"));
}

TEST_F(ProxyTest, ReorderLetsAnotherRequestGoFirst) {
  start(R"({"faults":[{"kind":"reorder","ms":5000}]})");
  std::string first;
  std::thread held([&] { first = post("held"); });
  std::this_thread::sleep_for(200ms);
  proxy_->set({});
  EXPECT_EQ(post("other"), "<other>");
  held.join();
  EXPECT_EQ(first, "<held>");
  EXPECT_THAT(got(), ElementsAre("other", "held"));
}

TEST_F(ProxyTest, AWrongAnswerIsThatOfAnEarlierRequest) {
  start(R"({"faults":[{"kind":"wrong-answer"}]})");
  EXPECT_EQ(post("a"), "<a>");
  EXPECT_EQ(post("b"), "<a>");
  EXPECT_EQ(post("c"), "<b>");
  EXPECT_THAT(got(), ElementsAre("a", "b", "c"));
}

TEST_F(ProxyTest, SlowTrickles) {
  start(R"({"faults":[{"kind":"slow","rate":2000}]})");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(post(std::string(800, 'a')).size(), 802u);
  EXPECT_GE(std::chrono::steady_clock::now() - began, 350ms);
}

TEST_F(ProxyTest, TheSameSeedHarmsTheSameRequests) {
  const auto pattern = [this](std::uint64_t seed) {
    start(R"({"faults":[{"kind":"refuse","permille":400}]})", true, seed);
    std::string text;
    for (int i = 0; i < 30; ++i) text += post("a") == "nothing" ? 'x' : '.';
    return text;
  };
  const std::string first = pattern(3);
  EXPECT_EQ(pattern(3), first);
  EXPECT_NE(pattern(4), first);
  EXPECT_THAT(first, HasSubstr("x"));
  EXPECT_THAT(first, HasSubstr("."));
  std::ifstream in(folder_.path() / "record.jsonl");
  std::string line;
  std::getline(in, line);
  EXPECT_THAT(line,
              HasSubstr(R"("kind":"refuse","direction":"request","ms":0,"bytes":0,"rate":0})"));
  EXPECT_THAT(line, HasSubstr(R"({"seed":3,"number":)"));
}

TEST_F(ProxyTest, BytesPassBothWaysAndCanBeCutRefusedAndSwallowed) {
  start("{}", false);
  EXPECT_EQ(post("a"), "<a>");
  start(R"({"faults":[{"kind":"cut","direction":"response","bytes":10}]})", false);
  EXPECT_EQ(post("b"), "nothing");
  start(R"({"faults":[{"kind":"refuse"}]})", false);
  EXPECT_EQ(post("c"), "nothing");
  start(R"({"faults":[{"kind":"half-open","direction":"request"}]})", false);
  RawSocket client(proxy_->port());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nd"));
  EXPECT_FALSE(client.closes_within(300ms));
  EXPECT_THAT(got(), ElementsAre("a", "b"));
}

TEST_F(ProxyTest, WhatCannotBeFramedEndsItsConnection) {
  start("{}");
  RawSocket client(proxy_->port());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_TRUE(client.closes_within(2s));
  RawSocket other(proxy_->port());
  other.send(std::string(100'000, 'x'));
  EXPECT_TRUE(other.closes_within(2s));
}

TEST_F(ProxyTest, NobodyUpstreamClosesTheConnection) {
  start("{}");
  server_.reset();
  EXPECT_EQ(post("a"), "nothing");
}

}  // namespace
}  // namespace concord::fault_proxy
