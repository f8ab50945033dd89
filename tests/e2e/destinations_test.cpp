// How a destination is treated, through whole programs: paused by any gateway, no faster than its
// rate, only inside its window.

#include <gmock/gmock.h>

#include <array>
#include <ctime>
#include <thread>

#include "tests/e2e/world.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/prescriptions.h"

namespace concord::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::HasSubstr;

class Destinations : public testing::Test {
 protected:
  struct Gateway {
    Process program;
    std::uint16_t port = 0;
  };

  Gateway start(const std::string& node, std::map<std::string, std::string> more = {}) const {
    std::map<std::string, std::string> environment{
        {"CONCORD_NODE", node},
        {"CONCORD_HTTP_PORT", "0"},
        {"CONCORD_HTTP_DRAIN_SECONDS", "0"},
        {"CONCORD_ADMIN_ENABLED", "false"},
        {"CONCORD_STORE_PATH", (folder.path() / "store.db").string()},
        {"CONCORD_LOG_LEVEL", "warning"},
        {"CONCORD_DESTINATIONS_SPINE_URL", spine.url()},
        {"CONCORD_EPS_FROM_ASID", "200000001285"},
        {"CONCORD_EPS_TO_ASID", "567456789789"}};
    for (auto& [name, value] : more) environment[name] = value;
    Gateway gateway;
    gateway.program = Process(built_program("concord"), {.arguments = {"serve"},
                                                         .environment = std::move(environment),
                                                         .log = folder.path() / (node + ".log")});
    const auto line = gateway.program.wait_for_line("ready ", 60s);
    EXPECT_TRUE(line.has_value()) << gateway.program.log();
    if (line) {
      gateway.port = static_cast<std::uint16_t>(
          std::strtoul(line->c_str() + line->find("127.0.0.1:") + 10, nullptr, 10));
    }
    return gateway;
  }
  void accept(const Gateway& gateway) {
    HttpClient http(gateway.port);
    const auto answer = http.request("POST", "/FHIR/R4/$process-message",
                                     {{"Content-Type", "application/fhir+json"}},
                                     renewed(example_prescription(), "treated", ++number).bundle);
    ASSERT_TRUE(answer && answer->status == 202);
  }
  static HttpAnswer list(const Gateway& gateway) {
    HttpClient http(gateway.port);
    return http.request("GET", "/destination").value_or(HttpAnswer{});
  }
  static int order(const Gateway& gateway, const std::string& what, const std::string& body,
                   const std::string& type = "application/json") {
    HttpClient http(gateway.port);
    const auto answer =
        http.request("POST", "/destination/spine/$" + what, {{"Content-Type", type}}, body);
    return answer ? answer->status : 0;
  }
  /// Whether the list of a gateway holds `text` within two looks at the store and a margin.
  static bool says(const Gateway& gateway, const std::string& text) {
    const auto until = steady_clock::now() + 5s;
    while (steady_clock::now() < until) {
      if (list(gateway).body.find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }
  bool arrive(std::size_t count) const {
    const auto until = steady_clock::now() + 20s;
    while (spine.arrivals().size() < count && steady_clock::now() < until) {
      std::this_thread::sleep_for(20ms);
    }
    return spine.arrivals().size() == count;
  }

  TemporaryFolder folder;
  OtherSide spine{folder.path()};
  std::uint64_t number = 0;
};

TEST_F(Destinations, APauseByOneGatewayHoldsTheOtherUntilEitherEndsIt) {
  PostgresCluster* const cluster = PostgresCluster::shared();
  if (cluster == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
  const std::map<std::string, std::string> shared{
      {"CONCORD_STORE_KIND", "postgresql"}, {"CONCORD_STORE_CONNECTION", cluster->make_database()}};
  const Gateway one = start("one", shared);
  const Gateway two = start("two", shared);
  accept(two);
  EXPECT_TRUE(arrive(1));

  EXPECT_EQ(order(one, "pause", R"({"reason":"certificate changes","by":"ops"})"), 200);
  EXPECT_THAT(list(one).body, HasSubstr(R"("state":"paused")")) << "at once where it was said";
  EXPECT_TRUE(says(two, R"("state":"paused")")) << "and within a look at the store elsewhere";
  EXPECT_THAT(list(two).body, HasSubstr(R"("paused_reason":"certificate changes")"));
  for (int i = 0; i < 3; ++i) accept(i == 1 ? one : two);
  std::this_thread::sleep_for(1500ms);
  EXPECT_EQ(spine.arrivals().size(), 1u) << "nobody sends";
  EXPECT_THAT(list(two).body, HasSubstr(R"("pending":3)"));

  EXPECT_EQ(order(two, "resume", R"({"reason":"done","by":"ops"})"), 200);
  EXPECT_TRUE(says(one, R"("state":"open")"));
  EXPECT_TRUE(arrive(4)) << "each once";
}

TEST_F(Destinations, AnOrderNeedsAWordAndABodyNoPageOfAnotherOriginCanSend) {
  const Gateway gateway = start("one");
  const std::string good = R"({"reason":"certificate changes","by":"ops"})";
  EXPECT_EQ(order(gateway, "pause", good, "text/plain"), 400);
  EXPECT_EQ(order(gateway, "pause", R"({"reason":"x","by":"ops"})"), 422);
  EXPECT_EQ(order(gateway, "pause", R"({"reason":"certificate changes","by":""})"), 422);
  EXPECT_EQ(order(gateway, "pause", R"({"reason":"for 999 000 0000","by":"ops"})"), 422)
      << "what could be an NHS number is not kept";
  EXPECT_EQ(order(gateway, "pause", R"({"reason":"certificate changes","by":"ops","a":1})"), 400);
  EXPECT_EQ(order(gateway, "stop", good), 404);
  HttpClient http(gateway.port);
  const auto nobody = http.request("POST", "/destination/nobody/$pause",
                                   {{"Content-Type", "application/json"}}, good);
  ASSERT_TRUE(nobody.has_value());
  EXPECT_EQ(nobody->status, 404);
  EXPECT_THAT(list(gateway).body, HasSubstr(R"("state":"open")"));
  EXPECT_EQ(list(gateway).headers.at("content-type"), "application/json; charset=utf-8");

  Process::Options pause;
  pause.arguments = {"destination",
                     "pause",
                     "spine",
                     "--reason",
                     "certificate changes",
                     "--by",
                     "ops",
                     "--url",
                     "http://127.0.0.1:" + std::to_string(gateway.port)};
  pause.output = folder.path() / "out";
  pause.log = folder.path() / "err";
  EXPECT_EQ(run(built_program("concord"), pause, 60s), 0) << read_file(folder.path() / "err");
  EXPECT_THAT(read_file(folder.path() / "out"), HasSubstr("by ops: certificate changes"));
  EXPECT_THAT(list(gateway).body, HasSubstr(R"("state":"paused")"));
}

TEST_F(Destinations, NothingIsSentFasterThanTheRate) {
  const Gateway gateway = start("one", {{"CONCORD_DESTINATIONS_SPINE_RATE_PER_SECOND", "5"}});
  constexpr std::size_t kMessages = 12;
  const auto began = steady_clock::now();
  for (std::size_t i = 0; i < kMessages; ++i) accept(gateway);
  std::size_t seen = 0;
  while (seen < kMessages && steady_clock::now() - began < 20s) {
    const std::chrono::duration<double> past = steady_clock::now() - began;
    seen = spine.arrivals().size();
    // One is there at the beginning, five come with each second.
    ASSERT_LE(static_cast<double>(seen), 1 + 5 * (past.count() + 0.2));
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(seen, kMessages);
}

TEST_F(Destinations, NothingIsSentOutsideTheWindow) {
  // A day that is neither today nor tomorrow, here or in London.
  const std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  const std::string window =
      std::string(days[static_cast<std::size_t>(utc.tm_wday + 3) % 7]) + " 08:00-09:00";
  Gateway gateway = start("one", {{"CONCORD_DESTINATIONS_SPINE_WINDOW", window}});
  accept(gateway);
  std::this_thread::sleep_for(1500ms);
  EXPECT_TRUE(spine.arrivals().empty());
  EXPECT_THAT(list(gateway).body, HasSubstr(R"("state":"window closed")"));
  EXPECT_THAT(list(gateway).body, HasSubstr(R"("pending":1)"));
  gateway.program.kill();
  gateway = start("one");
  EXPECT_TRUE(arrive(1));
}

}  // namespace
}  // namespace concord::test
