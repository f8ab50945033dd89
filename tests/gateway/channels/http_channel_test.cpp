#include "gateway/channels/http/http_channel.h"

#include <gmock/gmock.h>

#include <ctime>
#include <thread>

#include "tests/gateway/channels/scripted_server.h"
#include "tests/support/result_matchers.h"

namespace concord::channels::http {
namespace {

using std::chrono::milliseconds;
using test::ScriptedServer;
using testing::HasSubstr;
using testing::Not;

std::unique_ptr<Channel> channel_to(const std::string& url,
                                    std::function<void(Endpoint&)> with = {}) {
  Endpoint endpoint;
  endpoint.url = url;
  if (with) with(endpoint);
  auto channel = make_channel({{"spine", endpoint}});
  EXPECT_THAT(channel, IsOk());
  return channel ? std::move(*channel) : nullptr;
}

const Delivery kDelivery{"spine",           "item-1",    "MESSAGE-1", "PORX_IN020101SM31",
                         "application/xml", "<message/>"};

Receipt deliver(Channel& channel, milliseconds timeout = milliseconds(5'000)) {
  return channel.deliver(kDelivery, timeout, {});
}

TEST(HttpChannel, PostsTheBytesWithTypeAndRequestIdAndBringsTheAnswerBack) {
  ScriptedServer server([](const std::string&) {
    return ScriptedServer::answer(200, "<ack/>", "Content-Type: application/xml\r\n");
  });
  const auto channel = channel_to(server.url());

  const Receipt receipt = deliver(*channel);

  EXPECT_EQ(receipt.carried, Carried::answered);
  EXPECT_EQ(receipt.peer_code, 200);
  EXPECT_EQ(receipt.bytes, "<ack/>");
  EXPECT_EQ(receipt.content_type, "application/xml");
  EXPECT_EQ(receipt.reason, "");
  ASSERT_EQ(server.requests().size(), 1u);
  const std::string request = server.requests()[0];
  EXPECT_TRUE(request.starts_with("POST /post HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Type: application/xml\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nX-Request-ID: item-1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\n\r\n<message/>"));
  EXPECT_THAT(request, Not(HasSubstr("Expect:")));
}

TEST(HttpChannel, HeadersOfTheEndpointCarryTheIdsOfTheMessage) {
  ScriptedServer server([](const std::string&) { return ScriptedServer::answer(202, ""); });
  const auto channel = channel_to(server.url(), [](Endpoint& endpoint) {
    endpoint.headers = {{"SOAPAction", "urn:nhs:names:services:mm/{interaction}"},
                        {"NHSD-Request-ID", "{item}-{message_id}"}};
  });

  EXPECT_EQ(deliver(*channel).carried, Carried::answered);

  const std::string request = server.requests()[0];
  EXPECT_THAT(request,
              HasSubstr("\r\nSOAPAction: urn:nhs:names:services:mm/PORX_IN020101SM31\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nNHSD-Request-ID: item-1-MESSAGE-1\r\n"));
}

TEST(HttpChannel, AnIdWithALineFeedNeverBecomesAHeader) {
  ScriptedServer server([](const std::string&) { return ScriptedServer::answer(200, ""); });
  const auto channel = channel_to(server.url());
  Delivery delivery = kDelivery;
  delivery.item = "x\r\nEvil: yes";

  channel->deliver(delivery, milliseconds(5'000), {});

  EXPECT_THAT(server.requests()[0], Not(HasSubstr("\r\nEvil")));
}

TEST(HttpChannel, ReusesItsConnection) {
  ScriptedServer server([](const std::string&) { return ScriptedServer::answer(200, "<ack/>"); });
  const auto channel = channel_to(server.url());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(deliver(*channel).carried, Carried::answered);
  EXPECT_EQ(server.requests().size(), 10u);
  EXPECT_EQ(server.connections(), 1);
}

struct StatusCase {
  int status;
  Carried carried;
};

class HttpStatus : public testing::TestWithParam<StatusCase> {};

TEST_P(HttpStatus, DecidesWhetherToTryAgain) {
  ScriptedServer server(
      [](const std::string&) { return ScriptedServer::answer(GetParam().status, "<body/>"); });
  const auto channel = channel_to(server.url());

  const Receipt receipt = deliver(*channel);

  EXPECT_EQ(receipt.carried, GetParam().carried);
  EXPECT_EQ(receipt.peer_code, GetParam().status);
  EXPECT_EQ(receipt.bytes, "<body/>") << "an answer may stand in any status";
}

INSTANTIATE_TEST_SUITE_P(
    Policy, HttpStatus,
    testing::Values(StatusCase{200, Carried::answered}, StatusCase{202, Carried::answered},
                    StatusCase{301, Carried::turned_away}, StatusCase{302, Carried::turned_away},
                    StatusCase{400, Carried::turned_away}, StatusCase{401, Carried::turned_away},
                    StatusCase{403, Carried::turned_away}, StatusCase{404, Carried::turned_away},
                    StatusCase{408, Carried::not_sent}, StatusCase{409, Carried::turned_away},
                    StatusCase{422, Carried::turned_away}, StatusCase{425, Carried::not_sent},
                    StatusCase{429, Carried::not_sent}, StatusCase{500, Carried::unknown},
                    StatusCase{501, Carried::turned_away}, StatusCase{502, Carried::not_sent},
                    StatusCase{503, Carried::not_sent}, StatusCase{504, Carried::unknown}),
    [](const auto& row) { return std::to_string(row.param.status); });

TEST(HttpChannel, DoesNotFollowARedirect) {
  ScriptedServer elsewhere(
      [](const std::string&) { return ScriptedServer::answer(200, "<ack/>"); });
  ScriptedServer server([&](const std::string&) {
    return ScriptedServer::answer(307, "", "Location: " + elsewhere.url() + "\r\n");
  });
  const auto channel = channel_to(server.url());
  EXPECT_EQ(deliver(*channel).carried, Carried::turned_away);
  EXPECT_EQ(elsewhere.requests().size(), 0u);
}

TEST(HttpChannel, RetryAfterIsHandedOnButBounded) {
  std::string wait = "7";
  ScriptedServer server([&](const std::string&) {
    return ScriptedServer::answer(503, "", "Retry-After: " + wait + "\r\n");
  });
  const auto channel = channel_to(server.url());
  EXPECT_EQ(deliver(*channel).retry_after, std::chrono::seconds(7));
  wait = "99999999";
  EXPECT_EQ(deliver(*channel).retry_after, std::chrono::seconds(3600));
}

TEST(HttpChannel, RetryAfterMayBeADate) {
  const auto in_two_minutes = std::time(nullptr) + 120;
  std::tm parts{};
  ::gmtime_r(&in_two_minutes, &parts);
  char date[64];
  std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  std::string wait = date;
  ScriptedServer server([&](const std::string&) {
    return ScriptedServer::answer(429, "", "Retry-After: " + wait + "\r\n");
  });
  const auto channel = channel_to(server.url());
  const auto asked = deliver(*channel).retry_after;
  ASSERT_TRUE(asked.has_value());
  EXPECT_GE(*asked, std::chrono::seconds(100));
  EXPECT_LE(*asked, std::chrono::seconds(120));
  for (const char* past : {"Fri, 31 Dec 1999 23:59:59 GMT", "soon", "-5", "0", ""}) {
    wait = past;
    EXPECT_FALSE(deliver(*channel).retry_after.has_value()) << past;
  }
}

TEST(HttpChannel, KeepsAsManyConnectionsAsThereAreAttemptsAtOnce) {
  ScriptedServer server([](const std::string&) { return ScriptedServer::answer(202, ""); });
  const auto channel = channel_to(server.url());
  constexpr int kAtOnce = 8;
  constexpr int kEach = 250;
  const auto began = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kAtOnce; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < kEach; ++n) EXPECT_EQ(deliver(*channel).carried, Carried::answered);
      });
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(server.requests().size(), std::size_t{kAtOnce * kEach});
  EXPECT_LE(server.connections(), kAtOnce);
  RecordProperty("connections", server.connections());
  RecordProperty("per_second", static_cast<int>(kAtOnce * kEach / took.count()));
}

TEST(HttpChannel, NobodyThereIsNotSent) {
  std::string url;
  {
    ScriptedServer gone([](const std::string&) { return std::string(); });
    url = gone.url();
  }
  const auto channel = channel_to(url);
  const Receipt receipt = deliver(*channel);
  EXPECT_EQ(receipt.carried, Carried::not_sent);
  EXPECT_EQ(receipt.peer_code, 0);
  EXPECT_EQ(receipt.reason, "no connection to the destination");
}

TEST(HttpChannel, AConnectionCutAfterTheRequestIsUnknown) {
  ScriptedServer server([](const std::string&) { return std::string(); });
  const auto channel = channel_to(server.url());
  EXPECT_EQ(deliver(*channel).carried, Carried::unknown);
}

TEST(HttpChannel, HalfAnAnswerIsUnknownAndNotHandedOn) {
  ScriptedServer server([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\n<ack");
  });
  const auto channel = channel_to(server.url());
  const Receipt receipt = deliver(*channel);
  EXPECT_EQ(receipt.carried, Carried::unknown);
  EXPECT_EQ(receipt.bytes, "");
}

TEST(HttpChannel, ASlowAnswerIsUnknownWhenTimeIsOver) {
  ScriptedServer server([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(1'000));
    return ScriptedServer::answer(200, "<ack/>");
  });
  const auto channel = channel_to(server.url());
  const auto began = std::chrono::steady_clock::now();
  const Receipt receipt = deliver(*channel, milliseconds(100));
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(900));
  EXPECT_EQ(receipt.carried, Carried::unknown);
  EXPECT_EQ(receipt.reason, "no answer in time");
}

TEST(HttpChannel, StopEndsAWaitingDelivery) {
  ScriptedServer server([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(3'000));
    return ScriptedServer::answer(200, "<ack/>");
  });
  const auto channel = channel_to(server.url());
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  const auto began = std::chrono::steady_clock::now();
  const Receipt receipt = channel->deliver(kDelivery, milliseconds(30'000), stop.get_token());
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(2'500));
  EXPECT_EQ(receipt.carried, Carried::unknown);
  EXPECT_EQ(receipt.reason, "stopped");
}

TEST(HttpChannel, AnAnswerLongerThanAllowedIsNotRead) {
  ScriptedServer server(
      [](const std::string&) { return ScriptedServer::answer(200, std::string(2'000'000, 'x')); });
  const auto channel = channel_to(server.url());
  const Receipt receipt = deliver(*channel);
  EXPECT_EQ(receipt.carried, Carried::unknown);
  EXPECT_EQ(receipt.bytes, "");
  EXPECT_EQ(receipt.reason, "the answer is longer than allowed");
}

TEST(HttpChannel, GarbageInsteadOfHttpIsUnknown) {
  ScriptedServer server(
      [](const std::string&) { return std::string("\x15\x03\x01 no http\r\n\r\n"); });
  const auto channel = channel_to(server.url());
  EXPECT_EQ(deliver(*channel).carried, Carried::unknown);
}

TEST(HttpChannel, TlsIsAskedOfAServerThatHasNone) {
  ScriptedServer server([](const std::string&) { return ScriptedServer::answer(200, ""); });
  std::string url = server.url();
  url.replace(0, 5, "https:");
  const auto channel =
      channel_to(url, [](Endpoint& endpoint) { endpoint.total_timeout = milliseconds(2'000); });
  const Receipt receipt = deliver(*channel);
  EXPECT_EQ(receipt.carried, Carried::not_sent);
  EXPECT_EQ(server.requests().size(), 0u);
}

TEST(HttpChannel, ADestinationThatIsNotConfiguredIsTurnedAway) {
  const auto channel = channel_to("http://127.0.0.1:1/");
  Delivery delivery = kDelivery;
  delivery.destination = "elsewhere";
  EXPECT_TRUE(channel->knows("spine"));
  EXPECT_FALSE(channel->knows("elsewhere"));
  EXPECT_EQ(channel->deliver(delivery, milliseconds(100), {}).carried, Carried::turned_away);
}

TEST(HttpChannel, EndpointsThatCannotBeMeantAreRefusedAtTheStart) {
  const auto made = [](const std::string& url, std::function<void(Endpoint&)> with = {}) {
    Endpoint endpoint;
    endpoint.url = url;
    if (with) with(endpoint);
    return make_channel({{"spine", endpoint}});
  };
  EXPECT_THAT(made("not a url"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(made("ftp://127.0.0.1/"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(made("file:///etc/passwd"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(made("https://user:secret@spine.example/"), FailsWith(ErrorCode::invalid));
  const auto plain = made("http://spine.example/");
  ASSERT_THAT(plain, FailsWith(ErrorCode::invalid));
  EXPECT_EQ(plain.error().issues[0].text,
            "http destination \"spine\": plain http to another machine is not allowed; use https");
  EXPECT_THAT(made("http://127.0.0.1.evil.example/"), FailsWith(ErrorCode::invalid));
  EXPECT_THAT(made("http://spine.example/", [](Endpoint& e) { e.plain_http_allowed = true; }),
              IsOk());
  EXPECT_THAT(made("https://spine.example/",
                   [](Endpoint& e) {
                     e.headers = {{"A", "b\r\nC: d"}};
                   }),
              FailsWith(ErrorCode::invalid));
}

TEST(HttpChannel, CarriesManyAtOnce) {
  ScriptedServer server([](const std::string&) {
    std::this_thread::sleep_for(milliseconds(20));
    return ScriptedServer::answer(200, "<ack/>");
  });
  const auto channel = channel_to(server.url());
  std::atomic<int> answered = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 5; ++i) {
          if (deliver(*channel).carried == Carried::answered) ++answered;
        }
      });
    }
  }
  EXPECT_EQ(answered, 40);
  EXPECT_LE(server.connections(), 8);
}

}  // namespace
}  // namespace concord::channels::http
