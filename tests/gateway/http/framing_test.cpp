#include <gmock/gmock.h>

#include <thread>

#include "gateway/http/detail/head_parser.h"
#include "tests/gateway/http/serving.h"

namespace concord::http {
namespace {

using test::raw_exchange;
using test::RawSocket;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::string_view kHost = "Host: localhost\r\n";

std::string get(std::string_view target, std::string_view more = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\n" + std::string(kHost) + std::string(more) +
         "\r\n";
}

std::string post(std::string_view fields, std::string_view body) {
  return "POST /x HTTP/1.1\r\n" + std::string(kHost) + std::string(fields) + "\r\n" +
         std::string(body);
}

/// A request no server may read in two ways. Each must be refused and the connection closed.
struct Refused {
  const char* name;
  std::string bytes;
  int status;
};

std::vector<Refused> refused_shapes() {
  const std::string tail = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
  return {
      {"length and chunked",
       post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + tail), 400},
      {"chunked and length",
       post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + tail), 400},
      {"two lengths, equal", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc" + tail), 400},
      {"two lengths, different", post("Content-Length: 0\r\nContent-Length: 44\r\n", tail), 400},
      {"length list", post("Content-Length: 3, 3\r\n", "abc"), 400},
      {"length with plus", post("Content-Length: +3\r\n", "abc"), 400},
      {"length negative", post("Content-Length: -3\r\n", "abc"), 400},
      {"length hexadecimal", post("Content-Length: 0x3\r\n", "abc"), 400},
      {"length empty", post("Content-Length: \r\n", ""), 400},
      {"length with a space inside", post("Content-Length: 3 3\r\n", "abc"), 400},
      {"length beyond any number", post("Content-Length: 99999999999999999999999\r\n", ""), 413},
      {"space before colon", post("Content-Length : 3\r\n", "abc"), 400},
      {"tab before colon", post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"), 400},
      {"folded field", post("Content-Length: 3\r\nX-A: b\r\n c\r\n", "abc"), 400},
      {"folded transfer encoding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
      {"bare line feed in a field", post("X-A: b\nContent-Length: 3\r\n", "abc"), 400},
      {"bare line feed everywhere", "GET / HTTP/1.1\nHost: localhost\n\n", 400},
      {"bare carriage return in a value",
       post("X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n", ""), 400},
      {"null in a value", post(std::string("X-A: b\0c\r\nContent-Length: 0\r\n", 29), ""), 400},
      {"transfer encoding identity", post("Transfer-Encoding: identity\r\n", ""), 400},
      {"transfer encoding gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
       400},
      {"transfer encoding chunked, chunked",
       post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
      {"transfer encoding twice",
       post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"transfer encoding with a vertical tab",
       post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n"),
       400},
      {"transfer encoding xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
      {"transfer encoding quoted", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
      {"transfer encoding with a parameter",
       post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), 400},
      {"chunked in HTTP/1.0", "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
      {"host list", "GET / HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n", 400},
      {"foreign host", "GET / HTTP/1.1\r\nHost: rebound.example\r\n\r\n", 421},
      {"field without colon", get("/", "nonsense\r\n"), 400},
      {"field without a name", get("/", ": value\r\n"), 400},
      {"field name with a space", get("/", "X A: b\r\n"), 400},
      {"field name with a quote", get("/", "\"X\": b\r\n"), 400},
      {"no version", "GET /\r\nHost: localhost\r\n\r\n", 400},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: localhost\r\n\r\n", 505},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"lower case version", "GET / http/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"space in the target", "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"tab for space", "GET\t/\tHTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"method with a bracket", "G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"empty method", " / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"leading space", " GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"target without slash", "GET index HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"star target for GET", "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"authority target", "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"fragment", get("/a#b"), 400},
      {"high byte in the target", get("/\xc3\xa9"), 400},
      {"bad escape", get("/%zz"), 400},
      {"cut escape", get("/%2"), 400},
      {"escaped null", get("/a%00b"), 400},
      {"escaped line feed", get("/a%0d%0aX-A:%20b"), 400},
      {"chunk size not hexadecimal", post("Transfer-Encoding: chunked\r\n", "zz\r\n\r\n"), 400},
      {"chunk size empty", post("Transfer-Encoding: chunked\r\n", "\r\n\r\n"), 400},
      {"chunk size with 0x", post("Transfer-Encoding: chunked\r\n", "0x3\r\nabc\r\n0\r\n\r\n"),
       400},
      {"chunk size negative", post("Transfer-Encoding: chunked\r\n", "-1\r\n\r\n"), 400},
      {"chunk size of nine digits", post("Transfer-Encoding: chunked\r\n", "100000000\r\n"), 400},
      {"chunk line with bare line feed",
       post("Transfer-Encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n"), 400},
      {"chunk longer than said", post("Transfer-Encoding: chunked\r\n", "2\r\nabc\r\n0\r\n\r\n"),
       400},
      {"chunk extension with bare line feed",
       post("Transfer-Encoding: chunked\r\n", "3;a\nbc\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunk extension of a kilobyte",
       post("Transfer-Encoding: chunked\r\n",
            "3;" + std::string(1024, 'a') + "\r\nabc\r\n0\r\n\r\n"),
       400},
      {"trailer with bare line feed", post("Transfer-Encoding: chunked\r\n", "0\r\nX: a\n\r\n"),
       400},
      {"expect something", post("Content-Length: 3\r\nExpect: gold\r\n", "abc"), 417},
      {"request id twice", get("/", "X-Request-ID: a\r\nX-Request-ID: b\r\n"), 400},
      {"request id with a space", get("/", "X-Request-ID: a b\r\n"), 400},
      {"request id of 129 letters", get("/", "X-Request-ID: " + std::string(129, 'a') + "\r\n"),
       400},
      {"request id empty", get("/", "X-Request-ID: \r\n"), 400},
      {"correlation id with a bracket", get("/", "X-Correlation-ID: <a>\r\n"), 400},
      {"post without length", post("", ""), 411},
  };
}

TEST(Framing, EveryShapeTwoParsersCouldReadDifferentlyIsRefusedAndTheConnectionCloses) {
  const auto shapes = refused_shapes();
  ASSERT_GE(shapes.size(), 60U);
  Serving serving;
  for (const Refused& shape : shapes) {
    SCOPED_TRACE(shape.name);
    RawSocket socket(serving.port());
    ASSERT_TRUE(socket.send(shape.bytes));
    const auto answer = socket.receive();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, shape.status) << answer->body;
    EXPECT_EQ(answer->field("Connection"), "close");
    EXPECT_FALSE(answer->field("X-Request-ID").empty());
    socket.finish_sending();
    EXPECT_TRUE(socket.closes_within(3s));
  }
  EXPECT_EQ(serving.handled.load(), 0) << "a refused request reached the handler";
}

TEST(Framing, ChunkedBodyWithExtensionsAndTrailersArrivesWhole) {
  Serving serving;
  const auto answer = raw_exchange(
      serving.port(), post("Transfer-Encoding: Chunked\r\n",
                           "3;note=1\r\nabc\r\n00a\r\n0123456789\r\n0\r\nX-Check: 1\r\n\r\n"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, "POST 13");
}

TEST(Framing, PipelinedRequestsAreAnsweredInOrder) {
  Serving serving;
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(post("Content-Length: 3\r\n", "abc") +
                          post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\n\r\n") +
                          get("/")));
  EXPECT_EQ(socket.receive()->body, "POST 3");
  EXPECT_EQ(socket.receive()->body, "POST 1");
  EXPECT_EQ(socket.receive()->body, "GET 0");
}

TEST(Framing, RequestThatComesByteByByteIsTheSameRequest) {
  Serving serving;
  RawSocket socket(serving.port());
  for (const char c : post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")) {
    ASSERT_TRUE(socket.send(std::string_view(&c, 1)));
  }
  const auto answer = socket.receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, "POST 3");
}

TEST(Framing, AbsoluteTargetAndLeadingEmptyLineAreRead) {
  Serving serving;
  const auto answer = raw_exchange(
      serving.port(), "\r\nGET http://localhost/a?b=c HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
}

TEST(Framing, Http10ClosesUnlessAskedToStay) {
  Serving serving;
  RawSocket once(serving.port());
  ASSERT_TRUE(once.send("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(once.receive()->field("Connection"), "close");
  EXPECT_TRUE(once.closes_within(2s));
  RawSocket more(serving.port());
  ASSERT_TRUE(more.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_EQ(more.receive()->field("Connection"), "keep-alive");
  ASSERT_TRUE(more.send("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(more.receive()->status, 200);
}

TEST(Framing, HeadHasTheLengthButNotTheBody) {
  Serving serving;
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/")));
  EXPECT_EQ(socket.receive(5s, true)->field("Content-Length"), "6");
  EXPECT_EQ(socket.receive()->body, "GET 0");
}

TEST(Framing, ExpectContinueIsAnsweredBeforeTheBodyAndNotWhenItIsTooLong) {
  ServerOptions options = Serving::options();
  options.limits.max_body = 10;
  Serving serving(options);
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(post("Content-Length: 3\r\nExpect: 100-continue\r\n", "")));
  EXPECT_EQ(socket.receive()->status, 100);
  ASSERT_TRUE(socket.send("abc"));
  EXPECT_EQ(socket.receive()->body, "POST 3");
  ASSERT_TRUE(socket.send(post("Content-Length: 11\r\nExpect: 100-continue\r\n", "")));
  EXPECT_EQ(socket.receive()->status, 413);
}

TEST(Framing, EveryAnswerForbidsCachingAndSniffingAndEchoesTheIds) {
  Serving serving;
  const auto answer = raw_exchange(
      serving.port(), get("/", "X-Request-ID: 4d3c-1\r\nX-Correlation-ID: journey.7\r\n"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->field("X-Request-ID"), "4d3c-1");
  EXPECT_EQ(answer->field("X-Correlation-ID"), "journey.7");
  EXPECT_EQ(answer->field("Cache-Control"), "no-store");
  EXPECT_EQ(answer->field("X-Content-Type-Options"), "nosniff");
  EXPECT_THAT(answer->field("Date"), HasSubstr(" GMT"));
  EXPECT_EQ(raw_exchange(serving.port(), get("/"))->field("X-Request-ID"), "generated-1");
}

TEST(Framing, AccessRecordHoldsIdsAndSizesOnly) {
  Serving serving;
  const auto answer =
      raw_exchange(serving.port(), post("Content-Length: 3\r\nX-Request-ID: r1\r\n", "abc"));
  ASSERT_TRUE(answer.has_value());
  for (int i = 0; i < 100 && serving.seen().empty(); ++i) std::this_thread::sleep_for(10ms);
  const auto seen = serving.seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].request_id, "r1");
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].route, "/echo");
  EXPECT_EQ(seen[0].status, 200);
  EXPECT_EQ(seen[0].bytes_in, 3U);
  EXPECT_EQ(seen[0].bytes_out, 6U);
}

TEST(Framing, HandlerThatThrowsGivesA500AndTheConnectionLives) {
  Serving serving;
  RawSocket socket(serving.port());
  ASSERT_TRUE(socket.send(get("/throw") + get("/")));
  EXPECT_EQ(socket.receive()->status, 500);
  EXPECT_EQ(socket.receive()->status, 200);
}

TEST(Framing, ResponseFieldCannotSplitTheAnswer) {
  Serving serving(Serving::options(), [](Request&) {
    Response response;
    response.header("Location", "/a\r\nSet-Cookie: b");
    return response;
  });
  const auto answer = raw_exchange(serving.port(), get("/"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->field("Location"), "/aSet-Cookie: b");
  EXPECT_EQ(answer->field("Set-Cookie"), "");
}

TEST(FindHeadEnd, LooksAtNoByteTwiceHoweverItArrives) {
  const std::string head = "GET / HTTP/1.1\r\nA: b\r\n\r\nrest";
  for (std::size_t cut = 0; cut < head.size(); ++cut) {
    std::size_t scanned = 0;
    const std::size_t early = detail::find_head_end(std::string_view(head).substr(0, cut), scanned);
    EXPECT_EQ(early != 0 ? early : detail::find_head_end(head, scanned), 24U) << cut;
  }
}

TEST(ParseQuery, DecodesNamesAndValues) {
  const auto parsed = parse_query("_format=application%2Ffhir%2Bjson&a=b+c&flag&&x=");
  ASSERT_THAT(parsed, IsOk());
  const std::vector<std::pair<std::string, std::string>> expected{
      {"_format", "application/fhir+json"}, {"a", "b c"}, {"flag", ""}, {"x", ""}};
  EXPECT_EQ(*parsed, expected);
  EXPECT_THAT(parse_query("a=%0a"), FailsWith(ErrorCode::malformed));
  std::string many;
  for (int i = 0; i < 65; ++i) many += "a&";
  EXPECT_THAT(parse_query(many), FailsWith(ErrorCode::too_long));
}

}  // namespace
}  // namespace concord::http
