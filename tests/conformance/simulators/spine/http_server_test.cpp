#include "conformance/simulators/spine/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/result_matchers.h"

namespace concord::spine {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// A raw connection: what is asked for is what is sent.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    timeval limit{5, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view text) const {
    ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
  }

  /// Reads until the text ends with `mark`, or the connection does.
  std::string read_to(std::string_view mark) const {
    std::string text;
    char byte = 0;
    while (!text.ends_with(mark) && ::recv(socket_, &byte, 1, 0) == 1) text += byte;
    return text;
  }
  std::string read_all() const { return read_to(std::string_view("\xff never", 7)); }

 private:
  int socket_;
};

std::unique_ptr<HttpServer> serve(HttpServer::Handler handler, HttpServer::Limits limits = {}) {
  auto server = HttpServer::start(0, std::move(handler), limits);
  EXPECT_THAT(server, IsOk());
  return *std::move(server);
}

Reply echo(const Request& request) {
  return {.body = request.method + " " + request.path + " " + request.body + "|"};
}

TEST(HttpServer, AnswersManyRequestsOnOneConnection) {
  const auto server = serve(&echo);
  const Client client(server->port());
  for (int i = 0; i < 200; ++i) {
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz");
    const std::string answer = client.read_to("|");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nPOST /a xyz|"));
  }
}

TEST(HttpServer, RequestsSentTogetherAreAnsweredInOrder) {
  const auto server = serve(&echo);
  const Client client(server->port());
  client.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string both = client.read_all();
  EXPECT_THAT(both, HasSubstr("GET /1 |"));
  EXPECT_THAT(both, EndsWith("GET /2 |"));
}

TEST(HttpServer, ContinueIsSentWhenAskedFor) {
  const auto server = serve(&echo);
  const Client client(server->port());
  client.send("POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_EQ(client.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("q");
  EXPECT_THAT(client.read_to("|"), EndsWith("POST /a q|"));
}

TEST(HttpServer, DropClosesWithoutAByteAndTwiceSendsTwoAnswers) {
  const auto server = serve([](const Request& request) {
    Reply reply = echo(request);
    reply.drop = request.path == "/drop";
    reply.copies = request.path == "/twice" ? 2 : 1;
    return reply;
  });
  const Client dropped(server->port());
  dropped.send("GET /drop HTTP/1.1\r\n\r\n");
  EXPECT_EQ(dropped.read_all(), "");
  const Client twice(server->port());
  twice.send("GET /twice HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string both = twice.read_all();
  EXPECT_EQ(both.size() % 2, 0u);
  EXPECT_EQ(both.substr(0, both.size() / 2), both.substr(both.size() / 2));
}

TEST(HttpServer, WhatItDoesNotTakeIsRefused) {
  const auto server = serve(&echo, {.max_head = 1000, .max_body = 10});
  const auto status = [&](std::string_view text) {
    const Client client(server->port());
    client.send(text);
    return client.read_all().substr(0, 12);
  };
  EXPECT_EQ(status("nonsense\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("GET / HTTP/1.0\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), "HTTP/1.1 411");
  EXPECT_EQ(status(std::string(2000, 'a')), "HTTP/1.1 400");
}

TEST(HttpServer, ATakenPortIsSaid) {
  const auto server = serve(&echo);
  EXPECT_THAT(HttpServer::start(server->port(), &echo, {}), FailsWith(ErrorCode::transient));
}

}  // namespace
}  // namespace concord::spine
