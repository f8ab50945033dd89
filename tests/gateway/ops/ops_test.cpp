#include <gmock/gmock.h>
#include <unistd.h>

#include <array>

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
  EXPECT_THAT(text, HasSubstr(R"(concord_hop_seconds_count{hop="decode"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_hop_seconds_bucket{hop="decode",le="5e-05"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(concord_hop_stops_total{code="invalid",hop="validate"} 1)"));
  EXPECT_THAT(text, HasSubstr("concord_outbox_depth 3"));
  EXPECT_THAT(text, HasSubstr("concord_messages_unaccounted 2"));
  EXPECT_THAT(text, HasSubstr("concord_ready 1"));
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
