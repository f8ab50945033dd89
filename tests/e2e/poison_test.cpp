// A message that ends the gateway while it is delivered or accepted: reliability.md section 2.4.

#include <gmock/gmock.h>

#include <thread>

#include "tests/e2e/world.h"
#include "tests/support/postgres_cluster.h"
#include "tests/support/prescriptions.h"

namespace concord::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// What becomes of the message in the process made for it, and what then becomes of the message.
struct Harm {
  const char* isolated;
  const char* task_status;
};

class PoisonMessage : public testing::Test {
 protected:
  /// Starts a gateway that does harm with messages of `short_id`.
  void start(const Harm& harm, const std::string& short_id) {
    environment["CONCORD_FAULT_DELIVERY"] = "crash/" + std::string(harm.isolated) + ":" + short_id;
    gateway = Process(
        built_program("concord-faulty"),
        {.arguments = {"serve"}, .environment = environment, .log = folder.path() / "gateway.log"});
    const auto line = gateway.wait_for_line("ready ", 60s);
    if (!line) return;  // it ended before: by the message, which waits in the outbox
    port = static_cast<std::uint16_t>(
        std::strtoul(line->c_str() + line->find("127.0.0.1:") + 10, nullptr, 10));
  }

  void goes_down_three_times_and_never_again(const Harm& harm) {
    const Prescription bad = renewed(example_prescription(), "poison", ++number);
    const Prescription good = renewed(example_prescription(), "poison", ++number);
    start(harm, bad.short_id);
    std::string location;
    {
      HttpClient http(port);
      const auto answer = http.request("POST", "/FHIR/R4/$process-message",
                                       {{"Content-Type", "application/fhir+json"}}, bad.bundle);
      ASSERT_TRUE(answer && answer->status == 202);
      location = answer->headers.at("location");
    }
    int ends = 0;
    while (gateway.wait(3s)) {
      ASSERT_LT(++ends, 6);
      start(harm, bad.short_id);
    }
    EXPECT_EQ(ends, 3);

    HttpClient http(port);
    const auto accepted = http.request("POST", "/FHIR/R4/$process-message",
                                       {{"Content-Type", "application/fhir+json"}}, good.bundle);
    ASSERT_TRUE(accepted && accepted->status == 202);
    EXPECT_EQ(status_when(http, location, harm.task_status), harm.task_status);
    EXPECT_EQ(status_when(http, accepted->headers.at("location"), "completed"), "completed");
    const auto metrics = http.request("GET", "/metrics");
    ASSERT_TRUE(metrics.has_value());
    EXPECT_THAT(metrics->body, HasSubstr("\nconcord_messages_unaccounted 0"));
    EXPECT_TRUE(gateway.running());
    gateway.kill();
  }

  static std::string status_when(HttpClient& http, const std::string& location,
                                 std::string_view wanted) {
    const std::string path = location.substr(location.find("/FHIR"));
    std::string status;
    for (int i = 0; i < 600 && status != wanted; ++i) {
      const auto task = http.request("GET", path);
      if (task) status = first_string(task->body, "status");
      std::this_thread::sleep_for(50ms);
    }
    return status;
  }

  /// The gateway crashes with each request that holds the message, until it is refused.
  void is_refused_at_the_door(const std::string& how, int crashes) {
    const Prescription bad = renewed(example_prescription(), "poison", ++number);
    const Prescription good = renewed(example_prescription(), "poison", ++number);
    environment["CONCORD_FAULT_ACCEPT"] = how + ":" + bad.short_id;
    const auto send = [&](const Prescription& one) {
      HttpClient http(port);
      const auto answer = http.request("POST", "/FHIR/R4/$process-message",
                                       {{"Content-Type", "application/fhir+json"}}, one.bundle);
      return answer ? answer->status : 0;
    };
    start({"none", ""}, bad.short_id);
    for (int i = 0; i < crashes; ++i) {
      ASSERT_EQ(send(bad), 0) << "after " << i << " crashes";
      ASSERT_TRUE(gateway.wait(30s)) << "it goes on";
      start({"none", ""}, bad.short_id);
    }
    EXPECT_EQ(send(bad), 422);
    EXPECT_EQ(send(bad), 422);
    EXPECT_EQ(send(good), 202);
    EXPECT_TRUE(gateway.running());
    EXPECT_THAT(gateway.log(), HasSubstr(R"("event":"poison")"));
    gateway.kill();
  }

  TemporaryFolder folder;
  OtherSide spine{folder.path()};
  std::map<std::string, std::string> environment{
      {"CONCORD_HTTP_PORT", "0"},
      {"CONCORD_HTTP_DRAIN_SECONDS", "0"},
      {"CONCORD_ADMIN_ENABLED", "false"},
      {"CONCORD_STORE_PATH", (folder.path() / "store.db").string()},
      {"CONCORD_LOG_LEVEL", "warning"},
      {"CONCORD_DESTINATIONS_SPINE_URL", spine.url()},
      {"CONCORD_DESTINATIONS_SPINE_TIMEOUT_MS", "1000"},
      {"CONCORD_OUTBOX_ISOLATION_MIB", "600"},
      {"CONCORD_EPS_FROM_ASID", "200000001285"},
      {"CONCORD_EPS_TO_ASID", "567456789789"}};
  Process gateway;
  std::uint16_t port = 0;
  std::uint64_t number = 0;
};

TEST_F(PoisonMessage, ThatCrashesAlsoInItsOwnProcessIsADeadLetter) {
  goes_down_three_times_and_never_again({"crash", "failed"});
}

TEST_F(PoisonMessage, ThatHangsThereIsADeadLetter) {
  goes_down_three_times_and_never_again({"hang", "failed"});
}

TEST_F(PoisonMessage, ThatTakesMemoryThereIsADeadLetter) {
  goes_down_three_times_and_never_again({"memory", "failed"});
}

TEST_F(PoisonMessage, ThatDoesNoHarmThereIsDelivered) {
  goes_down_three_times_and_never_again({"none", "completed"});
}

TEST_F(PoisonMessage, IsADeadLetterOnPostgresqlToo) {
  PostgresCluster* const cluster = PostgresCluster::shared();
  if (cluster == nullptr) GTEST_SKIP() << "no PostgreSQL here";
  environment["CONCORD_STORE_KIND"] = "postgresql";
  environment["CONCORD_STORE_CONNECTION"] = cluster->make_database();
  goes_down_three_times_and_never_again({"crash", "failed"});
}

// The trial is `concord translate`, which does not see the harm: a fourth crash proves it wrong.
TEST_F(PoisonMessage, ThatEndsTheGatewayWhileItIsAcceptedIsRefusedInTheEnd) {
  is_refused_at_the_door("abort", 4);
}

TEST_F(PoisonMessage, IsRefusedAtOnceWhereThereIsNoTrial) {
  environment["CONCORD_OUTBOX_ISOLATION_MIB"] = "0";
  is_refused_at_the_door("trap", 3);
}

TEST_F(PoisonMessage, ThatUsesUpTheStackIsRememberedToo) {
  environment["CONCORD_OUTBOX_ISOLATION_MIB"] = "0";
  environment["CONCORD_OUTBOX_POISON_CRASHES"] = "1";
  is_refused_at_the_door("overflow", 1);
}

}  // namespace
}  // namespace concord::test
