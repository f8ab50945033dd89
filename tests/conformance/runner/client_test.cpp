// The HTTP client against a real socket.

#include "conformance/runner/client.h"

#include <gmock/gmock.h>

#include <mutex>
#include <thread>

#include "conformance/simulators/spine/http_server.h"
#include "tests/support/result_matchers.h"

namespace concord::runner {
namespace {

struct Serving {
  std::mutex lock;
  std::vector<spine::Request> seen;
  std::unique_ptr<spine::HttpServer> server;

  explicit Serving(std::function<spine::Reply(const spine::Request&)> answer) {
    auto started = spine::HttpServer::start(0,
                                            [this, answer](const spine::Request& request) {
                                              {
                                                const std::lock_guard<std::mutex> held(lock);
                                                seen.push_back(request);
                                              }
                                              return answer(request);
                                            },
                                            {});
    if (started) server = *std::move(started);
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + path;
  }
};

TEST(Client, SendsWhatItIsToldAndBringsBackTheWholeAnswer) {
  Serving serving([](const spine::Request& request) {
    return spine::Reply{.status = 201,
                        .content_type = "application/fhir+json",
                        .body = "got " + request.body,
                        .headers = {{"ETag", "W/\"1\""}, {"X-Twice", "a"}, {"X-Twice", "b"}}};
  });
  Client client;
  const auto answer =
      client.send({"PUT",
                   serving.url("/r4/Patient/1?x=%7C"),
                   {{"Content-Type", "application/fhir+json"}, {"If-None-Exist", ""}},
                   "body"});
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "got body");
  EXPECT_EQ(header(answer->headers, "etag"), "W/\"1\"");
  EXPECT_EQ(header(answer->headers, "x-twice"), "a, b");
  ASSERT_EQ(serving.seen.size(), 1u);
  const spine::Request& seen = serving.seen[0];
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.path, "/r4/Patient/1?x=%7C");
  EXPECT_EQ(seen.headers.at("content-length"), "4");
  EXPECT_EQ(seen.headers.at("if-none-exist"), "");
  EXPECT_FALSE(seen.headers.contains("accept"));
}

TEST(Client, KnowsEveryMethod) {
  Serving serving([](const spine::Request&) { return spine::Reply{.status = 200, .body = "x"}; });
  Client client;
  for (const char* method : {"GET", "POST", "PATCH", "DELETE", "OPTIONS"}) {
    const auto answer = client.send({method, serving.url("/"), {}, {}});
    ASSERT_THAT(answer, IsOk()) << method;
    EXPECT_EQ(answer->body, "x");
    EXPECT_EQ(serving.seen.back().method, method);
  }
}

TEST(Client, TellsWhyThereIsNoAnswer) {
  Serving serving([](const spine::Request& request) {
    if (request.path == "/slow") std::this_thread::sleep_for(std::chrono::milliseconds(400));
    return spine::Reply{.body = std::string(10'000, 'x'), .drop = request.path == "/drop"};
  });
  ClientOptions options;
  options.timeout = std::chrono::milliseconds(150);
  options.max_body = 1'000;
  Client client(options);
  EXPECT_THAT(client.send({"GET", serving.url("/slow"), {}, {}}), FailsWith(ErrorCode::timeout));
  EXPECT_THAT(client.send({"GET", serving.url("/drop"), {}, {}}), FailsWith(ErrorCode::transient));
  EXPECT_THAT(client.send({"GET", serving.url("/long"), {}, {}}), FailsWith(ErrorCode::too_long));
  EXPECT_THAT(client.send({"GET", "http://127.0.0.1:1/", {}, {}}), FailsWith(ErrorCode::transient));
  EXPECT_THAT(client.send({"GET", "file:///etc/passwd", {}, {}}), FailsWith(ErrorCode::malformed));
  EXPECT_THAT(client.send({"GET", "nonsense", {}, {}}), testing::Not(IsOk()));
}

TEST(Client, FollowsNoRedirect) {
  Serving serving([](const spine::Request&) {
    return spine::Reply{.status = 302, .headers = {{"Location", "/elsewhere"}}};
  });
  Client client;
  const auto answer = client.send({"GET", serving.url("/"), {}, {}});
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(serving.seen.size(), 1u);
}

}  // namespace
}  // namespace concord::runner
