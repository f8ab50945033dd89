#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <map>
#include <sstream>

#include "gateway/ops/log.h"
#include "gateway/ops/metrics.h"
#include "gateway/ops/readiness.h"
#include "tests/support/result_matchers.h"

namespace concord::ops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A log into a pipe, and what came out.
class Logged {
 public:
  explicit Logged(LogLevel level = LogLevel::info) {
    EXPECT_EQ(::pipe(ends_.data()), 0);
    log_ = std::make_unique<Log>(ends_[1], level, "node \"1\"",
                                 [] { return *parse_instant("2026-01-02T03:04:05Z"); });
  }
  ~Logged() { ::close(ends_[0]); }
  Log& log() { return *log_; }
  std::string text() {
    log_.reset();
    ::close(ends_[1]);
    std::string all;
    std::array<char, 4096> part;
    ssize_t n = 0;
    while ((n = ::read(ends_[0], part.data(), part.size())) > 0) {
      all.append(part.data(), static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  std::array<int, 2> ends_{};
  std::unique_ptr<Log> log_;
};

TEST(Log, WritesOneJsonObjectPerLine) {
  Logged logged;
  logged.log().write(LogLevel::info, "start", {{"port", 8080}, {"version", "0.1"}, {"empty", ""}});
  EXPECT_EQ(
      logged.text(),
      R"({"ts":"2026-01-02T03:04:05Z","level":"info","event":"start","node":"node \"1\"","port":8080,"version":"0.1"})"
      "\n");
}

TEST(Log, NothingCanBreakALineOrGrowIt) {
  Logged logged;
  logged.log().write(LogLevel::error, "x",
                     {{"text", "a\nb\"c\\d\x1b[31m\xe2\x80\xa8" + std::string(5000, 'y')}});
  const std::string text = logged.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, HasSubstr(R"(a\u000ab\"c\\d\u001b[31m\u00e2\u0080\u00a8)"));
  EXPECT_LT(text.size(), 1400U);
}

TEST(Log, LevelsBelowTheChosenOneAreNotWritten) {
  Logged logged(LogLevel::warning);
  logged.log().write(LogLevel::info, "quiet", {});
  logged.log().write(LogLevel::warning, "loud", {});
  const std::string text = logged.text();
  EXPECT_THAT(text, Not(HasSubstr("quiet")));
  EXPECT_THAT(text, HasSubstr("loud"));
  EXPECT_THAT(parse_log_level("noisy"), FailsWith(ErrorCode::invalid));
}

TEST(Log, AccessLineHasIdsRouteStatusTimeAndSizes) {
  Logged logged;
  http::AccessRecord record;
  record.received_at = *parse_instant("2026-01-02T03:04:05.250Z");
  record.request_id = "r1";
  record.method = "POST";
  record.route = "/FHIR/R4/$process-message";
  record.status = 202;
  record.took = std::chrono::microseconds(1234);
  record.bytes_in = 17;
  record.bytes_out = 3;
  record.exchange_id = "x1";
  logged.log().access(record);
  EXPECT_EQ(
      logged.text(),
      R"({"ts":"2026-01-02T03:04:05.250Z","level":"info","event":"http","node":"node \"1\"","request_id":"r1",)"
      R"("exchange_id":"x1","method":"POST","route":"/FHIR/R4/$process-message","status":202,"us":1234,)"
      R"("bytes_in":17,"bytes_out":3})"
      "\n");
}

TEST(Metrics, CountsRequestsHopsAndWhatIsUnaccounted) {
  Metrics metrics;
  metrics.request("POST", "/FHIR/R4/$process-message", 202, std::chrono::microseconds(900));
  metrics.request("POST", "/FHIR/R4/$process-message", 202, std::chrono::microseconds(900));
  metrics.hop("decode", std::chrono::microseconds(30), "");
  metrics.hop("validate", std::chrono::microseconds(30), "invalid");
  MetricsSnapshot now;
  now.accepted = 10;
  now.delivered = 4;
  now.pending = 3;
  now.dead = 1;
  now.ready = true;
  const std::string text = metrics.text(now);
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(concord_http_requests_total{method="POST",route="/FHIR/R4/$process-message",status="202"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_hop_duration_seconds_count{hop="decode"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_hop_duration_seconds_bucket{hop="decode",le="5e-05"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_hop_stops_total{code="invalid",hop="validate"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_messages{state="pending"} 3)"));
  EXPECT_THAT(text, HasSubstr("concord_messages_unaccounted 2"));
  EXPECT_THAT(text, HasSubstr("concord_ready 1"));
}

TEST(Metrics, DestinationsAndTheProcessStandInThePage) {
  Metrics metrics;
  metrics.delivery("spine", "retried", std::chrono::microseconds(900));
  metrics.escalation("spine", 2);
  metrics.reconciliation("different", 3);
  metrics.reconciliation("failed", std::nullopt);
  metrics.timer("reconciliation", std::chrono::milliseconds(1500));
  metrics.commit_group(5, std::chrono::microseconds(700));
  metrics.accepted(std::chrono::microseconds(700));
  MetricsSnapshot now;
  now.version = "1.2";
  DestinationSnapshot spine;
  spine.name = "spine";
  spine.pending = 7;
  spine.oldest_seconds = 12.5;
  spine.circuit_open = true;
  spine.overdue = 3;
  spine.paused = true;
  now.destinations.push_back(spine);
  now.process = process_figures();
  const std::string text = metrics.text(now);
  EXPECT_THAT(text, HasSubstr(R"(concord_build_info{version="1.2"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_queue_messages{destination="spine"} 7)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_queue_oldest_age_seconds{destination="spine"} 12.5)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_destination_circuit_open{destination="spine"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_acknowledgements_overdue{destination="spine"} 3)"));
  EXPECT_THAT(
      text,
      HasSubstr(R"(concord_delivery_attempts_total{destination="spine",outcome="retried"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(R"(concord_acknowledgement_escalations_total{destination="spine",step="2"} 1)"));
  EXPECT_THAT(text, HasSubstr("concord_reconciliation_difference 3\n"));
  EXPECT_THAT(text, HasSubstr(R"(concord_timer_lag_seconds{timer="reconciliation"} 1.5)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_commit_group_calls_bucket{le="8"} 1)"));
  EXPECT_THAT(text, HasSubstr("concord_accept_duration_seconds_count 1\n"));
  EXPECT_THAT(text, HasSubstr(R"(concord_destination_paused{destination="spine"} 1)"));
  EXPECT_THAT(text, Not(HasSubstr("concord_deliveries_in_flight")));
  EXPECT_THAT(text, Not(HasSubstr("concord_store_wal_size_bytes")));
}

TEST(Metrics, AStoreThatDoesNotAnswerHasNoFiguresInsteadOfZeros) {
  Metrics metrics;
  MetricsSnapshot now;
  now.store_answers = false;
  now.destinations.emplace_back().name = "spine";
  const std::string text = metrics.text(now);
  EXPECT_THAT(text, HasSubstr("concord_store_up 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("concord_messages_unaccounted")));
  EXPECT_THAT(text, Not(HasSubstr("concord_queue_messages")));
  EXPECT_THAT(text, HasSubstr("concord_destination_circuit_open"));
}

TEST(Metrics, AFamilyStopsGrowingAtAThousandSeries) {
  Metrics metrics;
  for (int i = 0; i < 1200; ++i) {
    metrics.delivery("d" + std::to_string(i), "retried", std::chrono::microseconds(1));
  }
  const std::string text = metrics.text({});
  EXPECT_THAT(text, HasSubstr(R"({destination="d999",outcome="retried"} 1)"));
  EXPECT_THAT(text, Not(HasSubstr("d1000")));
  EXPECT_THAT(text, HasSubstr(R"({destination="other",outcome="retried"} 200)"));
}

TEST(Metrics, EveryNameIsOfPrometheusConvention) {
  Metrics metrics;
  MetricsSnapshot now;
  metrics.request("GET", "/metrics", 200, std::chrono::microseconds(1));
  metrics.hop("decode", std::chrono::microseconds(1), "malformed");
  metrics.delivery("spine", "retried", std::chrono::microseconds(1));
  metrics.escalation("spine", 1);
  metrics.reconciliation("balanced", 0);
  metrics.timer("reconciliation", std::chrono::milliseconds(1));
  now.destinations.emplace_back().name = "spine";
  std::istringstream lines(metrics.text(now));
  std::map<std::string, std::string> kinds;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, type, name, kind;
    words >> hash >> type >> name >> kind;
    if (hash == "#" && type == "TYPE") kinds[name] = kind;
  }
  EXPECT_GE(kinds.size(), 30u);
  for (const auto& [name, kind] : kinds) {
    EXPECT_EQ(name.ends_with("_total"), kind == "counter") << name;
    EXPECT_TRUE(name.starts_with("concord_") || name.starts_with("process_")) << name;
    EXPECT_THAT(name, Not(testing::ContainsRegex("_(ms|us|ns|kb|kib|mb|minutes|count|sum)$")))
        << name;
  }
}

TEST(ProcessFigures, AreThoseOfThisProcess) {
  const ProcessFigures figures = process_figures();
  EXPECT_GT(figures.resident_bytes, 1 << 20);
  EXPECT_GE(figures.open_files, 3);
  EXPECT_GE(figures.max_files, figures.open_files);
  EXPECT_GE(figures.threads, 1);
  const auto now = static_cast<double>(::time(nullptr));
  EXPECT_GT(figures.started_at, now - 3600);
  EXPECT_LE(figures.started_at, now + 2);
}

TEST(Readiness, NeverGoesBack) {
  Readiness readiness;
  EXPECT_EQ(readiness.name(), "starting");
  readiness.ready();
  EXPECT_EQ(readiness.name(), "ready");
  readiness.stopping();
  readiness.ready();
  EXPECT_EQ(readiness.name(), "stopping");
}

}  // namespace
}  // namespace concord::ops
